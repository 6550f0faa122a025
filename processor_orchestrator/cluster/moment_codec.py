"""The events that other orchestrators hear of, as bytes: one table. An event that is not in it stays in its process."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from processor_orchestrator.domain.events import BoxesSeen, PictureSent, PicturesWanted, SightingsStored, SnapSaid
from processor_orchestrator.domain.sighting import Sighting

KEY_BYTES = 2

_json = msgspec.json.encode
_sightings = msgspec.json.Decoder(tuple[Sighting, ...])
_wanted: msgspec.json.Decoder[tuple[str, float]] = msgspec.json.Decoder(tuple[str, float])
_said = msgspec.json.Decoder(SnapSaid.__annotations__["message"])


@dataclass(frozen=True, slots=True)
class _Form:
    """How events of one type cross: their first byte, and both ways. Any: each takes and makes its own type."""

    kind: bytes
    write: Callable[[Any], bytes]
    read: Callable[[bytes], Any]


def _write_picture(event: PictureSent) -> bytes:
    key = event.camera.encode()
    return len(key).to_bytes(KEY_BYTES) + key + event.jpeg


def _read_picture(body: bytes) -> PictureSent:
    end = KEY_BYTES + int.from_bytes(body[:KEY_BYTES])
    return PictureSent(body[KEY_BYTES:end].decode(), body[end:])


FORMS: dict[type, _Form] = {
    BoxesSeen: _Form(b"b", lambda event: event.payload, BoxesSeen),
    SightingsStored: _Form(
        b"s", lambda event: _json(event.sightings), lambda body: SightingsStored(_sightings.decode(body))
    ),
    PicturesWanted: _Form(
        b"d", lambda event: _json((event.camera, event.fps)), lambda body: PicturesWanted(*_wanted.decode(body))
    ),
    PictureSent: _Form(b"p", _write_picture, _read_picture),
    SnapSaid: _Form(b"n", lambda event: _json(event.message), lambda body: SnapSaid(_said.decode(body))),
}
_BY_KIND = {form.kind: form for form in FORMS.values()}


def write(event: object) -> bytes:
    """Return an event of the table as bytes."""
    form = FORMS[type(event)]
    return form.kind + form.write(event)


def read(raw: bytes) -> object:
    """Return the event in some bytes.

    Raises:
        ValueError: they are of no type that is known here, or broken. (msgspec's errors are such.)
    """
    form = _BY_KIND.get(raw[:1])
    if form is None:
        raise ValueError(f"expected one of {sorted(_BY_KIND)}, got {raw[:1]!r}")
    return form.read(raw[1:])
