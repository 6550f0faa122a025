"""Settings of every role with an HTTP server, and the guard that follows from them."""

import ssl
from typing import Self

from pydantic import Field, SecretStr, model_validator

from backbone.settings import RoleSettings
from backbone.web.auth import TokenVerifier, check_public_key
from backbone.web.guard import LOOPBACK_NAMES, Access, Guard


class WebSettings(RoleSettings):
    """Who may come in, and how the server is sealed."""

    public_key: SecretStr | None = Field(None, description="PEM key that tokens are checked with; none: no tokens")
    audience: str = Field("searchlight", description="audience that a token must name")
    client_role: str = Field("client", description="role that a client's token must carry")
    orchestrator_role: str = Field("orchestrator", description="role that an orchestrator's token must carry")
    processor_role: str = Field("processor", description="role that a processor's token must carry")
    fleet_role: str = Field("fleet", description="role that a fleet agent's token must carry")
    cloudlet_role: str = Field("cloudlet", description="role that a cloudlet's token must carry")
    phone_role: str = Field("phone", description="role that a phone's token must carry")
    snap_role: str = Field("snap", description="role that a snap camera's token must carry")
    allowed_origins: str = Field("", description="other origins whose pages may call this server, comma separated")
    ssl_cert: str | None = Field(None, description="file with the certificate chain, PEM")
    ssl_key: str | None = Field(None, description="file with the certificate's key, PEM")

    @model_validator(mode="after")
    def _checked(self) -> Self:
        if self.public_key is None and self.host not in LOOPBACK_NAMES:
            raise ValueError(
                f"expected a PUBLIC_KEY (authentication on) to listen on {self.host}, got none; "
                "without one only 127.0.0.1, localhost and ::1 are allowed"
            )
        if self.public_key is not None:
            check_public_key(self.public_key.get_secret_value())
        if (self.ssl_cert is None) != (self.ssl_key is None):
            raise ValueError("expected both SSL_CERT and SSL_KEY or neither, got one")
        return self

    def guard(self) -> Guard:
        """Return who may do what at the server."""
        key = self.public_key.get_secret_value() if self.public_key is not None else None
        origins = (origin.strip() for origin in self.allowed_origins.split(","))
        return Guard(
            verifier=TokenVerifier(key, self.audience) if key is not None else None,
            roles={
                Access.CLIENT: self.client_role,
                Access.ORCHESTRATOR: self.orchestrator_role,
                Access.PROCESSOR: self.processor_role,
                Access.FLEET: self.fleet_role,
                Access.CLOUDLET: self.cloudlet_role,
                Access.PHONE: self.phone_role,
                Access.SNAP: self.snap_role,
            },
            allowed_origins=frozenset(origin for origin in origins if origin),
        )

    def tls(self) -> ssl.SSLContext | None:
        """Return the server's TLS context, or None for plain HTTP."""
        if self.ssl_cert is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.ssl_cert, self.ssl_key)
        return context
