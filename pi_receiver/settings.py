"""What a receiver can be told; the only reader of its environment."""

from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import CliSuppress

from backbone.web.settings import WebSettings
from pi_receiver.storage.faults import parse_faults

MEGABYTE = 1024 * 1024


class Settings(WebSettings):
    """Receives files of Pis so that what was acknowledged is on the disk, whole and verified.

    `python -m pi_receiver verify DIR` hashes everything that was received again and names each damaged file;
    `python -m pi_receiver.verify_receipt` checks a receipt.
    """

    port: int = Field(3500, ge=0, le=65535, description="port to listen on; 0: any free one")
    ids: Path = Field(Path("ids.txt"), description="file with one Pi a line: id, or id,station or id,station,key")
    received_files: Path = Field(Path("received_files"), description="folder that files go to; it must exist")
    suffixes: str = Field("txt,json,csv", description="suffixes that are taken; add jpg,png,mp4 for pictures and video")
    max_file_megabytes: int = Field(8192, gt=0, description="longest file, MiB")
    reserve_megabytes: int = Field(512, ge=0, description="room on the disk that is never used, MiB")
    max_uploads: int = Field(64, gt=0, description="uploads at once")
    max_uploads_of_one: int = Field(8, gt=0, description="uploads at once of one Pi")
    max_channels: int = Field(1000, gt=0, description="open channels at once")
    max_channels_of_one: int = Field(16, gt=0, description="open channels of one Pi; one more closes its oldest")
    channel_seconds: float = Field(600, gt=0, description="how long a channel may stay unused")
    stall_seconds: float = Field(60, gt=0, description="an upload that sends nothing for so long is cut off")
    max_unfinished: int = Field(1000, gt=0, description="unfinished resumable uploads at once")
    max_unfinished_of_one: int = Field(32, gt=0, description="unfinished resumable uploads of one Pi")
    unfinished_hours: float = Field(72, gt=0, description="how long an unfinished resumable upload is kept")
    claim_minutes: float = Field(
        10,
        gt=0,
        description="how long an unfinished resumable upload keeps its room on the disk while no byte comes; one that "
        "got none at all is given up then",
    )
    cloudlet_url: str = Field("", description="cloudlet that compares received pictures; none: they are only stored")
    with_location: bool = Field(False, description="whether a picture's own position (EXIF) is told with a match")
    jwt: SecretStr | None = Field(
        None, description="token (role phone) that is shown to the cloudlet and the orchestrator"
    )
    footage_folder: Path | None = Field(None, description="the workers' footage folder; videos are put there as well")
    orchestrator_url: str = Field("", description="orchestrator that is asked to have videos in it looked through")
    # For tests only, so `--help` does not tell of them: points to end the process at, such as before_fsync:0.01, and
    # the word that this may happen; never set it where files matter.
    fault: CliSuppress[str] = ""
    test_mode: CliSuppress[bool] = False

    @field_validator("suffixes")
    @classmethod
    def _known_suffixes(cls, suffixes: str) -> str:
        for suffix in _listed(suffixes):
            if not suffix.isalnum() or suffix == "sha256":
                raise ValueError(f"expected suffixes of letters and digits such as txt,json,csv, got {suffix!r}")
        if not _listed(suffixes):
            raise ValueError("expected at least one suffix, got none")
        return suffixes

    @field_validator("cloudlet_url", "orchestrator_url")
    @classmethod
    def _known_place(cls, url: str) -> str:
        place = urlsplit(url)
        if url and (place.scheme not in {"http", "https"} or not place.hostname or place.path not in {"", "/"}):
            raise ValueError("expected http(s)://HOST:PORT")
        return url.rstrip("/")

    @field_validator("fault")
    @classmethod
    def _known_fault(cls, fault: str) -> str:
        parse_faults(fault)
        return fault

    @model_validator(mode="after")
    def _faults_in_tests_only(self) -> Self:
        if self.fault and not self.test_mode:
            raise ValueError("FAULT: expected TEST_MODE=1 beside it, got none; it is for tests only")
        return self

    @model_validator(mode="after")
    def _videos_lie_where_workers_look(self) -> Self:
        if self.orchestrator_url and self.footage_folder is None:
            raise ValueError("ORCHESTRATOR_URL: expected FOOTAGE_FOLDER beside it, got none: workers read videos there")
        return self

    def suffix_set(self) -> frozenset[str]:
        """Return the suffixes that are taken."""
        return frozenset(_listed(self.suffixes))


def _listed(suffixes: str) -> list[str]:
    return [part.strip().lower().removeprefix(".") for part in suffixes.split(",") if part.strip()]
