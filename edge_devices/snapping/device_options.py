"""What the snap commands are told by their arguments and the environment. Does nothing with it."""

import argparse
import os
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
PORT, PATH = 8000, "/snap"

CAMERA_DESCRIPTION = """\
Take a picture whenever somebody says snap, and put it to the server.

Connects to the relay for ever, warms the camera up for each picture, keeps it as opencv_frame_0.png, uploads it to
/snippets/DEVICE_ID/ with its digest, and tells the relay: taken, uploaded or failed."""
CAMERA_EXAMPLES = """\
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

SNAP_DESCRIPTION = """\
Have cameras take a picture, and tell what became of it: one line a device."""
SNAP_EXAMPLES = """\
examples:
  python -m edge_devices.snap 192.168.7.1                            every camera
  python -m edge_devices.snap 192.168.7.1 --to roof --deadline 10    a group, or one device
  python -m edge_devices.snap ws://192.168.7.1:8080/ --legacy        only say the word snap, wait for nothing

exit codes: 0 every device that was meant uploaded its picture, 1 some did not, or there is none,
  2 the command was not understood, 3 the relay could not be reached"""


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


@dataclass(frozen=True)
class SnapOptions:
    """What is asked of whom; `deadline` in seconds."""

    relay: str
    to: str
    deadline: float
    token: str | None
    legacy: bool


def read_camera_options(
    arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None
) -> CameraOptions:
    """Return what the user asks; ends the program with code 2 and a text when it cannot be understood."""
    environment = os.environ if environment is None else environment
    parser = _parser("snap_camera", CAMERA_DESCRIPTION, CAMERA_EXAMPLES)
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
    relay = _relay(parser, told.relay)
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
        token=_token(parser, told.token_file or environment.get("JWT_FILE")),
        as_form=told.as_form,
    )


def read_snap_options(
    arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None
) -> SnapOptions:
    """Return what the user asks; ends the program with code 2 and a text when it cannot be understood."""
    environment = os.environ if environment is None else environment
    parser = _parser("snap", SNAP_DESCRIPTION, SNAP_EXAMPLES)
    parser.add_argument("--to", default="all", help="a device, a group, or all (default: %(default)s)")
    parser.add_argument(
        "--deadline", type=float, default=10.0, metavar="SECONDS", help="to wait for answers (default: %(default)g)"
    )
    parser.add_argument("--legacy", action="store_true", help="say the plain word snap; nobody answers it")
    told = parser.parse_args(arguments)
    if not NAME.fullmatch(told.to):
        parser.error(f"--to: expected a name of 1 to 64 letters, digits, _ . -, got {told.to[:80]!r}")
    if not 0.5 <= told.deadline <= 120:
        parser.error(f"--deadline: expected 0.5 to 120 seconds, got {told.deadline:g}")
    token = _token(parser, told.token_file or environment.get("JWT_FILE"))
    return SnapOptions(_relay(parser, told.relay), told.to, told.deadline, token, told.legacy)


def relay_url(text: str) -> str:
    """Return the address of a relay that is written as host, host:port or URL.

    Raises:
        ValueError: it is none.
    """
    url = text if "://" in text else f"ws://{text if _has_port(text) else f'{text}:{PORT}'}{PATH}"
    place = urlsplit(url)
    if place.scheme not in {"ws", "wss"} or not place.hostname or not 0 < (place.port or 80) < 65_536:
        raise ValueError(f"expected host, host:port or ws(s)://host:port/path, got {text[:80]!r}")
    return url


def _has_port(text: str) -> bool:
    return re.search(r"(^[^:]+|\]):\d{1,5}$", text) is not None


def _relay(parser: argparse.ArgumentParser, text: str) -> str:
    try:
        return relay_url(text)
    except ValueError as fault:
        parser.error(f"RELAY: {fault}")


def _token(parser: argparse.ArgumentParser, file: str | None) -> str | None:
    try:
        return Path(file).read_text(encoding="ascii").strip() if file else None
    except (OSError, ValueError):
        parser.error(f"--token-file: expected a file with a token, got {file}")


def _host_name() -> str:
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", socket.gethostname()).lstrip("-._")[:64]
    return name or "camera"


def _parser(command: str, description: str, examples: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m edge_devices.{command}",
        description=description,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("relay", metavar="RELAY", help="the relay: host, host:port (then /snap), or a ws:// URL")
    parser.add_argument("--token-file", metavar="FILE", help="file with your token (default: what JWT_FILE names)")
    return parser
