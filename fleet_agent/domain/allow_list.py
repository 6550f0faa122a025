"""What may run on this node: the one way from a command to a container. Reads no file, starts nothing.

A command names a kind, a name and a place (a device, a source); everything else is the list's.
"""

import re
from collections.abc import Mapping

from backbone.errors import BadInput, NotAllowed
from backbone.wire.fleet_values import NAME_PATTERN, KindView
from backbone.wire.to_fleet_agent import StartContainer
from fleet_agent.domain.container_spec import ContainerSpec
from fleet_agent.domain.kind import MOST_ENTRIES, Kind, expect, fill
from fleet_agent.domain.source_rules import check_source, shown_source

NAMED = "named:"
SOURCE_FILE = "/run/secrets/source"
MEGABYTE = 1024 * 1024


class AllowList:
    """The kinds that a node offers.

    Args:
        node: the node's name.
        kinds: by name.
    """

    def __init__(self, node: str, kinds: Mapping[str, Kind]) -> None:
        expect(0 < len(kinds) <= MOST_ENTRIES, f"expected 1 to {MOST_ENTRIES} kinds", str(len(kinds)))
        for name in kinds:
            expect(re.search(NAME_PATTERN, name) is not None, "kinds: expected a plain name", name)
        self._node = node
        self.kinds = dict(kinds)

    def device_rules(self) -> list[str]:
        """Return the device rules of all kinds."""
        return sorted({rule for kind in self.kinds.values() for rule in kind.devices})

    def offer(self, devices: Mapping[str, int]) -> list[KindView]:
        """Return what can be started while these devices (path -> group) are plugged in."""
        return [
            KindView(
                kind=name,
                devices=[path for path in sorted(devices) if kind.allows_device(path)],
                sources=[*kind.sources, *(NAMED + source for source in kind.named_sources)],
            )
            for name, kind in self.kinds.items()
        ]

    def spec(self, asked: StartContainer, devices: Mapping[str, int]) -> ContainerSpec:
        """Return the container that a command asks for.

        Args:
            asked: the command.
            devices: what is plugged in, path -> numeric group that may open it.

        Raises:
            BadInput: the command is not what it must be.
            NotAllowed: the list does not name what is asked for.
        """
        expect(re.search(NAME_PATTERN, asked.name) is not None, "name: expected a plain name", asked.name)
        kind = self.kinds.get(asked.kind)
        if kind is None:
            raise _not_listed("kind", f"one of {', '.join(self.kinds)}", asked.kind)
        if (asked.device is not None) + (asked.source is not None) != kind.needs_place:
            wanted = "either a device or a source" if kind.needs_place else "neither a device nor a source"
            raise BadInput(f"expected {wanted} for the kind {asked.kind!r}, got something else")
        self._check_device(kind, asked.device, devices)
        file = self._checked_source(kind, asked.source)
        return self._filled(kind, asked, file=file, group=devices.get(asked.device or "", 0))

    def _check_device(self, kind: Kind, device: str | None, devices: Mapping[str, int]) -> None:
        if device is None:
            return
        if not kind.allows_device(device):
            raise _not_listed("device", f"one of {', '.join(kind.devices) or 'none'}", device)
        if device not in devices:
            raise BadInput(f"device: expected one that is plugged in, got {device[:100]}", code="no_device")

    def _checked_source(self, kind: Kind, source: str | None) -> str | None:
        """Return the file of a named source, None for any other that is allowed."""
        if source is None:
            return None
        check_source(source)
        if source.startswith(NAMED):
            file = kind.named_sources.get(source.removeprefix(NAMED))
            if file is None:
                raise _not_listed("source", f"one of {', '.join(kind.named_sources) or 'none'}", source)
            return file
        if not kind.allows_source(source):
            raise _not_listed("source", f"one of {', '.join(kind.sources) or 'none'}", shown_source(source))
        return None

    def _filled(self, kind: Kind, asked: StartContainer, *, file: str | None, group: int) -> ContainerSpec:
        values = {"name": asked.name, "node": self._node, "source": asked.device or asked.source or ""}
        environment = {name: fill(text, values) for name, text in kind.environment.items()}
        if file is not None:
            hidden = [name for name, text in kind.environment.items() if text == "{source}"]
            environment = {name: text for name, text in environment.items() if name not in hidden}
            environment |= {f"{name}_FILE": SOURCE_FILE for name in hidden}
        return ContainerSpec(
            name=asked.name,
            kind=asked.kind,
            image=kind.image,
            command=tuple(fill(text, values) for text in kind.command),
            environment=environment,
            mounts={**kind.mounts, **({SOURCE_FILE: file} if file is not None else {})},
            network=kind.network,
            user=kind.user,
            memory_bytes=kind.memory_mb * MEGABYTE,
            tmpfs_bytes=kind.tmpfs_mb * MEGABYTE,
            pids=kind.pids,
            cpus=kind.cpus,
            restarts=kind.restarts,
            device=asked.device,
            device_group=group or None,
            source=shown_source(asked.source) if asked.source is not None else None,
            seccomp_profile=kind.seccomp_profile,
        )


def _not_listed(what: str, expected: str, came: str) -> NotAllowed:
    return NotAllowed(f"{what}: expected {expected}, got {came[:100]!r}", code="not_listed")
