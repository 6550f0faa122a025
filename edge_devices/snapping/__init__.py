"""Cameras that take a picture on command, and the command.

`python -m edge_devices.snap_camera`: relay_link (texts) -> words (is it for us?) -> camera (the order of things)
    -> capture (a camera in a process of its own, a folder, a pattern) -> snippet_link (PUT with digest) -> relay_link
`python -m edge_devices.snap`: relay_link -> asking (who answered what) -> one line a device
"""
