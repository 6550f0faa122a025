"""Which devices are plugged in, read from a folder such as /dev. Opens none of them."""

import stat
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

MAX_DEVICES = 64


class DeviceFolder:
    """The devices of the node.

    Args:
        folder: where the agent sees the node's /dev, such as /host/dev in a container.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def plugged_in(self, rules: Iterable[str]) -> dict[str, int]:
        """Return the devices that some rule such as /dev/video* names: path on the node -> its numeric group."""
        found: dict[str, int] = {}
        for rule in rules:
            for path in islice(sorted(self._folder.glob(rule.removeprefix("/dev/"))), MAX_DEVICES):
                group = _group_of(path)
                if group is not None and len(found) < MAX_DEVICES:
                    found[f"/dev/{path.relative_to(self._folder)}"] = group
        return found


def _group_of(path: Path) -> int | None:
    """Return a device's group, or None for what is no character device or has gone meanwhile."""
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_gid if stat.S_ISCHR(told.st_mode) else None
