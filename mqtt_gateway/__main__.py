"""The door: `python -m mqtt_gateway`."""

from mqtt_gateway.app import main

if __name__ == "__main__":
    main()
