"""Speaks to cloudlets as legacy servers do: `newJob` and `deleteJob` (WIRE section 0).

Does not decide what is sent to whom.
"""

from http import HTTPStatus

from backbone import lifecycle
from backbone.errors import Unavailable
from backbone.multipart_client import MultipartClient, Part
from processor_orchestrator.domain.cloudlet import Cloudlet

REQUEST_SECONDS = 3.0
LEGACY_SECONDS = 15.0
"""A legacy cloudlet encodes a job's photos before it answers."""

REFUSED = "cloudlet_refused"


class CloudletClient(lifecycle.Part):
    """Sends single requests; whoever asks tries again.

    Args:
        token: shown to cloudlets, where they ask for one.
        scheme: http or https.
    """

    def __init__(self, *, token: str | None = None, scheme: str = "http") -> None:
        self._client = MultipartClient(token=token)
        self._scheme = scheme

    async def new_job(self, cloudlet: Cloudlet, job: str, content: bytes) -> None:
        """Hand a job to a cloudlet.

        Raises:
            Unavailable: it did not answer 200 in time; it may have the job or not.
        """
        parts = [("requestType", "requestType", b"newJob"), ("zip", f"{job}.zip", content)]
        _expect(await self._post(cloudlet, parts), {HTTPStatus.OK, HTTPStatus.ACCEPTED}, "newJob")

    async def delete_job(self, cloudlet: Cloudlet, job: str) -> None:
        """Take a job away from a cloudlet; one that does not have it is as good.

        Raises:
            Unavailable: it did not answer in time that the job is gone.
        """
        parts = [("requestType", "requestType", b"deleteJob"), ("jobName", "jobName", job.encode())]
        _expect(await self._post(cloudlet, parts), {HTTPStatus.OK, HTTPStatus.NOT_FOUND}, "deleteJob")

    async def stop(self) -> None:
        """Let the connections go."""
        self._client.close()

    async def _post(self, cloudlet: Cloudlet, parts: list[Part]) -> int:
        return await self._client.post(f"{self._scheme}://{cloudlet.key}/", parts, seconds=seconds_for(cloudlet))


def seconds_for(cloudlet: Cloudlet) -> float:
    """Return how long a cloudlet may take to answer."""
    return REQUEST_SECONDS if cloudlet.ours else LEGACY_SECONDS


def _expect(status: int, statuses: set[HTTPStatus], what: str) -> None:
    if status not in statuses:
        wanted = " or ".join(str(int(status)) for status in sorted(statuses))
        raise Unavailable(f"{what}: expected {wanted}, got {status}", code=REFUSED)
