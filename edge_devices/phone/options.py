"""What `python -m edge_devices.phone` is told by its arguments and the environment. Does nothing with it."""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_devices.phone.server_link import server_urls

DESCRIPTION = """\
Send photos to Searchlight: every face in them is compared with the people that are sought.

The server names the cloudlet (a machine near you) that takes the photos; when that one dies, the rest goes to another.
Nothing is sent twice unless its answer got lost, and then it is counted once."""
EXAMPLES = """\
examples:
  python -m edge_devices.phone 192.168.7.1 holiday/            all pictures in a folder, server on port 8000
  python -m edge_devices.phone https://a.example,https://b.example IMG_1.jpg IMG_2.jpg
                                                                a primary server and a secondary one
  SEARCHLIGHT_SERVER=192.168.7.1 python -m edge_devices.phone IMG_1.jpg
                                                                the first argument is a file, so the server is not it

what leaves this device:
  The picture, its orientation and the times at which it was taken. Position, camera, comments, previews and everything
  else in a photo's metadata stay here. --with-location sends the files as they are, and matches then show the place.

exit codes: 0 all photos were accepted, 1 some were not, 2 the command was not understood"""


@dataclass(frozen=True)
class PhoneOptions:
    """What to send, and where.

    Attributes:
        patience: seconds that photos may wait for a cloudlet.
    """

    servers: tuple[str, ...]
    photos: tuple[Path, ...]
    token: str | None
    with_location: bool
    patience: float


def read_options(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> PhoneOptions:
    """Return what the user asks; ends the program with code 2 and a text when it cannot be understood."""
    environment = os.environ if environment is None else environment
    parser = _parser()
    told = parser.parse_args(arguments)
    named: list[str] = told.named
    server = environment.get("SEARCHLIGHT_SERVER", "")
    if not (server and Path(named[0]).exists()):
        server, *named = named
    if not named:
        parser.error("expected at least one PHOTO behind SERVER (or SEARCHLIGHT_SERVER in the environment)")
    if not 0 <= told.wait <= 86_400:
        parser.error(f"--wait: expected 0 to 86400 seconds, got {told.wait}")
    try:
        servers = server_urls(server)
    except ValueError as fault:
        parser.error(f"SERVER: {fault}")
    token_file = told.token_file or environment.get("JWT_FILE")
    try:
        token = Path(token_file).read_text(encoding="ascii").strip() if token_file else None
    except (OSError, ValueError):
        parser.error(f"--token-file: expected a file with a token, got {token_file}")
    return PhoneOptions(tuple(servers), tuple(map(Path, named)), token, told.with_location, told.wait)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m edge_devices.phone",
        usage="%(prog)s [options] [SERVER] PHOTO...",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "named",
        nargs="+",
        metavar="SERVER PHOTO",
        help="the server: host, host:port or URL, several separated by commas; then photos or folders of photos",
    )
    parser.add_argument("--with-location", action="store_true", help="also tell where the photos were taken")
    parser.add_argument("--token-file", metavar="FILE", help="file with your token (default: what JWT_FILE names)")
    parser.add_argument(
        "--wait",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how long photos may wait for a cloudlet that takes them (default: %(default).0f)",
    )
    return parser
