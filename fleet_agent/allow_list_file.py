"""Reads the allow-list from its TOML file. Decides nothing."""

import tomllib
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import msgspec

from backbone.errors import BadInput
from fleet_agent.domain.allow_list import AllowList
from fleet_agent.domain.kind import Kind

MAX_BYTES = 256 * 1024
_KEYS = frozenset(field.name for field in fields(Kind))


def read_allow_list(path: Path, *, node: str) -> AllowList:
    """Return the list in a file with one table `[kinds.NAME]` for each kind.

    Raises:
        BadInput: the file cannot be read, or something in it is not what it must be.
    """
    try:
        raw = path.read_bytes()
        if len(raw) > MAX_BYTES:
            raise BadInput(f"expected an allow-list of at most {MAX_BYTES} bytes, got {len(raw)}")
        tables = tomllib.loads(raw.decode())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise BadInput(f"expected a readable TOML file, got: {fault}") from None
    kinds = tables.pop("kinds", None)
    if tables or not isinstance(kinds, dict):
        raise BadInput(f"expected tables [kinds.NAME] and nothing else, got {', '.join(tables) or 'none'}")
    return AllowList(node, {name: _kind(name, table, path.parent) for name, table in kinds.items()})


def _kind(name: str, table: Any, folder: Path) -> Kind:  # noqa: ANN401 - any TOML value may stand there
    unknown = table.keys() - _KEYS if isinstance(table, dict) else set()
    if unknown:
        raise BadInput(f"[kinds.{name}]: expected keys among {', '.join(sorted(_KEYS))}, got {sorted(unknown)[0]!r}")
    try:
        kind = msgspec.convert(table, Kind)
        return replace(kind, seccomp_profile=_profile(kind.seccomp_profile, folder)) if kind.seccomp_profile else kind
    except (msgspec.ValidationError, BadInput) as fault:
        raise BadInput(f"[kinds.{name}]: {fault}") from None


def _profile(name: str, folder: Path) -> str:
    """Return the text of a profile that lies beside the list.

    Raises:
        BadInput: it is not there, or allows what it does not name.
    """
    if Path(name).name != name:
        raise BadInput(f"seccomp_profile: expected the name of a file beside the list, got {name[:100]!r}")
    try:
        profile = msgspec.json.decode((folder / name).read_bytes()[:MAX_BYTES])
    except (OSError, msgspec.MsgspecError) as fault:
        raise BadInput(f"seccomp_profile: expected a readable JSON file, got: {fault}") from None
    if not isinstance(profile, dict) or profile.get("defaultAction") != "SCMP_ACT_ERRNO":
        raise BadInput("seccomp_profile: expected one that refuses by default (SCMP_ACT_ERRNO), got another")
    return msgspec.json.encode(profile).decode()
