"""What the sender is told by its arguments and the environment; the legacy texts for what is missing. Sends nothing."""

import argparse
import os
import re
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from edge_devices.pi_sender.delivery import Patience
from edge_devices.pi_sender.identity import Identity, NoIdentity, read_identity
from edge_devices.pi_sender.receipts import NoReceipt, read_pinned_key
from edge_devices.pi_sender.receiver import ANSWER_SECONDS

PORT = 3500
NOT_UNDERSTOOD = 2
SECRET = "secret.py"  # noqa: S105 - a file's name
SETTINGS = Path(".config", "searchlight", "pi_sender.toml")

DESCRIPTION = """\
Send every file of a folder to a receiver; what was received moves to sent_files/ beside the folder.

A file moves only after the receiver answered 200 for its checksum, or gave a receipt for it. Whatever goes wrong, it
stays where it is and is sent by the next run. Sub-folders are sent as well: 2024/a.csv arrives as 2024__a.csv.
Large files go on where they were cut off."""
EXAMPLES = """\
examples:
  python -m edge_devices.pi_sender 192.168.7.1 logs/                  once, to http://192.168.7.1:3500
  python -m edge_devices.pi_sender 192.168.7.1 logs/ --watch          go on sending what comes
  python -m edge_devices.pi_sender https://host logs/ --receipt-key receiver.pem
                                                                      believe signed receipts only
who this Pi is: the first of --secret FILE, secret.py in this folder, ~/.config/searchlight/pi_sender.toml, with
    secret='0123456789abcdef'          16 hexadecimal digits; read, never run
    num='7'                            optional: the station; else the last digits of the host name, else 1
    key='...'                          optional: where the receiver's ids.txt lists one
  (in the .toml: secret = "0123456789abcdef" and so on)

texts: PI id not found; Missing arguments; DIR not a valid directory; http://SERVER:3500 could not be reached;
  Authentication failed; FILE could not be sent

exit codes: 0 everything was sent, 1 some files could not be sent, 2 arguments or id missing or wrong,
  3 the receiver could not be reached, 4 it does not know this Pi"""


@dataclass(frozen=True)
class SenderOptions:
    """What to send, and where.

    Attributes:
        watch: seconds between two looks at the folder; None: one run.
    """

    base: str
    folder: Path
    identity: Identity
    watch: float | None
    patience: Patience
    key: bytes | None
    ca_file: str | None
    answer_seconds: float = ANSWER_SECONDS


def read_options(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> SenderOptions:
    """Return what the user asks; ends the program with code 2 and the legacy text when something is missing."""
    environment = os.environ if environment is None else environment
    parser = _parser()
    told = parser.parse_args(arguments)
    try:
        identity = _identity(told.secret, told.num, environment.get("HOME"))
    except NoIdentity as fault:
        _end("PI id not found", str(fault))
    if len(told.named) < 2:
        _end("Missing arguments", f"expected SERVER and DIR, got {len(told.named)} argument(s)")
    if len(told.named) > 2:
        parser.error(f"expected SERVER and DIR, got {len(told.named)} arguments")
    server, folder = told.named
    if not Path(folder).is_dir():
        _end(f"{folder} not a valid directory", "expected a folder with the files to send")
    if told.watch is not None and not 1 <= told.watch <= 86_400:
        parser.error(f"--watch: expected 1 to 86400 seconds, got {told.watch:g}")
    if not (1 <= told.tries <= 100 and 0 <= told.resumable_from <= 1_000_000):
        parser.error("--tries: expected 1 to 100; --resumable-from: 0 to 1000000")
    if not 1 <= told.answer_seconds <= 3_600:
        parser.error(f"--answer-seconds: expected 1 to 3600, got {told.answer_seconds:g}")
    return SenderOptions(
        base=_base(parser, server),
        folder=Path(folder),
        identity=identity,
        watch=told.watch,
        patience=Patience(told.tries, int(told.resumable_from * 1024 * 1024)),
        key=_key(parser, told.receipt_key),
        ca_file=told.ca_file,
        answer_seconds=told.answer_seconds,
    )


def base_url(server: str) -> str:
    """Return the address of a receiver that is written as host, host:port or URL.

    Raises:
        ValueError: it is none.
    """
    known = re.fullmatch(r"(?:(https?)://)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9._-]*)(?::(\d{1,5}))?/?", server)
    if known is None or not 0 < int(known[3] or 1) < 65_536:
        raise ValueError(f"expected host, host:port or http(s)://host:port, got {server[:80]!r}")
    return f"{known[1] or 'http'}://{known[2]}:{known[3] or PORT}"


def _identity(secret: Path | None, num: str | None, home: str | None) -> Identity:
    at_home = Path(home) / SETTINGS if home else None
    found = [file for file in (Path(SECRET), at_home) if file is not None and file.exists()]
    file = secret or (found[0] if found else Path(SECRET))
    return read_identity(file, num=num, host_name=socket.gethostname())


def _base(parser: argparse.ArgumentParser, server: str) -> str:
    try:
        return base_url(server)
    except ValueError as fault:
        parser.error(f"SERVER: {fault}")


def _key(parser: argparse.ArgumentParser, file: str | None) -> bytes | None:
    try:
        return None if file is None else read_pinned_key(Path(file))
    except (OSError, ValueError, NoReceipt) as fault:
        parser.error(f"--receipt-key: {file}: {fault}")


def _end(text: str, why: str) -> NoReturn:
    print(text, flush=True)
    print(f"  {why}; see python -m edge_devices.pi_sender --help", file=sys.stderr)
    raise SystemExit(NOT_UNDERSTOOD)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m edge_devices.pi_sender",
        usage="%(prog)s [options] SERVER DIR",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("named", nargs="*", metavar="SERVER DIR", help="the receiver, and the folder to send")
    parser.add_argument("--secret", type=Path, metavar="FILE", help="file with this Pi's id, see below")
    parser.add_argument("--num", help="number of this Pi's station")
    parser.add_argument(
        "--watch",
        type=float,
        nargs="?",
        const=10.0,
        metavar="SECONDS",
        help="go on: look for new files every so many seconds (10 when none are named)",
    )
    parser.add_argument("--tries", type=int, default=5, help="of each file in one run (default: %(default)s)")
    parser.add_argument(
        "--resumable-from",
        type=float,
        default=8,
        metavar="MB",
        help="size from which files are sent so that they can go on where they were cut off (default: %(default)g MiB)",
    )
    parser.add_argument(
        "--answer-seconds",
        type=float,
        default=ANSWER_SECONDS,
        metavar="SECONDS",
        help="how long to wait for an answer before a file is tried again (default: %(default)g)",
    )
    parser.add_argument("--receipt-key", metavar="FILE", help="the receiver's key, PEM, from its GET /receipt-key")
    parser.add_argument("--ca-file", metavar="FILE", help="certificates to trust with https://")
    return parser
