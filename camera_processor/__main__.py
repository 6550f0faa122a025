"""The door: `python -m camera_processor`."""

from camera_processor.app import main

if __name__ == "__main__":
    main()
