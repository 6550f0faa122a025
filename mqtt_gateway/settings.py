"""What the gateway can be told; the only reader of its environment."""

from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from backbone.redis_settings import RedisSettings
from backbone.url_ring import are_websocket_urls
from backbone.web.settings import WebSettings


class Settings(WebSettings, RedisSettings):
    """Hands work of small devices from MQTT to the job workers, brings results back, and tells events over MQTT.

    Run one gateway for a broker: it keeps one session there, and a second one of the same --broker-session ends it.
    """

    port: int = Field(8300, ge=0, le=65535, description="port of the page with the metrics; 0: any free one")
    broker_url: str = Field("mqtt://127.0.0.1:1883", description="mqtt://HOST:PORT, or mqtts:// for TLS")
    broker_user: str = Field("searchlight-gateway", description="the gateway's name at the broker")
    broker_password: SecretStr | None = Field(None, description="its password; none: it shows none")
    broker_session: str = Field("searchlight-gateway", description="client id, by which the broker keeps what comes")
    broker_authority: str = Field("", description="PEM file of who signed the broker's certificate; none: the system's")
    mqtt_version: str = Field("5", pattern=r"^(5|3\.1\.1)$", description="3.1.1 for a broker that speaks no 5")
    redis_url: SecretStr = Field(SecretStr("redis://127.0.0.1:6379"), description="where requests wait")
    most_running: int = Field(8, ge=1, le=1_000, description="requests of one client that are with the workers")
    most_waiting: int = Field(500, ge=1, le=10_000, description="requests of one client that wait for their turn")
    keep_answers: int = Field(3_600, ge=60, le=86_400, description="seconds for which a request is answered again")
    orchestrator_url: str = Field("", description="ws(s)://HOST:PORT/client, several with commas; none: no events")
    jwt: SecretStr | None = Field(None, description="token that is shown to the orchestrator (role client)")
    discovery_prefix: str = Field(
        "homeassistant", pattern=r"^[A-Za-z0-9_-]{1,64}$", description="topic under which Home Assistant looks"
    )

    @field_validator("broker_url")
    @classmethod
    def _known_broker(cls, url: str) -> str:
        place = urlsplit(url)
        try:
            known = place.scheme in {"mqtt", "mqtts"} and place.hostname and place.port != 0
        except ValueError:
            known = False
        if not known or place.username or place.path not in {"", "/"}:
            raise ValueError(
                "expected mqtt://HOST:PORT or mqtts://HOST:PORT; user and password have settings of their own"
            )
        return url

    @field_validator("orchestrator_url")
    @classmethod
    def _known_orchestrator(cls, urls: str) -> str:
        if urls and not are_websocket_urls(urls):
            raise ValueError("expected ws:// or wss:// addresses")
        return urls
