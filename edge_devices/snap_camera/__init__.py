"""A camera that takes a picture on command: `python -m edge_devices.snap_camera RELAY`.

snap_relay (texts, and is it for us?) -> camera (the order of things) -> capture (a camera in a process of its own, a
    folder, a pattern) -> snippet_link (PUT with digest) -> snap_relay
Other programs take `wait_for_snap` from here.
"""

from edge_devices.snap_camera.waiting import say_stop, wait_for_snap

__all__ = ["say_stop", "wait_for_snap"]
