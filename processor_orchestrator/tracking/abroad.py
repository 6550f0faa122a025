"""What the switchboard asks of the other orchestrators, whatever joins them. Holds no state."""

from typing import Protocol

from backbone.wire import to_client
from backbone.wire.values import Message


class Abroad(Protocol):
    """The clients and cameras of the other orchestrators, as far as the switchboard needs them."""

    def tell_boxes(self, message: Message) -> None:
        """Hand boxes to the clients of the others, while there are others."""

    def tell_sighting(self, sighting: to_client.Sighting) -> None:
        """Hand a stored sighting to the clients of the others, while there are others."""

    def cameras_changed(self) -> None:
        """Let the others know soon which cameras are connected here."""
