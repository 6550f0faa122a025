"""Hands photos to one cloudlet (WIRE section 0, newPhotos and leave). Does not choose the cloudlet."""

from collections.abc import Callable

import requests

from edge_devices.link_session import CONNECT_SECONDS, read_answer
from edge_devices.phone.server_link import Address, NotLetIn, reason_of
from edge_devices.phone.zip_batches import Batch

# Ours answers at once; a legacy cloudlet compares every face before it does.
ANSWER_SECONDS = 60.0
LEAVE_SECONDS = 3.0


class CloudletAway(Exception):
    """The cloudlet did not answer, or cannot take photos now: nobody knows whether it has the batch."""


class BatchRefused(Exception):
    """The cloudlet will never take this batch."""


class ReportingBody:
    """A request's body that tells how much of it was sent.

    Args:
        told: called with the number of bytes sent so far.
    """

    def __init__(self, content: bytes, told: Callable[[int], None]) -> None:
        self._content = memoryview(content)
        self._at = 0
        self._told = told

    def __len__(self) -> int:
        return len(self._content)

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, as a file does."""
        end = len(self._content) if size < 0 else self._at + size
        part = bytes(self._content[self._at : end])
        self._at += len(part)
        self._told(self._at)
        return part


class CloudletLink:
    """One cloudlet, as a phone speaks to it."""

    def __init__(self, address: Address, session: requests.Session) -> None:
        self.address = address
        self._session = session

    def upload(self, batch: Batch, *, with_location: bool, told: Callable[[int], None]) -> dict[str, object]:
        """Send a batch and return the cloudlet's answer.

        Raises:
            CloudletAway: no answer, or one that says to come again.
            BatchRefused: it never takes this batch.
            NotLetIn: it wants another token.
        """
        fields: dict[str, tuple[str, str | bytes]] = {
            "requestType": ("requestType", "newPhotos"),
            "batch": ("batch", batch.id),
            "zip": (f"{batch.id}.zip", batch.content),
        }
        if with_location:
            fields["withLocation"] = ("withLocation", "true")
        try:
            return self._post(fields, told)
        except (requests.RequestException, OSError) as fault:
            raise CloudletAway(reason_of(fault)) from fault

    def _post(self, fields: dict[str, tuple[str, str | bytes]], told: Callable[[int], None]) -> dict[str, object]:
        request = self._session.prepare_request(requests.Request("POST", self.address.url, files=fields))
        body = request.body
        assert isinstance(body, bytes)  # noqa: S101 - requests encodes `files` to bytes
        request.body = ReportingBody(body, told)  # type: ignore[assignment]  # any file-like object is sent in pieces
        settings = self._session.merge_environment_settings(request.url or "", {}, True, None, None)
        with self._session.send(
            request,
            timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
            allow_redirects=False,
            **settings,
        ) as response:
            answer, text = read_answer(response)
        if response.status_code in {401, 403}:
            raise NotLetIn(f"{self.address.url}: {text}")
        if response.status_code >= 500 or response.status_code in {408, 429}:
            raise CloudletAway(f"answered {text}")
        if not response.ok or response.is_redirect:
            raise BatchRefused(text)
        return answer

    def leave(self) -> bool:
        """Tell the cloudlet that this phone is done; return whether it heard."""
        try:
            answer = self._session.post(
                self.address.url,
                files={"requestType": ("requestType", "leave")},
                timeout=LEAVE_SECONDS,
                allow_redirects=False,
                stream=True,
            )
        except (requests.RequestException, OSError):
            return False
        answer.close()
        return answer.ok
