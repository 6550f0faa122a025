"""The door."""

from edge_devices.phone.command import main

if __name__ == "__main__":
    main()
