"""What a fleet agent can be told; the only reader of its environment."""

import re
from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from backbone.url_ring import are_websocket_urls
from backbone.web.settings import WebSettings
from backbone.wire.fleet_values import NODE_PATTERN


class Settings(WebSettings):
    """One node: starts, stops and lists containers from its own allow-list on the orchestrator's command.

    The only role that holds the socket of the container engine; it serves health and metrics only.
    """

    port: int = Field(9400, ge=0, le=65535, description="port of health and metrics; 0 takes a free one")
    node_id: str = Field(description="name of this machine; letters, digits, dots, - and _")
    orchestrator_url: str = Field(description="ws(s)://HOST:PORT/fleet, several separated by commas")
    jwt: SecretStr | None = Field(None, description="token that the orchestrator asks for, when it does")
    allow_list: Path = Field(description="TOML file with what may run here; see stack/fleet_allow_list.toml")
    engine_url: str = Field("unix:///var/run/docker.sock", description="the container engine's socket")
    devices_dir: Path = Field(Path("/dev"), description="where the node's /dev is seen, in a container /host/dev")

    @field_validator("node_id")
    @classmethod
    def _plain_name(cls, node_id: str) -> str:
        if re.search(NODE_PATTERN, node_id) is None:
            raise ValueError("expected 1 to 63 letters, digits, dots, - and _, the first a letter or digit")
        return node_id

    @field_validator("orchestrator_url")
    @classmethod
    def _websocket_url(cls, url: str) -> str:
        if not are_websocket_urls(url):
            raise ValueError("expected ws://HOST:PORT/fleet or wss://..., got another scheme")
        return url

    @field_validator("engine_url")
    @classmethod
    def _local_socket(cls, url: str) -> str:
        if not url.startswith("unix:///"):
            raise ValueError("expected unix:///PATH: an engine that is reached over a network is everybody's")
        return url
