"""Hands a received picture to a cloudlet as a phone does, and tells it of received videos. Decides nothing."""

from backbone.multipart_client import MultipartClient
from backbone.zip_writer import write_zip
from pi_receiver.ledger import Received

SECONDS = 30.0


class CloudletLink:
    """Sends single files; whoever asks tries again.

    Args:
        url: `http(s)://HOST:PORT`.
        token: shown to the cloudlet, where it asks for one.
    """

    def __init__(self, url: str, *, token: str | None) -> None:
        self._url = url
        self._client = MultipartClient(token=token)

    async def hand_over(self, received: Received, content: bytes, *, with_location: bool) -> int:
        """Return the status that the cloudlet answers; what comes again under its name is compared once.

        Raises:
            Unavailable: there was no answer in time.
        """
        fields = _fields("newPhotos", received) | {
            "batch": f"station{received.station}-{received.sha256}",
            "withLocation": "true" if with_location else "false",
        }
        return await self._post(fields, [("zip", "photos.zip", write_zip([(received.stored, content)]))])

    async def announce(self, received: Received) -> int:
        """Have a video looked through that lies in the workers' footage folder; return the status as above.

        Raises:
            Unavailable: there was no answer in time.
        """
        return await self._post(_fields("newFootage", received) | {"path": received.path}, [])

    async def _post(self, fields: dict[str, str], files: list[tuple[str, str, bytes]]) -> int:
        parts = [(name, name, value.encode()) for name, value in fields.items()]
        return await self._client.post(f"{self._url}/", parts + files, seconds=SECONDS)

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()


def _fields(kind: str, received: Received) -> dict[str, str]:
    """Return what is told of every file: the station as its camera, and when it came."""
    return {
        "requestType": kind,
        "device": f"station {received.station}",
        "receivedAt": f"{received.received_at:.3f}",
    }
