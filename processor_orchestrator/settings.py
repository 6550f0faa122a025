"""What the orchestrator can be told; the only reader of its environment."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from backbone.redis_settings import RedisSettings
from backbone.web.legacy_networks import LegacyNetworks
from backbone.web.settings import WebSettings

WEBPAGE = Path(__file__).resolve().parent.parent / "webpage"


class Settings(WebSettings, RedisSettings):
    """The control plane: cameras, operators, sought objects, sightings, live pictures and the console page."""

    port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    redis_url: SecretStr = Field(
        SecretStr("memory://"), description="redis://..., or memory:// for one process that forgets at its end"
    )
    tracking_timeout: float = Field(86_400.0, gt=0, description="seconds after which an object is no longer sought")
    faces_per_day: float = Field(
        10_000.0,
        ge=1,
        le=1e9,
        description="persons that all cameras, phones and footage together show in a day, about; budgets of false "
        "candidates become distances by it",
    )
    cloudlet_heartbeat: float = Field(
        5.0, gt=0, description="seconds between two heartbeats of a cloudlet; after three missed it gets no phones"
    )
    legacy_networks: str = Field(
        "",
        description="networks whose cloudlets, phones and snap cameras need no token, comma separated, "
        "such as 192.168.7.0/24",
    )
    snap_port: int = Field(
        0, ge=0, le=65535, description="port where legacy snap cameras find the relay at /, such as 8080; 0: none"
    )
    snippet_days: float = Field(7.0, gt=0, le=365, description="days that pictures of snap cameras are kept")
    jwt: SecretStr | None = Field(None, description="token that is shown to cloudlets")
    webpage: Path = Field(WEBPAGE, description="folder of the console page")
    max_processors: int = Field(2_000, gt=0, description="processors that may be connected")
    max_clients: int = Field(1_000, gt=0, description="clients that may be connected")

    @property
    def key_prefix(self) -> str:
        """What every key of this installation begins with."""
        return f"{self.redis_prefix}:"

    @field_validator("legacy_networks")
    @classmethod
    def _known_networks(cls, networks: str) -> str:
        LegacyNetworks.of(networks)
        return networks

    @field_validator("redis_url")
    @classmethod
    def _known_scheme(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith(("memory://", "redis://", "rediss://", "unix://")):
            raise ValueError("expected redis://, rediss://, unix:// or memory://, got another scheme")
        return url
