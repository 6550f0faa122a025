"""`/upload`: the legacy protocol, a one-time channel and a form for each file (WIRE section 3). Decides little."""

import secrets
import string
import time
from collections.abc import Callable
from dataclasses import dataclass

from backbone.errors import BadInput, SearchlightError
from backbone.web.http import Route
from pi_receiver.domain.channels import Channels
from pi_receiver.domain.checksums import read_checksum
from pi_receiver.domain.file_times import read_modified
from pi_receiver.domain.identities import Identity
from pi_receiver.domain.refusals import FieldMissing, Mismatch, Unlisted, legacy_text
from pi_receiver.intake.gate import Gate
from pi_receiver.intake.legacy_text import LegacyText
from pi_receiver.intake.reception import Reception
from pi_receiver.intake.streamed_body import StreamedBodyHandler
from pi_receiver.storage.incoming import Incoming
from pi_receiver.storage.space import Claim
from pi_receiver.uploads.form_reader import FormReader

LETTERS, MOST_LETTERS = 20, 64
FORM_BYTES = 64 * 1024
"""What a form may be longer than its file."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """What the legacy protocol stands on; `stall_seconds`: silence after which a sender is cut off."""

    gate: Gate
    channels: Channels
    reception: Reception
    stall_seconds: float


class ChannelHandler(LegacyText):
    """`GET /upload`: `301` and the letters of a new channel, or `401`; both with the HTTP status 200."""

    def initialize(self, entrance: Entrance) -> None:
        """Take the collaborators."""
        self._entrance = entrance

    async def get(self) -> None:
        """Open a channel."""
        channels = self._entrance.channels
        try:
            owner = await self._entrance.gate.admit(self.request.headers)
        except Unlisted as fault:
            self.metrics.refused.labels("http", fault.code).inc()
            self.write_text(legacy_text(fault))
            return
        letters = "".join(secrets.choice(string.ascii_letters) for _ in range(self._wanted_letters()))
        channels.open(letters, owner, time.monotonic())
        self._entrance.reception.metrics.channels.set(len(channels))
        self.write_text(f"301 {letters}")

    def _wanted_letters(self) -> int:
        """Return how long the channel's name gets: 20 letters are 114 bits, 45 are 256."""
        wanted = self.request.headers.get("Channel-Letters", str(LETTERS))
        if not wanted.isascii() or not wanted.isdigit() or not LETTERS <= int(wanted[:4]) <= MOST_LETTERS:
            raise BadInput(f"Channel-Letters: expected {LETTERS} to {MOST_LETTERS}, got {wanted[:20]!a}")
        return int(wanted)


class UploadHandler(LegacyText, StreamedBodyHandler):
    """`POST /upload/<letters>`: one file."""

    _form: FormReader | None = None
    _owner: Identity | None = None
    _claim: Claim | None = None
    _stored = False

    def initialize(self, entrance: Entrance) -> None:
        """Take the collaborators."""
        self._entrance = entrance
        self._reception = entrance.reception
        self.workers = entrance.reception.workers

    def prepare(self) -> None:
        """Check who asks before a byte of the body is read."""
        super().prepare()
        if self.request.method != "POST":
            return
        try:
            self._begin(self.request.path.rpartition("/")[2])
        except SearchlightError as fault:
            self.refuse(fault)

    def _begin(self, letters: str) -> None:
        channels, headers, now = self._entrance.channels, self.request.headers, time.monotonic()
        if not channels.knows(letters, now):
            raise Unlisted("expected an open channel of this Pi, got none that is")
        for name in ("pi_id", "pi_num"):
            if not headers.get(name, "").strip():
                raise FieldMissing(f"{name}: expected a header, got none")
        owner = self._entrance.gate.known(headers)
        channels.enter(letters, owner, now)
        try:
            self._reception.enter(owner.pi)
        except SearchlightError:
            channels.leave(letters, now, last=False)
            raise
        self._owner, self._letters = owner, letters
        self.drained_bytes = self._reception.most_bytes + FORM_BYTES
        self._files_left = _files_left(headers.get("num_files", ""))
        self._form = FormReader(headers.get("Content-Type", ""), self._receiver())
        self.expect_body(self._form.feed, most_bytes=self.drained_bytes, stall_seconds=self._entrance.stall_seconds)

    def _receiver(self) -> Callable[[str], Incoming]:
        """Return what opens the file once its name is known; the room for it is claimed now."""
        claim = self._claim = self._reception.space.claim(self.announced_length() or 0)

        def receive(name: str) -> Incoming:
            self._reception.check_name(name)
            return self._reception.open(claim)

        return receive

    async def post(self) -> None:
        """Compare the digest and keep the file."""
        try:
            receipt = await self._keep()
        except SearchlightError:
            await self._reception.work(self._clear)
            raise
        self._reception.faults.hit("before_reply")
        self.set_header("Receipt", receipt)
        await self.write_text("200")
        self._reception.faults.hit("after_reply")

    async def _keep(self) -> str:
        await self.body_ended()
        form, owner = self._form, self._owner
        if form is None or owner is None:
            raise FieldMissing("expected a form with a file, got none")
        part, incoming = form.finish()
        digest = _agreed(self.request.headers.get("checksum", ""), part)
        receipt = await self._reception.keep(
            incoming,
            name=form.name,
            digest=digest,
            owner=owner,
            way="legacy",
            modified=read_modified(self.request.headers, time.time()),
        )
        self._stored = True
        return receipt

    def let_go(self) -> None:
        """Give back channel, count and room; what was not kept is taken away."""
        if self._owner is None:
            return
        owner, self._owner = self._owner, None
        last = self._stored and self._files_left <= 1
        self._entrance.channels.leave(self._letters, time.monotonic(), last=last)
        self._reception.leave(owner.pi)
        if not self._stored:
            self._reception.metrics.broken_off.inc()
            self._reception.later(self._clear)

    def _clear(self) -> None:
        if self._form is not None:
            self._form.discard()
        if self._claim is not None:
            self._claim.release()


def _files_left(text: str) -> int:
    """Return how many files the sender has, this one included."""
    plain = text.strip()
    if not plain.isascii() or not plain.isdigit():
        raise FieldMissing(f"num_files: expected a number, got {plain[:20]!a}")
    return int(plain[:9])


def _agreed(header: str, part: str) -> str:
    """Return the digest that was announced by header, by a part, or by both alike."""
    if not header.strip():
        return read_checksum(part)
    digest = read_checksum(header)
    if part.strip() and read_checksum(part) != digest:
        raise Mismatch("checksum: expected the same in header and part, got two")
    return digest


def routes(entrance: Entrance) -> list[Route]:
    """Return the paths of the legacy protocol."""
    return [
        Route("/upload/?", ChannelHandler, {"entrance": entrance}),
        Route("/upload/[A-Za-z]{1,100}", UploadHandler, {"entrance": entrance}),
    ]
