"""What `python -m edge_devices.snap` is told by its arguments and the environment. Does nothing with it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge_devices.snap_relay.arguments import NAME, parser_of, relay_in, token_in

DESCRIPTION = """\
Have cameras take a picture, and tell what became of it: one line a device."""
EXAMPLES = """\
examples:
  python -m edge_devices.snap 192.168.7.1                            every camera
  python -m edge_devices.snap 192.168.7.1 --to roof --deadline 10    a group, or one device
  python -m edge_devices.snap ws://192.168.7.1:8080/ --legacy        only say the word snap, wait for nothing

exit codes: 0 every device that was meant uploaded its picture, 1 some did not, or there is none,
  2 the command was not understood, 3 the relay could not be reached"""


@dataclass(frozen=True)
class SnapOptions:
    """What is asked of whom; `deadline` in seconds."""

    relay: str
    to: str
    deadline: float
    token: str | None
    legacy: bool


def read_options(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> SnapOptions:
    """Return what the user asks; ends the program with code 2 and a text when it cannot be understood."""
    environment = os.environ if environment is None else environment
    parser = parser_of("snap", DESCRIPTION, EXAMPLES)
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
    token = token_in(parser, told.token_file or environment.get("JWT_FILE"))
    return SnapOptions(relay_in(parser, told.relay), told.to, told.deadline, token, told.legacy)
