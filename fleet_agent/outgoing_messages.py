"""What waits to be said to the orchestrator. Keeps nothing over a lost connection, and opens none.

The orchestrator has given up waiting by then, and is told the node's state anew.
"""

from tornado.websocket import WebSocketClientConnection

from backbone.outbox import Outbox, PeerTooSlow
from backbone.steady_socket import Outgoing
from backbone.wire.codec import encode
from backbone.wire.from_fleet_agent import Done, Node, Refused
from backbone.wire.shared import Error
from fleet_agent.metrics import AgentMetrics

MAX_KEPT = 64


class OutgoingMessages:
    """The node's newest state, and answers in their order."""

    def __init__(self, metrics: AgentMetrics) -> None:
        self._metrics = metrics
        self._outgoing = Outgoing(Outbox(max_frames=1, max_commands=MAX_KEPT))
        self._open = False

    def open(self) -> None:
        """There is an orchestrator from now on; what waited for the one before is forgotten."""
        self._outgoing.clear()
        self._open = True

    def close(self) -> None:
        """There is no orchestrator from now on."""
        self._open = False

    def tell(self, node: Node) -> None:
        """Queue the node's state; a newer one takes its place while it waits."""
        if self._open:
            self._outgoing.put_frame(encode(node))

    def answer(self, message: Done | Refused | Error) -> None:
        """Queue an answer; it is dropped, and counted, when the orchestrator is gone or does not read."""
        try:
            if self._open:
                self._outgoing.put_command(encode(message))
                return
        except PeerTooSlow:
            pass
        self._metrics.dropped_answers.inc()

    async def send_over(self, connection: WebSocketClientConnection) -> None:
        """Send what waits until the connection is closed, or until cancelled."""
        await self._outgoing.send_over(connection)
