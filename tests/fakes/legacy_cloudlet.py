"""A cloudlet as the legacy ones are: plain HTTP, every field a file part, no manifest, no token."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from tests.fakes.legacy_door import LegacyDoor, Parts

TIMEOUT = 3.0


class LegacyCloudlet:
    """Keeps jobs as it gets them; `refuses` and `silent` make it misbehave."""

    def __init__(self, server: str, *, epoch: str | None = None) -> None:
        self.server = server
        self.epoch = epoch
        self.jobs: dict[str, dict[str, bytes]] = {}
        self.said: list[str] = []
        self.refuses: set[str] = set()
        self._door = LegacyDoor(self._take)
        self.port = self._door.port

    @property
    def key(self) -> str:
        return f"127.0.0.1:{self.port}"

    def ask(self, request_type: str, **parts: Any) -> requests.Response:
        """Post to the server, every field as a file part."""
        files = {"requestType": request_type, **parts}
        return requests.post(f"{self.server}/", files=files, timeout=TIMEOUT)

    def named(self, request_type: str, **parts: Any) -> requests.Response:
        more = {"epoch": self.epoch} if self.epoch is not None else {}
        return self.ask(request_type, cloudIP="127.0.0.1", cloudPort=str(self.port), **more, **parts)

    def join(self) -> None:
        assert self.named("cloudJoinReq", id="1").status_code == 200
        assert self.named("getJobs").status_code == 200

    def match(self, job: str, photos: dict[str, bytes]) -> requests.Response:
        return self.ask("match", zip=(f"{job}.zip", zip_of(photos)))

    def close(self) -> None:
        self._door.close()

    def _take(self, files: Parts) -> int:
        request_type = files["requestType"][0]["body"].decode()
        self.said.append(request_type)
        if request_type in self.refuses:
            return 500
        if request_type == "newJob":
            part = files["zip"][0]
            with zipfile.ZipFile(io.BytesIO(part["body"])) as archive:
                content = {name: archive.read(name) for name in archive.namelist()}
            self.jobs[part["filename"].removesuffix(".zip")] = content
            return 200
        name = files["jobName"][0]["body"].decode()
        return 200 if self.jobs.pop(name, None) is not None else 404


def zip_of(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


@contextmanager
def legacy_cloudlet(server: str, *, epoch: str | None = None) -> Iterator[LegacyCloudlet]:
    made = LegacyCloudlet(server, epoch=epoch)
    try:
        yield made
    finally:
        made.close()
