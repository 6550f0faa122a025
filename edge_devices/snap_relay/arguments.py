"""What both snap commands are told alike: the relay, and a file with a token. Reads no other argument."""

import argparse
import re
from pathlib import Path
from urllib.parse import urlsplit

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
"""A device or a group."""
PORT, PATH = 8000, "/snap"


def parser_of(command: str, description: str, examples: str) -> argparse.ArgumentParser:
    """Return a parser that knows the relay and the token."""
    parser = argparse.ArgumentParser(
        prog=f"python -m edge_devices.{command}",
        description=description,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("relay", metavar="RELAY", help="the relay: host, host:port (then /snap), or a ws:// URL")
    parser.add_argument("--token-file", metavar="FILE", help="file with your token (default: what JWT_FILE names)")
    return parser


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


def relay_in(parser: argparse.ArgumentParser, text: str) -> str:
    """Return the address of the relay; ends the program with code 2 and a text when it is none."""
    try:
        return relay_url(text)
    except ValueError as fault:
        parser.error(f"RELAY: {fault}")


def token_in(parser: argparse.ArgumentParser, file: str | None) -> str | None:
    """Return the token in a file, None without one; ends the program with code 2 and a text when it cannot be read."""
    try:
        return Path(file).read_text(encoding="ascii").strip() if file else None
    except (OSError, ValueError):
        parser.error(f"--token-file: expected a file with a token, got {file}")
