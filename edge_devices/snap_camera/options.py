"""What `python -m edge_devices.snap_camera` is told by its arguments and the environment. Does nothing with it."""

import os
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from edge_devices.snap_relay.arguments import NAME, parser_of, relay_in, token_in

DESCRIPTION = """\
Take a picture whenever somebody says snap, and put it to the server.

Connects to the relay for ever, warms the camera up for each picture, keeps it as opencv_frame_0.png, uploads it to
/snippets/DEVICE_ID/ with its digest, and tells the relay: taken, uploaded or failed."""
EXAMPLES = """\
examples:
  python -m edge_devices.snap_camera 192.168.7.1                     camera 0, relay at ws://192.168.7.1:8000/snap
  python -m edge_devices.snap_camera ws://192.168.7.1:8080/ --source 1 --warm-up 2
                                                                     a legacy relay, or ours at its legacy port
  python -m edge_devices.snap_camera wss://host/snap --device-id roof-2 --groups roof,north --token-file roof-2.jwt
  python -m edge_devices.snap_camera localhost --source test:        without a camera

sources: a camera's index, /dev/videoN, rtsp:// or http:// (these need OpenCV: in the sources,
  pip install '.[snap-camera]'), images:DIR (the pictures of a folder, one after another), test: (a drawn pattern)

other programs: from edge_devices.snap_camera import wait_for_snap; wait_for_snap("ws://host:8080/") returns True
exit codes: 0 stopped by a signal, 2 the command was not understood"""


@dataclass(frozen=True)
class CameraOptions:
    """What a camera is told; `warm_up` in seconds."""

    relay: str
    api: str
    device_id: str
    groups: tuple[str, ...]
    source: str
    warm_up: float
    folder: Path
    token: str | None
    as_form: bool


def read_options(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> CameraOptions:
    """Return what the user asks; ends the program with code 2 and a text when it cannot be understood."""
    environment = os.environ if environment is None else environment
    parser = parser_of("snap_camera", DESCRIPTION, EXAMPLES)
    parser.add_argument("--device-id", default=_host_name(), help="name of this camera (default: %(default)s)")
    parser.add_argument("--groups", default="", help="groups that it is in, separated by commas")
    parser.add_argument("--source", default="0", help="where pictures come from, see below (default: %(default)s)")
    parser.add_argument(
        "--warm-up", type=float, default=2.0, metavar="SECONDS", help="before a picture counts (default: %(default)g)"
    )
    parser.add_argument(
        "--folder", type=Path, default=Path(), help="where opencv_frame_0.png is kept (default: this folder)"
    )
    parser.add_argument("--api", metavar="URL", help="server of /snippets/ (default: the relay's)")
    parser.add_argument("--as-form", action="store_true", help="upload a multipart form, as legacy captures do")
    told = parser.parse_args(arguments)
    relay = relay_in(parser, told.relay)
    groups = tuple(filter(None, (group.strip() for group in told.groups.split(","))))
    for name in (told.device_id, *groups):
        if not NAME.fullmatch(name) or name == "all":
            parser.error(f"expected a name of 1 to 64 letters, digits, _ . -, and not all, got {name[:80]!r}")
    if not 0 <= told.warm_up <= 60:
        parser.error(f"--warm-up: expected 0 to 60 seconds, got {told.warm_up:g}")
    if not told.folder.is_dir():
        parser.error(f"--folder: expected a folder, got {told.folder}")
    place = urlsplit(relay)
    api = told.api or f"{'https' if place.scheme == 'wss' else 'http'}://{place.netloc}"
    if urlsplit(api).scheme not in {"http", "https"}:
        parser.error(f"--api: expected http:// or https://, got {api[:80]!r}")
    return CameraOptions(
        relay=relay,
        api=api,
        device_id=told.device_id,
        groups=groups,
        source=told.source,
        warm_up=told.warm_up,
        folder=told.folder,
        token=token_in(parser, told.token_file or environment.get("JWT_FILE")),
        as_form=told.as_form,
    )


def _host_name() -> str:
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", socket.gethostname()).lstrip("-._")[:64]
    return name or "camera"
