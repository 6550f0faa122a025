"""The connected peers and what is sent to them: each message encoded and framed once. Decides nothing."""

import itertools
from collections.abc import Iterable
from typing import Protocol

from backbone.web.direct_write import text_frame
from backbone.wire.codec import encode
from processor_orchestrator.domain.camera import PeerId
from processor_orchestrator.domain.conversation import Delivery
from processor_orchestrator.live.frame_batch import FrameBatch


class Peer(Protocol):
    """A connected socket, as far as it is sent to."""

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

    def take_in(self, peer: Peer) -> PeerId:
        """Remember a socket and return its name."""
        peer_id = PeerId(next(self._peer_ids))
        self._peers[peer_id] = peer
        return peer_id

    def let_go(self, peer_id: PeerId) -> None:
        """Forget a socket that is closed."""
        self._peers.pop(peer_id, None)

    def close(self, peer_id: PeerId, code: int, reason: str) -> None:
        """Close a socket, where it is still open."""
        peer = self._peers.get(peer_id)
        if peer is not None:
            peer.close(code, reason)

    def dismiss_all(self) -> None:
        """Tell every peer to come back: this process ends."""
        for peer in list(self._peers.values()):
            peer.close(1001, "going away")

    def deliver(self, deliveries: Iterable[Delivery]) -> None:
        """Send messages that must arrive to their peers; each is encoded and framed once."""
        for delivery in deliveries:
            if not delivery.peers:
                continue
            payload = encode(delivery.message)
            self._due.flush()  # what was said before a command arrives before it
            framed = text_frame(payload)
            for peer_id in delivery.peers:
                peer = self._peers.get(peer_id)
                if peer is not None:
                    peer.send_command(payload, framed)

    def send_boxes(self, clients: tuple[PeerId, ...], payload: bytes) -> None:
        """Send boxes, which newer ones make worthless, to clients at the end of this turn of the loop."""
        if clients:
            self._due.add(clients, payload)

    def _send_frames(self, peers: tuple[PeerId, ...], payloads: list[bytes], framed: bytes) -> None:
        for peer_id in peers:
            peer = self._peers.get(peer_id)
            if peer is not None:
                peer.send_frames(payloads, framed)
