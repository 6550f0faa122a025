"""The door."""

from edge_devices.snap_camera.command import main

if __name__ == "__main__":
    main()
