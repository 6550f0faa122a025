"""What a cloudlet can be told; the only reader of its environment."""

from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import CliPositionalArg

from backbone.face_models.names import DEFAULT, DLIB, TOLERANCES
from backbone.redis_settings import RedisSettings
from backbone.web.legacy_networks import LegacyNetworks
from backbone.web.settings import WebSettings


class Settings(WebSettings, RedisSettings):
    """Compares phones' photos with the persons that two servers seek; several may run on one machine.

    A server is HOST (port 80), HOST:PORT, or http(s)://HOST:PORT.
    """

    server1: CliPositionalArg[str] = Field("", description="the first server")
    server2: CliPositionalArg[str] = Field("", description="the second server; none: there is only one")
    port: CliPositionalArg[int] = Field(8100, ge=1, le=65535, description="port to listen on")
    heartbeat_seconds: CliPositionalArg[float] = Field(5.0, gt=0, le=3600, description="time between two heartbeats")
    advertise: str = Field("", description="address that servers and phones reach this cloudlet at; none: found out")
    redis_url: SecretStr = Field(SecretStr("redis://127.0.0.1:6379"), description="where jobs and photos wait")
    spool: Path | None = Field(None, description="file of undelivered matches; none: var/cloudlet-<port>.sqlite3")
    spool_megabytes: int = Field(2_000, gt=0, description="most that the spool may hold")
    max_batches: int = Field(500, gt=0, description="batches of photos that may wait for their comparison")
    model_id: str = Field(DEFAULT, description="the workers' model: references of it need no encoding")
    tolerance: float | None = Field(
        None, gt=0, le=2, description="distance at which a face matches, where a job names none; none: the model's own"
    )
    jwt: SecretStr | None = Field(None, description="token that is shown to the servers, where they ask for one")
    legacy_networks: str = Field("", description="networks whose peers need no token, such as 192.168.7.0/24")

    @field_validator("server1", "server2")
    @classmethod
    def _known_place(cls, server: str) -> str:
        place = urlsplit(server if "://" in server else f"http://{server}")
        try:
            known = not server or (place.hostname and place.port != 0 and place.path in {"", "/"})
        except ValueError:
            known = False
        if not known or place.scheme not in {"http", "https"}:
            raise ValueError("expected HOST, HOST:PORT or http(s)://HOST:PORT")
        return server

    @field_validator("legacy_networks")
    @classmethod
    def _known_networks(cls, networks: str) -> str:
        LegacyNetworks.of(networks)
        return networks

    @model_validator(mode="after")
    def _has_a_server(self) -> Self:
        if not self.server1:
            raise ValueError("SERVER1: expected the first server, got none")
        return self

    def servers(self) -> tuple[str, ...]:
        """Return the servers' addresses, each once."""
        named = (server for server in (self.server1, self.server2) if server)
        return tuple(dict.fromkeys(server if "://" in server else f"http://{server}" for server in named))

    def usual_tolerance(self) -> float:
        """Return the distance at which a face matches, where a job names none."""
        return TOLERANCES.get(self.model_id, TOLERANCES[DLIB]) if self.tolerance is None else self.tolerance

    def spool_file(self, port: int) -> Path:
        """Return where the spool lies: each cloudlet of a machine has its own."""
        return self.spool if self.spool is not None else Path("var") / f"cloudlet-{port}.sqlite3"
