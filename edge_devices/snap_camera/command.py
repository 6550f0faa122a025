"""`python -m edge_devices.snap_camera RELAY`: the parts of a camera, joined, until a signal ends it."""

import signal
import sys
import threading
from pathlib import Path

from edge_devices.capture.camera_source import CameraSource
from edge_devices.capture.sources import FolderSource, PatternSource, Source, take
from edge_devices.link_session import new_session
from edge_devices.snap_camera.camera import Camera, Identity
from edge_devices.snap_camera.options import CameraOptions, read_options
from edge_devices.snap_camera.snippet_link import SnippetLink
from edge_devices.snap_relay.relay_link import RelayLink


def source_of(text: str, warm_up: float) -> Source:
    """Return the source that `--source` names."""
    if text == "test:":
        return PatternSource()
    if text.startswith("images:"):
        return FolderSource(Path(text.removeprefix("images:")))
    return CameraSource(text, warm_up)


def main() -> None:
    """Serve as the arguments say, until a signal comes."""
    options, stop = read_options(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _camera(options).run(stop)


def _camera(options: CameraOptions) -> Camera:
    source = source_of(options.source, options.warm_up)
    return Camera(
        Identity(options.device_id, options.groups),
        connect=lambda: RelayLink(options.relay, options.token),
        take=lambda: take(source, options.folder),
        uploader=SnippetLink(options.api, new_session(options.token), as_form=options.as_form),
        note=_note,
    )


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
