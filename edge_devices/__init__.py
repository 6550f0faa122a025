"""What runs on a phone or a Raspberry Pi: small commands that need Python and `requests`, and nothing of the roles.

Each command is a room with a door, `python -m edge_devices.ROOM`:
    pi_sender     sends a folder to a receiver
    phone         sends photos to the cloudlet that a server names (photo_privacy: what they may tell)
    snap_camera   takes a picture on command (capture: from where; snap_relay: who says so; needs `websockets`)
    snap          has cameras take a picture (needs `websockets`)
    offload       has a program run on a stronger machine (needs paho-mqtt)

The files at the top serve several of them and know none.
"""
