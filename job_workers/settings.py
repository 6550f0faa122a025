"""What the job workers can be told; the only reader of their environment."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from backbone.web_settings import WebSettings
from backbone.wire.jobs import ENCODE, FOOTAGE, MATCH

KNOWN_QUEUES = (ENCODE, MATCH, FOOTAGE)


class Settings(WebSettings):
    """Workers on one machine: encode references, match photos against whoever is sought, look through footage."""

    port: int = Field(8200, ge=0, le=65535, description="port of the health door; 0 takes a free one")
    redis_url: SecretStr = Field(description="redis://... where the queues are")
    queues: str = Field(",".join(KNOWN_QUEUES), description="queues to serve, the most urgent first, comma separated")
    processes: int = Field(os.cpu_count() or 1, ge=1, le=64, description="workers; each loads the models once")
    detector: Literal["cnn", "hog", "auto"] = Field("cnn", description="how faces are found")
    smallest_face: float = Field(60, ge=20, le=1000, description="width of the smallest face in a photo, pixels")
    longest_side: int = Field(2000, ge=200, le=10_000, description="photos are looked at no larger than this, pixels")
    footage_folder: Path = Field(Path("/footage"), description="where the queue footage may read; nowhere else")
    memory_limit: int = Field(1_500, ge=200, description="a worker that takes more is ended, MB")
    grace: float = Field(5.0, gt=0, description="seconds beyond its deadline after which a job's worker is ended")

    @field_validator("redis_url")
    @classmethod
    def _known_scheme(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("expected redis://, rediss:// or unix://, got another scheme")
        return url

    @field_validator("queues")
    @classmethod
    def _known_queues(cls, queues: str) -> str:
        for name in queues.split(","):
            if name.strip() not in KNOWN_QUEUES:
                raise ValueError(f"expected some of {', '.join(KNOWN_QUEUES)}, got {name.strip()!r}")
        return queues

    @property
    def queue_names(self) -> tuple[str, ...]:
        """The queues, the most urgent first."""
        return tuple(name.strip() for name in self.queues.split(","))
