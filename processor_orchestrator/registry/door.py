"""Who may use the registry: a token's role, or, for legacy peers that have none, the network that they call from.

Does not answer requests itself.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self

from backbone.auth import Principal
from backbone.errors import BadInput, NotAllowed, NotAuthenticated
from backbone.guard import LOOPBACK_NAMES, Access, Guard
from processor_orchestrator.registry.cloudlets import Caller

HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252})")
EPOCH = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


@dataclass(frozen=True, slots=True)
class LegacyDoor:
    """The rules for peers without a token.

    Attributes:
        networks: from where they are let in while authentication is on.
    """

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def of(cls, networks: str) -> Self:
        """Return the rules for networks such as `192.168.7.0/24, fd00::/8`.

        Raises:
            ValueError: one of them is no network.
        """
        return cls(tuple(ip_network(text.strip()) for text in networks.split(",") if text.strip()))

    def check_any(self, guard: Guard, token: str | None, address: str, accesses: Collection[Access]) -> None:
        """Refuse a caller that may do nothing of `accesses`.

        Raises:
            NotAuthenticated: no valid token, and not from a network for peers without.
            NotAllowed: a token with none of the roles.
        """
        refusal: NotAllowed | None = None
        for access in accesses:
            try:
                self.authenticate(guard, token, address, access)
            except NotAllowed as fault:
                refusal = fault
            else:
                return
        if refusal is not None:
            raise refusal

    def authenticate(self, guard: Guard, token: str | None, address: str, access: Access) -> Principal | None:
        """Return who the token speaks for; None for a peer that needs none.

        Raises:
            NotAuthenticated: no valid token, and not from a network for peers without.
            NotAllowed: a valid one without the role.
        """
        try:
            return guard.authenticate(token, access)
        except NotAuthenticated:
            if token is None and self.lets_in(address):
                return None
            raise

    def lets_in(self, address: str) -> bool:
        """Return whether a peer at this address needs no token."""
        try:
            known = _plain(address)
        except ValueError:
            return False
        return any(known in network for network in self.networks if network.version == known.version)

    def caller(self, *, ip: str | None, port: str | None, epoch: str | None, address: str, vouched: bool) -> Caller:
        """Return the cloudlet that a request names.

        Args:
            address: the caller's own.
            vouched: whether it showed a token; without one it can only speak for its own address, so that nobody can
                make us send pictures elsewhere.

        Raises:
            BadInput: a field is missing or malformed.
            NotAllowed: it names another address without a token.
        """
        ip, port = (ip or "").strip(), (port or "").strip()
        if not (port.isascii() and port.isdigit() and len(port) <= 5 and 1 <= int(port) <= 65_535):
            raise BadInput(f"cloudPort: expected a port, got {port[:40]!r}")
        if epoch is not None and not EPOCH.fullmatch(epoch):
            raise BadInput(f"epoch: expected up to 64 letters, digits or _.:-, got {epoch[:80]!r}")
        return Caller(_host(ip, address, vouched=vouched), int(port), epoch)


def plain_address(address: str) -> str:
    """Return an address in the form in which addresses are compared; what is none stays as it is."""
    try:
        return str(_plain(address))
    except ValueError:
        return address


def _host(ip: str, address: str, *, vouched: bool) -> str:
    own = plain_address(address)
    try:
        told = str(_plain(ip))
    except ValueError:
        if not HOST_NAME.fullmatch(ip):
            raise BadInput(f"cloudIP: expected an address, got {ip[:80]!r}") from None
        if vouched:
            return ip
        told = own if ip == "localhost" and own in LOOPBACK_NAMES else ip
    if not vouched and told != own:
        raise NotAllowed(f"cloudIP: expected the caller's own address {own} from a peer without token, got another")
    return told


def _plain(address: str) -> IPv4Address | IPv6Address:
    """Return an address; one that is IPv4 in IPv6's clothes becomes IPv4."""
    known = ip_address(address.partition("%")[0])
    mapped = known.ipv4_mapped if isinstance(known, IPv6Address) else None
    return mapped or known
