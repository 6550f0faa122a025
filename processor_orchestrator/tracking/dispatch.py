"""The connected peers and what is sent to them: each message encoded and framed once. Decides nothing."""

import itertools
from collections.abc import Iterable
from typing import Protocol

from backbone.direct_write import text_frame
from backbone.wire.codec import encode
from processor_orchestrator.tracking.frame_batch import FrameBatch
from processor_orchestrator.tracking.roster import PeerId
from processor_orchestrator.tracking.tracking import Delivery


class Peer(Protocol):
    """A connected socket, as far as the switchboard needs it."""

    def send_command(self, payload: bytes, framed: bytes | None = None) -> None:
        """Send a text that must arrive; `framed` is its WebSocket frame."""

    def send_frames(self, payloads: list[bytes], framed: bytes) -> None:
        """Send texts that newer ones make worthless; `framed` is their WebSocket frames."""

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Let the peer go."""


class Dispatch:
    """Sockets by peer id."""

    def __init__(self) -> None:
        self._peers: dict[PeerId, Peer] = {}
        self._peer_ids = itertools.count(1)
        self._due = FrameBatch(self._send_frames)

    def dismiss_peers(self) -> None:
        """Tell every peer to come back: this process ends."""
        for peer in list(self._peers.values()):
            peer.close(1001, "going away")

    def _take_in(self, peer: Peer) -> PeerId:
        peer_id = PeerId(next(self._peer_ids))
        self._peers[peer_id] = peer
        return peer_id

    def deliver(self, deliveries: Iterable[Delivery]) -> None:
        """Send messages to their peers; each is encoded and framed once."""
        for delivery in deliveries:
            if not delivery.peers:
                continue
            payload = encode(delivery.message)
            if delivery.droppable:
                self._due.add(delivery.peers, payload)
                continue
            self._due.flush()  # what was said before a command arrives before it
            framed = text_frame(payload)
            for peer_id in delivery.peers:
                peer = self._peers.get(peer_id)
                if peer is not None:
                    peer.send_command(payload, framed)

    def forward_boxes(self, payload: bytes, clients: tuple[PeerId, ...]) -> None:
        """Hand boxes of another orchestrator to clients here, as they are."""
        self._due.add(clients, payload)

    def _send_frames(self, peers: tuple[PeerId, ...], payloads: list[bytes], framed: bytes) -> None:
        for peer_id in peers:
            peer = self._peers.get(peer_id)
            if peer is not None:
                peer.send_frames(payloads, framed)
