"""Hands a received picture to a cloudlet, as a phone does (WIRE section 0, `newPhotos`). Decides nothing."""

from backbone.multipart_client import MultipartClient
from backbone.zips.writer import write_zip
from pi_receiver.storage.ledger import Received

SECONDS = 30.0


class CloudletLink:
    """Sends single pictures; whoever asks tries again.

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
        fields = {
            "requestType": "newPhotos",
            "batch": f"station{received.station}-{received.sha256}",
            "device": f"station {received.station}",
            "receivedAt": f"{received.received_at:.3f}",
            "withLocation": "true" if with_location else "false",
        }
        parts = [(name, name, value.encode()) for name, value in fields.items()]
        parts.append(("zip", "photos.zip", write_zip([(received.stored, content)])))
        return await self._client.post(f"{self._url}/", parts, seconds=SECONDS)

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()
