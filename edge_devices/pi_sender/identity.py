"""Who this Pi is: `secret.py` as legacy senders have it, or a settings file. Nothing in it is ever executed."""

import ast
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

PI_ID = re.compile(r"[0-9A-Fa-f]{16}")
PI_NUM = re.compile(r"[A-Za-z0-9_-]{1,32}")
MOST_BYTES = 16 * 1024


class NoIdentity(Exception):
    """There is no usable id; the text says what was expected and what came, never the id itself."""


@dataclass(frozen=True)
class Identity:
    """What every request tells: `pi_id` is a secret, `pi_num` names the station, `key` is a second secret if listed."""

    pi_id: str
    pi_num: str
    key: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request."""
        plain = {"pi_id": self.pi_id, "pi_num": self.pi_num}
        return plain if self.key is None else plain | {"pi_key": self.key}


def read_identity(file: Path, *, num: str | None, host_name: str) -> Identity:
    """Return who a file says that this Pi is.

    Args:
        file: a `secret.py` (`secret='<16 hex>'`) or a TOML file (`secret = "<16 hex>"`), both perhaps with `num`
            and `key`.
        num: of the station, where the command names it.
        host_name: its last digits are the station where nothing else names one: `pi07` is 7.

    Raises:
        NoIdentity: the file is missing, or tells no id.
    """
    told = _told(file)
    pi_id = told.get("secret", "")
    if not PI_ID.fullmatch(pi_id):
        raise NoIdentity(f"{file}: expected secret='<16 hexadecimal digits>', got {_shape(pi_id)}")
    station = num or told.get("num") or _digits_of(host_name) or "1"
    if not PI_NUM.fullmatch(station):
        raise NoIdentity(f"number: expected up to 32 letters or digits, got {station[:40]!r}")
    return Identity(pi_id, station, told.get("key"))


def _told(file: Path) -> dict[str, str]:
    try:
        with file.open("rb") as opened:
            text = opened.read(MOST_BYTES).decode("utf-8")
        return _in_toml(text) if file.suffix == ".toml" else _in_python(text)
    except OSError as fault:
        raise NoIdentity(f"{file}: expected a file with this Pi's id, got: {fault.strerror}") from None
    except (ValueError, SyntaxError, RecursionError, MemoryError) as fault:
        raise NoIdentity(f"{file}: expected secret='...', got something else: {type(fault).__name__}") from None


def _in_python(text: str) -> dict[str, str]:
    """Return the plain texts and numbers that are assigned; code is read, not run."""
    told = {}
    for line in ast.parse(text).body:
        if isinstance(line, ast.Assign) and len(line.targets) == 1 and isinstance(line.value, ast.Constant):
            target, value = line.targets[0], line.value.value
            if isinstance(target, ast.Name) and isinstance(value, str | int) and not isinstance(value, bool):
                told[target.id] = str(value)
    return told


def _in_toml(text: str) -> dict[str, str]:
    told = tomllib.loads(text)
    return {name: str(value) for name, value in told.items() if isinstance(value, str | int)}


def _shape(text: str) -> str:
    return f"{len(text)} characters" if text else "none"


def _digits_of(host_name: str) -> str:
    found = re.search(r"(\d{1,9})$", host_name.partition(".")[0])
    return str(int(found[1])) if found else ""
