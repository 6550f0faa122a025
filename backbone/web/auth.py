"""Checks a peer's token. Does not issue any, and does not know what a role may do."""

from collections.abc import Iterable
from dataclasses import dataclass

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from backbone.errors import NotAllowed, NotAuthenticated

# Only signatures with a public key: `none` and shared secrets are never accepted (RFC 8725 sections 2.1 and 3.1).
ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "EdDSA")
_LEEWAY_SECONDS = 10


def check_public_key(pem: str) -> None:
    """Refuse at the start what no token could be checked with.

    Raises:
        ValueError: it is no public key in PEM.
    """
    try:
        load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("PUBLIC_KEY: expected a public key in PEM (RSA, EC or Ed25519), got something else") from None


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a token speaks for; `expires_at` in seconds since the epoch."""

    subject: str
    roles: frozenset[str]
    expires_at: float


class TokenVerifier:
    """Verifies JSON Web Tokens (RFC 7519) against one public key and one audience.

    Args:
        public_key: PEM of an RSA, EC or Ed25519 key.
        audience: the `aud` that a token must name.
    """

    def __init__(self, public_key: str, audience: str) -> None:
        self._key = public_key
        self._audience = audience

    def verify(self, token: str, *, role: str) -> Principal:
        """Return who the token speaks for.

        Raises:
            NotAuthenticated: the token is not valid; the text does not say why.
            NotAllowed: it is valid and lacks `role`.
        """
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=list(ALGORITHMS),
                audience=self._audience,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "sub", "aud"]},
            )
        except (jwt.PyJWTError, ValueError):
            raise NotAuthenticated("expected a valid token, got none that is") from None
        roles = frozenset(_roles(claims, self._audience))
        if role not in roles:
            raise NotAllowed(f"expected a token with the role {role!r}, got one without")
        return Principal(subject=str(claims["sub"]), roles=roles, expires_at=float(claims["exp"]))


def _roles(claims: dict[str, object], audience: str) -> Iterable[str]:
    """Yield the roles from `roles` and from the places where Keycloak puts them."""
    resources = claims.get("resource_access")
    realm = claims.get("realm_access")
    for holder in (claims, realm, resources.get(audience) if isinstance(resources, dict) else None):
        listed = holder.get("roles") if isinstance(holder, dict) else None
        if isinstance(listed, list):
            yield from (role for role in listed if isinstance(role, str))
