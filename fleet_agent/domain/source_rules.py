"""Which sources a container may be given, read from one line of text each. Opens nothing and resolves no name.

rtsp://camera-7                 one host, at the scheme's own port
rtsp://*.cameras.example:8554   every host one label below a name, at another port
rtsp://10.0.0.0/24:*            every address of a network, at any port
http://*                        every host
file:/footage/*.mp4             files; a * stays within its folder
test:                           a scheme without a place
"""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from backbone.errors import BadInput

MAX_TEXT = 2_000
MAX_PATH = 500
MAX_RULE = 200
MAX_SHOWN = 200
DEFAULT_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
PATH_SCHEMES = ("file", "images")
ANY = "*"

EXPECTED_RULE = "expected SCHEME://HOST[:PORT], SCHEME://NETWORK/BITS[:PORT], file:/PATH, images:/PATH or test:"
_HOST_RULE = re.compile(r"([a-z]+)://(\[[0-9a-f:.]+\]|[a-z0-9_.*-]+)(/[0-9]{1,3})?(?::([0-9]{1,5}|\*))?")
_PATH_RULE = re.compile(r"(file|images):((?:/[A-Za-z0-9_*?.-]+)+)")
_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
_QUERY = re.compile(r"[A-Za-z0-9=&.]*")
_UNSAFE = re.compile(r"[^\x21-\x7e]|\\")


@dataclass(frozen=True, slots=True)
class HostRule:
    """Network cameras: a scheme, hosts and a port; `port` is None for any."""

    text: str
    scheme: str
    hosts: str | IPv4Network | IPv6Network
    port: int | None

    def allows(self, source: str) -> bool:
        """Return whether the rule names this source."""
        parts = _network_parts(source)
        if parts is None or parts.scheme != self.scheme or not parts.hostname:
            return False
        port = DEFAULT_PORTS[self.scheme] if parts.port is None else parts.port
        return self.port in (None, port) and self._names(parts.hostname)

    def _names(self, host: str) -> bool:
        if isinstance(self.hosts, str):
            return self.hosts == ANY or _labels_match(host, self.hosts)
        try:
            # Only the canonical form: 0x7f.1 and 010.0.0.1 mean different things to different readers.
            return str(ip_address(host)) == host and ip_address(host) in self.hosts
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class PathRule:
    """Files or folders as the container sees them."""

    text: str
    scheme: str
    pattern: str

    def allows(self, source: str) -> bool:
        """Return whether the rule names this source."""
        scheme, _, rest = source.partition(":")
        path, _, query = rest.partition("?")
        return scheme == self.scheme and bool(_QUERY.fullmatch(query)) and path_matches(path, self.pattern)


@dataclass(frozen=True, slots=True)
class PatternRule:
    """The moving test pattern."""

    text: str = "test:"

    def allows(self, source: str) -> bool:
        """Return whether the rule names this source."""
        scheme, colon, query = source.partition(":")
        return (scheme, colon) == ("test", ":") and bool(_QUERY.fullmatch(query.removeprefix("?")))


SourceRule = HostRule | PathRule | PatternRule


def read_rule(text: str) -> SourceRule:
    """Read one rule of an allow-list.

    Raises:
        BadInput: it is none of the forms above.
    """
    if len(text) > MAX_RULE:
        raise BadInput(f"sources: expected a rule of at most {MAX_RULE} characters, got {len(text)}")
    if text == "test:":
        return PatternRule()
    if (path := _PATH_RULE.fullmatch(text)) and ".." not in text:
        return PathRule(text, path[1], path[2])
    parts = _HOST_RULE.fullmatch(text)
    if parts is None or parts[1] not in DEFAULT_PORTS:
        raise BadInput(f"sources: {EXPECTED_RULE}, got {text!r}")
    return HostRule(text, parts[1], _hosts(text, parts[2], parts[3]), _port(text, parts[1], parts[4]))


def check_source(text: str) -> None:
    """Refuse what could not be any rule's source, without showing what may be a password.

    Raises:
        BadInput: it is too long, holds blanks or a login.
    """
    if len(text) > MAX_TEXT or _UNSAFE.search(text):
        raise BadInput(
            f"source: expected at most {MAX_TEXT} characters of plain ASCII without blanks, got another text"
        )
    if "@" in text:
        raise BadInput(
            "source: expected no login in it, got one; put the whole source into a file on the node and name that "
            "file under named_sources"
        )


def shown_source(text: str) -> str:
    """Return a source that was checked as it may be shown: without its query."""
    return text.partition("?")[0][:MAX_SHOWN]


def path_matches(path: str, pattern: str) -> bool:
    """Return whether a plain absolute path fits a pattern whose * and ? stay within their folder."""
    segments, patterns = path.split("/"), pattern.split("/")
    if len(path) > MAX_PATH or len(segments) != len(patterns) or segments[0] != "":
        return False
    plain = all(_SEGMENT.fullmatch(segment) for segment in segments[1:])
    return plain and all(map(fnmatchcase, segments, patterns))


def _network_parts(source: str) -> SplitResult | None:
    try:
        parts = urlsplit(source)
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        return None
    # An empty port, as in rtsp://camera:/1, is read in different ways by different readers.
    return None if parts.netloc.endswith(":") or "#" in source else parts


def _labels_match(host: str, pattern: str) -> bool:
    labels, patterns = host.split("."), pattern.split(".")
    return "" not in labels and len(labels) == len(patterns) and all(map(fnmatchcase, labels, patterns))


def _hosts(text: str, host: str, bits: str | None) -> str | IPv4Network | IPv6Network:
    bare = host.strip("[]")
    if bits is not None or host.startswith("["):
        try:
            return ip_network(bare + (bits or ""))
        except ValueError as fault:
            raise BadInput(f"sources: {EXPECTED_RULE}, got {text!r}: {fault}") from None
    if host != ANY and (host.endswith((".*", ".")) or host.startswith(".") or host.replace("*", "1").isdigit()):
        raise BadInput(f"sources: expected a network such as 10.0.0.0/24, or *.NAME, got {text!r}")
    return host


def _port(text: str, scheme: str, port: str | None) -> int | None:
    if port == ANY:
        return None
    number = DEFAULT_PORTS[scheme] if port is None else int(port)
    if not 1 <= number <= 65_535:
        raise BadInput(f"sources: expected a port from 1 to 65535, got {text!r}")
    return number
