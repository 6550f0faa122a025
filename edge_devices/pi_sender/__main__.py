"""The door."""

from edge_devices.pi_sender.command import main

if __name__ == "__main__":
    main()
