"""The door."""

from edge_devices.offload.command import main

if __name__ == "__main__":
    main()
