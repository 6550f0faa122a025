"""What a snap camera does, for ever: connect, wait for an order, take, upload, answer. Knows no library."""

import hashlib
import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edge_devices.backoff import Backoff
from edge_devices.capture.sources import CaptureFailed
from edge_devices.snap_camera.snippet_link import ApiAway, PictureRefused
from edge_devices.snap_relay import words
from edge_devices.snap_relay.relay_link import Link, RelayAway
from edge_devices.snap_relay.steady_relay import talk_for_ever

LISTEN_SECONDS = 1.0
MOST_ORDERS = 16
MOST_ANSWERS_KEPT = 4 * MOST_ORDERS
LEAST_UPLOAD_SECONDS = 30.0
"""A picture is uploaded even when nobody waits for it any more."""


class Uploader(Protocol):
    """The API server."""

    def put(self, snippet_id: str, name: str, picture: bytes) -> str:
        """Upload a picture and return its sha256; may raise `ApiAway` or `PictureRefused`."""


@dataclass(frozen=True)
class Identity:
    """Who the camera is."""

    device_id: str
    groups: Collection[str] = ()


class Camera:
    """One camera.

    Args:
        connect: opens a connection to the relay.
        take: takes a picture and returns its file.
        note: tells a person what happens, a line at a time.
    """

    def __init__(
        self,
        who: Identity,
        *,
        connect: Callable[[], AbstractContextManager[Link]],
        take: Callable[[], Path],
        uploader: Uploader,
        note: Callable[[str], None],
        now: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._who = who
        self._connect = connect
        self._take = take
        self._uploader = uploader
        self._note = note
        self._now = now
        self._pause = pause
        self._answers: deque[str] = deque(maxlen=MOST_ANSWERS_KEPT)

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop` is set; a lost relay is tried again for ever."""
        talk_for_ever(self._connect, self._serve, stop=stop, note=self._note)

    def _serve(self, link: Link, stop: threading.Event, held: Callable[[], None]) -> None:
        link.send(words.READY)
        link.send(words.hello(self._who.device_id, self._who.groups))
        self._note(f"connected as {self._who.device_id}")
        while not stop.is_set():
            self._send_answers(link)
            text = link.receive(LISTEN_SECONDS)
            if text is None:
                held()
                continue
            orders: list[words.Order] = []
            while text is not None and len(orders) < MOST_ORDERS:
                orders += self._orders_in(text)
                text = link.receive(0.0) if orders else None
            if orders:
                self._carry_out(orders, link)

    def _orders_in(self, text: str) -> list[words.Order]:
        refusal = words.told(text)
        if refusal.get("type") == "error":
            self._note(f"refused: {str(refusal.get('message'))[:300]}")
        order = words.order_in(text, self._who.device_id, self._who.groups)
        return [] if order is None else [order]

    def _send_answers(self, link: Link) -> None:
        while self._answers:
            link.send(self._answers[0])
            self._answers.popleft()

    def _carry_out(self, orders: list[words.Order], link: Link) -> None:
        """Take one picture for all orders that wait; a legacy order gets no answer but the word `stop`."""
        began, device = self._now(), self._who.device_id
        asked = [order.snap_id for order in orders if order.snap_id is not None]
        self._note(f"snap {', '.join(asked) or 'by the legacy word'}")
        try:
            file = self._take()
            picture = file.read_bytes()
            digest = hashlib.sha256(picture).hexdigest()
        except (CaptureFailed, OSError) as fault:
            self._note(f"no picture: {fault}")
            self._answers.extend(words.failed(snap_id, device, str(fault)) for snap_id in asked)
            return
        self._answers.extend(words.taken(snap_id, device, digest) for snap_id in asked)
        lost = self._try_to_answer(link)  # whatever becomes of the connection, the picture is uploaded
        try:
            longest = max(LEAST_UPLOAD_SECONDS, *(order.seconds for order in orders))
            self._upload(file.name, picture, until=began + longest)
        except (ApiAway, PictureRefused) as fault:
            self._note(f"not uploaded: {fault}")
            self._answers.extend(words.failed(snap_id, device, str(fault)) for snap_id in asked)
        else:
            self._note(f"uploaded {file.name}, sha256 {digest}")
            self._answers.extend(words.uploaded(snap_id, device, digest) for snap_id in asked)
        if any(order.legacy for order in orders):
            self._say_stop()
        if lost is not None:
            raise lost

    def _try_to_answer(self, link: Link) -> RelayAway | None:
        """Send answers now; those that cannot be sent are sent after the next connecting."""
        try:
            self._send_answers(link)
        except RelayAway as fault:
            return fault
        return None

    def _upload(self, name: str, picture: bytes, *, until: float) -> None:
        backoff = Backoff(first=0.3, limit=5.0)
        while True:
            try:
                self._uploader.put(self._who.device_id, name, picture)
            except ApiAway as fault:
                wait = backoff.next_wait()
                if self._now() + wait > until:
                    raise
                self._note(f"{fault}; trying again")
                self._pause(wait)
            else:
                return

    def _say_stop(self) -> None:
        """Say that the scan is complete, by a second short connection, as legacy cameras do."""
        try:
            with self._connect() as link:
                link.send(words.STOP)
        except RelayAway as fault:
            self._note(f"could not say stop: {fault}")
