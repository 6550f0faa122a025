"""Lets peers without a token in by the network that they call from; legacy ones have none. Answers no requests."""

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self

from backbone.errors import NotAllowed, NotAuthenticated
from backbone.web.auth import Principal
from backbone.web.guard import Access, Guard


@dataclass(frozen=True, slots=True)
class LegacyNetworks:
    """From where peers without a token are let in while authentication is on."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the networks of a text such as `192.168.7.0/24, fd00::/8`.

        Raises:
            ValueError: one of them is no network.
        """
        return cls(tuple(ip_network(part.strip()) for part in text.split(",") if part.strip()))

    def authenticate(
        self, guard: Guard, token: str | None, address: str, any_of: Collection[Access]
    ) -> Principal | None:
        """Return who the token speaks for; None for a peer that needs none.

        Args:
            any_of: one of these rights is enough.

        Raises:
            NotAuthenticated: no valid token, and not from a network for peers without.
            NotAllowed: a valid one without any of the rights.
        """
        if token is None and self.holds(address):
            return None
        refusal: NotAllowed | NotAuthenticated = NotAuthenticated("expected a valid token, got none that is")
        for access in any_of:
            try:
                return guard.authenticate(token, access)
            except (NotAllowed, NotAuthenticated) as fault:
                refusal = fault
        raise refusal

    def holds(self, address: str) -> bool:
        """Return whether a peer at this address needs no token."""
        try:
            known = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = known.ipv4_mapped if isinstance(known, IPv6Address) else None
        return any(
            (mapped or known) in network for network in self.networks if network.version == (mapped or known).version
        )
