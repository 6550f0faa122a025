"""Speaks to cloudlets as legacy servers do: `newJob` and `deleteJob`, every field a file part (WIRE section 0).

Does not decide what is sent to whom.
"""

import uuid
from http import HTTPStatus
from urllib.parse import quote

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse

from backbone.errors import Unavailable
from processor_orchestrator.registry.cloudlets import Cloudlet

REQUEST_SECONDS = 3.0
LEGACY_SECONDS = 15.0
"""A legacy cloudlet encodes a job's photos before it answers."""

REFUSED = "cloudlet_refused"
NO_ANSWER = 599
"""Tornado's code for a request that failed before any status came."""

MAX_ANSWER_BYTES = 64 * 1024


class CloudletClient:
    """Sends single requests; whoever asks tries again.

    Args:
        token: shown to cloudlets, where they ask for one.
        scheme: http or https.
    """

    def __init__(self, *, token: str | None = None, scheme: str = "http") -> None:
        self._client = AsyncHTTPClient(force_instance=True, max_body_size=MAX_ANSWER_BYTES, max_clients=100)
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._scheme = scheme

    async def new_job(self, cloudlet: Cloudlet, job: str, content: bytes) -> None:
        """Hand a job to a cloudlet.

        Raises:
            Unavailable: it did not answer 200 in time; it may have the job or not.
        """
        answer = await self._post(cloudlet, [("requestType", "requestType", b"newJob"), ("zip", f"{job}.zip", content)])
        _expect(answer, {HTTPStatus.OK, HTTPStatus.ACCEPTED}, "newJob")

    async def delete_job(self, cloudlet: Cloudlet, job: str) -> None:
        """Take a job away from a cloudlet; one that does not have it is as good.

        Raises:
            Unavailable: it did not answer in time that the job is gone.
        """
        parts = [("requestType", "requestType", b"deleteJob"), ("jobName", "jobName", job.encode())]
        _expect(await self._post(cloudlet, parts), {HTTPStatus.OK, HTTPStatus.NOT_FOUND}, "deleteJob")

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    async def _post(self, cloudlet: Cloudlet, parts: list[tuple[str, str, bytes]]) -> HTTPResponse:
        boundary = uuid.uuid4().hex
        request = HTTPRequest(
            f"{self._scheme}://{cloudlet.key}/",
            method="POST",
            headers=self._headers | {"Content-Type": f"multipart/form-data; boundary={boundary}"},
            body=_multipart(parts, boundary.encode()),
            connect_timeout=REQUEST_SECONDS,
            request_timeout=REQUEST_SECONDS if cloudlet.ours else LEGACY_SECONDS,
            follow_redirects=False,
        )
        try:
            return await self._client.fetch(request, raise_error=False)
        except (OSError, ValueError) as fault:
            raise Unavailable(f"expected an answer of cloudlet {cloudlet.key}, got: {fault}") from None


def _multipart(parts: list[tuple[str, str, bytes]], boundary: bytes) -> bytes:
    """Return the body of parts (field, file name, content), RFC 7578; names are escaped as browsers do."""
    body = b""
    for field, filename, content in parts:
        disposition = f'Content-Disposition: form-data; name="{field}"; filename="{_escaped(filename)}"'
        body += b"--" + boundary + b"\r\n" + disposition.encode() + b"\r\n\r\n" + content + b"\r\n"
    return body + b"--" + boundary + b"--\r\n"


def _escaped(name: str) -> str:
    return (
        quote(name, safe=" !#$&'()+,-.;=@[]^_`{}~") if any(ord(char) < 32 or char in '"\\' for char in name) else name
    )


def _expect(answer: HTTPResponse, statuses: set[HTTPStatus], what: str) -> None:
    if answer.code == NO_ANSWER:
        raise Unavailable(f"{what}: expected an answer, got: {answer.error}")
    if answer.code not in statuses:
        wanted = " or ".join(str(int(status)) for status in sorted(statuses))
        raise Unavailable(f"{what}: expected {wanted}, got {answer.code}", code=REFUSED)
