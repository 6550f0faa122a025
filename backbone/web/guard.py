"""Decides who may call a role's HTTP server. Does not answer requests itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import urlsplit

from backbone.errors import NotAllowed, NotAuthenticated
from backbone.web.auth import Principal, TokenVerifier

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
SESSION_COOKIE = "searchlight_session"


class Access(Enum):
    """What a route asks of its caller; a handler that names none asks for `CLIENT`."""

    OPEN = "open"
    CLIENT = "client"
    ORCHESTRATOR = "orchestrator"
    PROCESSOR = "processor"
    FLEET = "fleet"
    CLOUDLET = "cloudlet"
    PHONE = "phone"
    SNAP = "snap"


@dataclass(frozen=True, slots=True)
class Guard:
    """Who may do what at a server.

    Attributes:
        verifier: None means that authentication is off: then only callers by a loopback name are let in, so that no
            foreign page can reach the server through a name that it controls (DNS rebinding).
        roles: the role that a token must carry for each access.
        allowed_origins: pages of other origins that may call this server, such as `https://console.example`.
    """

    verifier: TokenVerifier | None = None
    roles: Mapping[Access, str] = field(default_factory=dict)
    allowed_origins: frozenset[str] = frozenset()

    def authenticate(self, token: str | None, access: Access) -> Principal | None:
        """Return who the token speaks for, or None where nobody has to say who they are.

        Raises:
            NotAuthenticated: no valid token.
            NotAllowed: a valid one without the role that `access` asks for.
        """
        if self.verifier is None or access is Access.OPEN:
            return None
        if not token:
            raise NotAuthenticated("expected a valid token, got none that is")
        return self.verifier.verify(token, role=self.roles[access])

    def check_host(self, host: str) -> None:
        """Refuse a foreign `Host` header while authentication is off.

        Raises:
            NotAllowed: the name is not one of this machine's own.
        """
        if self.verifier is None and _name_in(host) not in LOOPBACK_NAMES:
            raise NotAllowed("expected this machine's own name while authentication is off, got another Host")

    def allows_origin(self, origin: str | None, host: str) -> bool:
        """Return whether a page of `origin` may call this server; None is a caller that is no page."""
        if origin is None:
            return True
        return origin in self.allowed_origins or (host != "" and _place_in(origin) == host.lower())


def _name_in(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:  # half an IPv6 address
        return None


def _place_in(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


def token_of(authorization: str | None, cookie: str | None) -> str | None:
    """Return the token from an `Authorization: Bearer` header, else from the session cookie."""
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        return token.strip() if scheme.lower() == "bearer" else None
    return cookie
