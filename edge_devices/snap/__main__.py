"""The door."""

from edge_devices.snap.command import main

if __name__ == "__main__":
    main()
