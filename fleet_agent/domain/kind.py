"""One kind of container that a node offers, checked when it is made. Reads no file, starts nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from backbone.errors import BadInput
from backbone.wire.fleet_values import NAME_PATTERN
from fleet_agent.domain.source_rules import SourceRule, path_matches, read_rule

PLACEHOLDERS = ("name", "node", "source")
MOST_ENTRIES = 16

_IMAGE = re.compile(r"[a-z0-9][a-z0-9._:/-]*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})")
_NETWORK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_DEVICE_RULE = re.compile(r"/dev(?:/[A-Za-z0-9*?][A-Za-z0-9_*?:.-]*)+")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_PATH = re.compile(r"(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)+")
_SHARED_NETWORKS = ("host", "bridge", "default")
# Whoever holds the engine's socket holds the machine; these folders hold it, or the kernel's own knobs.
_NEVER_MOUNTED = ("/var/run", "/run", "/var/lib/docker", "/proc", "/sys", "/dev", "/boot")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of container that this node offers; the fields are the keys of its table in the list.

    Attributes:
        image: with a tag or a digest, as the node's engine has it; it is never pulled.
        command: what follows the image's entry point; {name}, {node} and {source} are filled in.
        environment: likewise filled in; an entry that is just {source} becomes NAME_FILE for a named source.
        network: an engine's network of one's own, or none.
        devices: rules such as /dev/video*.
        sources: rules such as rtsp://10.0.0.0/24, see `source_rules`.
        named_sources: name -> file on the node that holds a whole source, with its login; asked for as named:NAME.
        mounts: path in the container -> path on the node; always read-only.
        user: numeric user, never 0.
        cpus: how many cores one container may use.
        restarts: how often the engine starts it again after a failure.
        seccomp_profile: for what makes sandboxes of its own: in the file, the name of a profile that lies beside it;
            here, that profile. The kernel's folders in /proc are then not masked. Empty: the engine's own profile.
    """

    image: str
    network: str
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    devices: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    named_sources: Mapping[str, str] = field(default_factory=dict)
    mounts: Mapping[str, str] = field(default_factory=dict)
    user: int = 10001
    memory_mb: int = 512
    tmpfs_mb: int = 64
    pids: int = 128
    cpus: float = 1.0
    restarts: int = 5
    seccomp_profile: str = ""

    def __post_init__(self) -> None:
        expect(_IMAGE.fullmatch(self.image) is not None, "image: expected NAME:TAG or NAME@sha256:DIGEST", self.image)
        own = _NETWORK.fullmatch(self.network) is not None and self.network not in _SHARED_NETWORKS
        expect(own, "network: expected the name of a network of one's own, or none", self.network)
        _expect_number("user", self.user, 1, 2**31)
        _expect_number("memory_mb", self.memory_mb, 16, 2**20)
        _expect_number("tmpfs_mb", self.tmpfs_mb, 1, 2**14)
        _expect_number("pids", self.pids, 1, 32_768)
        _expect_number("cpus", self.cpus, 0.05, 1_024)
        _expect_number("restarts", self.restarts, 0, 100)
        self._check_texts()
        self._check_places()

    def _check_texts(self) -> None:
        for name in self.environment:
            expect(_VARIABLE.fullmatch(name) is not None, "environment: expected NAMES_LIKE_THIS", name)
        for text in (*self.command, *self.environment.values()):
            for found in _PLACEHOLDER.findall(text):
                expect(found in PLACEHOLDERS, f"expected one of {{{'}, {'.join(PLACEHOLDERS)}}}", text)
        if self.named_sources:
            whole = (text for text in self.environment.values() if text != "{source}")
            hidden = not any("{source}" in text for text in (*self.command, *whole))
            expect(hidden, "named_sources: expected {source} as a whole environment entry only", "it elsewhere")

    def _check_places(self) -> None:
        for rules in (self.devices, self.sources, self.named_sources, self.mounts):
            expect(len(rules) <= MOST_ENTRIES, f"expected at most {MOST_ENTRIES} entries", str(len(rules)))
        for rule in self.devices:
            expect(_DEVICE_RULE.fullmatch(rule) is not None, "devices: expected rules such as /dev/video*", rule)
        for rule in self.sources:
            read_rule(rule)
        for name in self.named_sources:
            expect(re.search(NAME_PATTERN, name) is not None, "named_sources: expected a plain name", name)
        for path in (*self.mounts, *self.mounts.values(), *self.named_sources.values()):
            expect(_PATH.fullmatch(path) is not None, "mounts: expected a plain absolute path", path)
        for path in (*self.mounts.values(), *self.named_sources.values()):
            expect(not _is_shielded(path), "mounts: expected a path without the engine's socket or the kernel's", path)

    @property
    def rules(self) -> list[SourceRule]:
        """The sources' rules, read."""
        return [read_rule(text) for text in self.sources]

    @property
    def needs_place(self) -> bool:
        """Whether a container of this kind is started on a device or a source."""
        return bool(self.devices or self.sources or self.named_sources)

    def allows_device(self, path: str) -> bool:
        """Return whether a rule names this device."""
        return any(path_matches(path, rule) for rule in self.devices)

    def allows_source(self, source: str) -> bool:
        """Return whether a rule names this source, which `check_source` has let pass."""
        return any(rule.allows(source) for rule in self.rules)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its placeholders filled in once: what is filled in is not looked at again."""
    return _PLACEHOLDER.sub(lambda found: values[found[1]], text)


def _is_shielded(path: str) -> bool:
    """Return whether a path is, or lies beneath, or holds, one that no container may see."""
    inside = (f"{path}/".startswith(f"{shielded}/") for shielded in _NEVER_MOUNTED)
    holds = (f"{shielded}/".startswith(f"{path}/") for shielded in _NEVER_MOUNTED)
    return any(inside) or any(holds)


def expect(holds: bool, expected: str, came: str) -> None:
    """Raise BadInput with what was expected and what came, unless it holds."""
    if not holds:
        raise BadInput(f"{expected}, got {came[:100]!r}")


def _expect_number(name: str, value: float, low: float, high: float) -> None:
    expect(low <= value <= high, f"{name}: expected a number from {low:g} to {high:g}", str(value))
