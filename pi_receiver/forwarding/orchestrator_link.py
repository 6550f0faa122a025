"""Asks an orchestrator to have a received video looked through (`newFootage`). Decides nothing."""

from backbone.multipart_client import MultipartClient
from pi_receiver.storage.ledger import Received

SECONDS = 10.0


class OrchestratorLink:
    """Sends single requests; whoever asks tries again.

    Args:
        url: `http(s)://HOST:PORT`.
        token: shown to the orchestrator, where it asks for one.
    """

    def __init__(self, url: str, *, token: str | None) -> None:
        self._url = url
        self._client = MultipartClient(token=token)

    async def look_through(self, received: Received) -> int:
        """Return the status that the orchestrator answers; asked again, the video makes no more sightings.

        Raises:
            Unavailable: there was no answer in time.
        """
        fields = {
            "requestType": "newFootage",
            "path": received.path,
            "camera": f"station {received.station}",
        }
        parts = [(name, name, value.encode()) for name, value in fields.items()]
        return await self._client.post(f"{self._url}/", parts, seconds=SECONDS)

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()
