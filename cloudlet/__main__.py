"""The door: `python -m cloudlet SERVER1 SERVER2 PORT HEARTBEAT_SECONDS`."""

from cloudlet.app import main

if __name__ == "__main__":
    main()
