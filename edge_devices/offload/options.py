"""What `python -m edge_devices.offload` is told by its arguments and the environment. Does nothing with it."""

import argparse
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

DESCRIPTION = """\
Run a program on a stronger machine: hand over sources, or the name of a program that is installed there, and get its
output here.

The request goes to an MQTT broker, from there to Searchlight's gateway, and to a worker that builds and runs it in a
sandbox without network. It is asked again when the answer stays away, and is still run only once."""
EXAMPLES = """\
examples:
  python -m edge_devices.offload mqtt://192.168.7.1 --user pi-7 --password-file pw --code sum.c --args "1 2 3"
                                                    builds sum.c with gcc and prints what it prints
  python -m edge_devices.offload --code main.c --code more.c --code more.h --build "gcc main.c more.c -lm -o <name>"
                                                    several files; <name> stands for the program (broker: see below)
  python -m edge_devices.offload --program wordcount --stdin book.txt
                                                    a program that is installed on the worker, with a file as its input

environment:
  SEARCHLIGHT_BROKER, MQTT_USER, MQTT_PASSWORD_FILE   instead of BROKER, --user, --password-file

exit codes:
  that of the program (128 and the number of the signal that ended it); 124 it took too long; 125 it did not compile or
  was refused, or took too much memory or output; 69 no answer came; 2 the command was not understood"""
BUILDS = {".c": "gcc {file} -O2 -lm -o <name>", ".cc": "g++ {file} -O2 -o <name>", ".cpp": "g++ {file} -O2 -o <name>"}
MOST_BYTES = 1_000_000
"""Of a whole request; the broker takes no more."""


@dataclass(frozen=True)
class OffloadOptions:
    """What to ask, and where.

    Attributes:
        request: the request without its id, as JSON values.
        authority: PEM file of who signed the broker's certificate; None: the system's.
        wait: seconds that the answer may take.
    """

    broker: SplitResult
    user: str
    password: str | None
    request: Mapping[str, Any]
    authority: str | None
    wait: float


def read_options(
    arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None
) -> OffloadOptions:
    """Return what the user asks; ends the program with code 2 and a text when it cannot be understood."""
    environment = os.environ if environment is None else environment
    parser = _parser()
    told = parser.parse_args(arguments)
    broker = _broker(parser, told.broker or environment.get("SEARCHLIGHT_BROKER", ""))
    user = told.user or environment.get("MQTT_USER", "")
    if not user or set(user) & set("/+#"):
        parser.error("--user (or MQTT_USER): expected your name at the broker, which your answers are addressed to")
    if not 1 <= told.wait <= 86_400:
        parser.error(f"--wait: expected 1 to 86400 seconds, got {told.wait:g}")
    password = _password(parser, told.password_file or environment.get("MQTT_PASSWORD_FILE"))
    return OffloadOptions(broker, user, password, _request(parser, told), told.authority, told.wait)


def _broker(parser: argparse.ArgumentParser, url: str) -> SplitResult:
    place = urlsplit(url if "://" in url else f"mqtt://{url}")
    try:
        known = place.scheme in {"mqtt", "mqtts"} and bool(place.hostname) and place.port != 0
    except ValueError:
        known = False
    if not known:
        parser.error(f"BROKER (or SEARCHLIGHT_BROKER): expected HOST, HOST:PORT, mqtt:// or mqtts://, got {url!r}")
    return place


def _password(parser: argparse.ArgumentParser, file: str | None) -> str | None:
    try:
        return Path(file).read_text(encoding="utf-8").strip() if file else None
    except (OSError, ValueError):
        parser.error(f"--password-file: expected a file with a password, got {file}")


def _request(parser: argparse.ArgumentParser, told: argparse.Namespace) -> Mapping[str, Any]:
    if bool(told.code) is (told.program is not None):
        parser.error("expected either --code FILE or --program NAME")
    request: dict[str, Any] = {"args": _words(parser, told.args), "stdin": _input(parser, told.stdin)}
    if told.program is not None:
        request["program"] = told.program
    else:
        request["files"] = {Path(file).name: _text(parser, file) for file in told.code}
        if len(request["files"]) < len(told.code):
            parser.error("--code: expected files of different names, got two of the same")
        first = Path(told.code[0])
        build = told.build if told.build is not None else BUILDS.get(first.suffix, "").format(file=first.name)
        if build:
            request["build"] = build
    size = sum(len(text.encode()) for text in [request["stdin"], *request.get("files", {}).values()])
    if size > MOST_BYTES:
        parser.error(f"expected at most {MOST_BYTES} bytes of code and input, got {size}")
    limits = {"wallSeconds": told.seconds, "memoryMb": told.memory}
    if any(value is not None for value in limits.values()):
        request["limits"] = {name: value for name, value in limits.items() if value is not None}
    return request


def _words(parser: argparse.ArgumentParser, line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as fault:
        parser.error(f"--args: expected words as a shell takes them, got {line!r}: {fault}")


def _input(parser: argparse.ArgumentParser, name: str | None) -> str:
    if name == "-":
        return sys.stdin.read(MOST_BYTES + 1)
    return _text(parser, name) if name else ""


def _text(parser: argparse.ArgumentParser, file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError) as fault:
        parser.error(f"{file}: expected a readable text file, got: {fault}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m edge_devices.offload",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("broker", nargs="?", metavar="BROKER", help="HOST, HOST:PORT, mqtt://HOST:PORT, or mqtts:// for TLS")
    add("--user", help="your name at the broker")
    add("--password-file", metavar="FILE", help="file with your password there")
    add(
        "--code", action="append", default=[], metavar="FILE", help="a source or header; repeatable, the main one first"
    )
    add("--build", metavar="LINE", help="how to build it, without a shell; default for .c gcc, for .cc and .cpp g++")
    add("--program", metavar="NAME", help="a program that is installed on the worker, instead of --code")
    add("--args", default="", metavar="LINE", help="arguments of the program, split as a shell would")
    add("--stdin", metavar="FILE", help="the program's input; - is this command's own")
    add("--seconds", type=float, metavar="S", help="let it run no longer than this (the worker may allow less)")
    add("--memory", type=int, metavar="MB", help="give it no more memory than this (the worker may allow less)")
    add("--authority", metavar="FILE", help="PEM file of who signed the broker's certificate")
    add(
        "--wait", type=float, default=120.0, metavar="S", help="seconds to wait for the answer (default: %(default).0f)"
    )
    return parser
