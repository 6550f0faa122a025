"""What the job workers can be told; the only reader of their environment."""

import os
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from backbone.redis_settings import RedisSettings
from backbone.web.settings import WebSettings
from backbone.wire.jobs import ENCODE, FOOTAGE, MATCH
from backbone.wire.offload import OFFLOAD
from job_workers.domain.sandbox_policy import MIB, Policy

KNOWN_QUEUES = (ENCODE, MATCH, FOOTAGE, OFFLOAD)
DEFAULT_QUEUES = (ENCODE, MATCH, FOOTAGE)
# As `faces` has them, which is not there where foreign code is run.
EngineName = Literal["sface", "dlib", "face_recognition"]
DetectorName = Literal["yunet", "cnn", "hog", "auto"]


class Settings(WebSettings, RedisSettings):
    """Workers on one machine: encode references, match photos, look through footage; run foreign code in a sandbox."""

    port: int = Field(8200, ge=0, le=65535, description="port of health and metrics; 0 takes a free one")
    redis_url: SecretStr = Field(description="redis://... where the queues are")
    queues: str = Field(
        ",".join(DEFAULT_QUEUES), description=f"of {','.join(KNOWN_QUEUES)}: those to serve, the most urgent first"
    )
    processes: int = Field(os.cpu_count() or 1, ge=1, le=64, description="workers; each loads the models once")
    engine: EngineName | None = Field(
        None, description="face engine (default: sface); the others' models are used for who is known to them only"
    )
    detector: DetectorName | None = Field(
        None, description="face detector, one of the engine's; alone it stands for the engine that has it"
    )
    smallest_face: float | None = Field(
        None, ge=10, le=1000, description="width of the smallest face in a photo, pixels (default: the engine's own)"
    )
    longest_side: int = Field(4000, ge=200, le=10_000, description="photos are looked at no larger than this, pixels")
    footage_folder: Path = Field(Path("/footage"), description="where the queue footage may read; nowhere else")
    memory_limit: int = Field(1_500, ge=200, description="a worker that takes more is ended, MB")
    grace: float = Field(5.0, gt=0, description="seconds beyond its deadline after which a job's worker is ended")

    programs_folder: Path = Field(Path("/programs"), description="offload: executables that requests may name")
    cache_folder: Path = Field(Path("/cache"), description="offload: where built programs are kept; this role's own")
    cache_megabytes: int = Field(256, ge=1, description="offload: built programs take at most so much, MB")
    run_wall_seconds: float = Field(10.0, gt=0, le=25, description="offload: a build, and a run, may last so long")
    run_cpu_seconds: float = Field(8.0, gt=0, le=25, description="offload: a process may compute so long")
    run_memory_megabytes: int = Field(512, ge=16, description="offload: all processes of a run may take so much, MB")
    run_processes: int = Field(32, ge=1, le=1_000, description="offload: processes and threads of a run at once")
    run_open_files: int = Field(64, ge=16, le=4_096, description="offload: open files of a process")
    run_output_bytes: int = Field(262_144, ge=1_024, description="offload: of stdout, and of stderr; more ends the run")
    run_file_megabytes: int = Field(16, ge=1, description="offload: a file that a run writes may be so large, MB")
    run_scratch_megabytes: int = Field(64, ge=1, description="offload: a run's private folder holds so much, MB")

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

    @model_validator(mode="after")
    def _known_engine(self) -> Self:
        if set(self.queue_names) != {OFFLOAD}:
            from faces import chosen_engine  # noqa: PLC0415 - not installed where foreign code is run

            chosen_engine(self.engine, self.detector)
        return self

    @property
    def queue_names(self) -> tuple[str, ...]:
        """The queues, the most urgent first."""
        return tuple(name.strip() for name in self.queues.split(","))

    def policy(self) -> Policy:
        """Return what foreign code may take."""
        return Policy(
            wall_seconds=self.run_wall_seconds,
            cpu_seconds=self.run_cpu_seconds,
            memory_bytes=self.run_memory_megabytes * MIB,
            processes=self.run_processes,
            open_files=self.run_open_files,
            output_bytes=self.run_output_bytes,
            file_bytes=self.run_file_megabytes * MIB,
            scratch_bytes=self.run_scratch_megabytes * MIB,
        )
