"""The door: `python -m edge_devices.snap_camera RELAY`; other programs take `wait_for_snap` from here."""

import signal
import sys
import threading
import time
from pathlib import Path

from edge_devices.backoff import Backoff
from edge_devices.link_session import new_session
from edge_devices.snapping import words
from edge_devices.snapping.camera import Camera, Identity
from edge_devices.snapping.capture_process import CameraSource
from edge_devices.snapping.device_options import CameraOptions, read_camera_options
from edge_devices.snapping.relay_link import RelayAway, RelayLink
from edge_devices.snapping.snippet_link import SnippetLink
from edge_devices.snapping.sources import FolderSource, PatternSource, Source, take

LISTEN_SECONDS = 1.0


def wait_for_snap(url: str, token: str | None = None) -> bool:
    """Say that a camera is ready, wait until somebody says `snap`, and return True.

    A lost relay is tried again for ever, so this returns only when there was a snap for everybody.
    """
    backoff = Backoff()
    while True:
        try:
            with RelayLink(url, token) as link:
                link.send(words.READY)
                while True:
                    text = link.receive(LISTEN_SECONDS)
                    if text is None:
                        backoff.reset()
                    elif words.order_in(text, words.ALL, ()) is not None:
                        return True
        except RelayAway:
            time.sleep(backoff.next_wait())


def say_stop(url: str, token: str | None = None) -> None:
    """Say by a short connection that a scan is complete.

    Raises:
        RelayAway: nobody heard it.
    """
    with RelayLink(url, token) as link:
        link.send(words.STOP)


def source_of(text: str, warm_up: float) -> Source:
    """Return the source that `--source` names."""
    if text == "test:":
        return PatternSource()
    if text.startswith("images:"):
        return FolderSource(Path(text.removeprefix("images:")))
    return CameraSource(text, warm_up)


def main() -> None:
    """Serve as the arguments say, until a signal comes."""
    options, stop = read_camera_options(), threading.Event()
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


if __name__ == "__main__":
    main()
