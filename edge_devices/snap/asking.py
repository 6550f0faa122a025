"""Asks devices for pictures and gathers what became of it. Prints nothing."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from edge_devices.snap_relay import words
from edge_devices.snap_relay.relay_link import Link

GRACE_SECONDS = 3.0
"""So much longer than the deadline the server's summary may take."""

STATES = {"taken", "uploaded", "failed", "silent", "offline"}


@dataclass(frozen=True)
class Row:
    """What became of a snap at one device; `digest` is the picture's sha256, `seconds` from the request on."""

    device: str
    state: str
    digest: str = ""
    reason: str = ""
    seconds: float | None = None

    def line(self) -> str:
        """Return the row for a person."""
        took = "" if self.seconds is None else f"{self.seconds:.1f} s"
        more = self.reason or (f"sha256 {self.digest}" if self.digest else "")
        return f"{self.device}  {self.state}  {took}  {more}".rstrip()


@dataclass(frozen=True)
class Outcome:
    """The end of a snap.

    Attributes:
        rows: by device.
        whole: the server told of every device; a legacy relay tells of none, so only those that answered are known.
        refusal: why nothing was asked of anybody; None where something was.
    """

    rows: tuple[Row, ...]
    whole: bool
    refusal: str | None = None

    @property
    def complete(self) -> bool:
        """Whether there was a device at least and every one uploaded."""
        return bool(self.rows) and all(row.state == "uploaded" for row in self.rows)


def ask(link: Link, to: str, seconds: float, *, now: Callable[[], float] = time.monotonic) -> Outcome:
    """Ask and wait for the summary, for the answers where there comes none.

    Raises:
        RelayAway: the connection was lost.
    """
    snap_id, began = uuid.uuid4().hex, now()
    link.send(words.snap(snap_id, to, seconds))
    heard: dict[str, Row] = {}
    while (left := began + seconds + GRACE_SECONDS - now()) > 0:
        text = link.receive(min(left, 1.0))
        message = words.told(text) if text is not None else {}
        if message.get("type") == "error" and message.get("replyTo") == "snap":
            return Outcome((), whole=True, refusal=str(message.get("message")))
        if message.get("snapId") != snap_id:
            continue
        if message.get("type") == "summary":
            listed = message.get("devices")
            rows = [_row(row) for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
            return Outcome(tuple(rows), whole=True)
        if message.get("type") in {"taken", "uploaded", "failed"}:
            row = _row(message | {"state": message["type"], "seconds": now() - began})
            heard[row.device] = row
    return Outcome(tuple(heard[name] for name in sorted(heard)), whole=False)


def _row(told: dict[str, object]) -> Row:
    seconds, state = told.get("seconds"), str(told.get("state"))
    return Row(
        device=_printable(told.get("deviceId")),
        state=state if state in STATES else "failed",
        digest=_printable(told.get("sha256") or ""),
        reason=_printable(told.get("reason") or ""),
        seconds=float(seconds) if isinstance(seconds, int | float) else None,
    )


def _printable(value: object) -> str:
    """Return a text that cannot move the terminal's cursor."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(value))[:500]
