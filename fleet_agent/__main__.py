"""The door: `python -m fleet_agent`."""

from fleet_agent.app import main

if __name__ == "__main__":
    main()
