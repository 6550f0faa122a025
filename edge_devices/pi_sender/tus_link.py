"""Resumable uploads: tus 1.0.0 (https://tus.io/protocols/resumable-upload), creation and checksum. Retries nothing."""

import base64
import hashlib
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from edge_devices.pi_sender.folder import OpenFile
from edge_devices.pi_sender.receiver import TOO_BUSY, Answer, CutOff, NotKnown, Receiver, Refused
from edge_devices.pi_sender.resume_notes import ResumeNotes

VERSION = {"Tus-Resumable": "1.0.0"}
CHUNK = 4 * 1024 * 1024
"""Bytes of a file that are in memory at a time."""

LEAST_CHUNK = 64 * 1024
"""A piece that is cut off counts for nothing, so a bad link gets smaller ones, down to this."""

CHECKSUM_MISMATCH, CONFLICT = 460, 409
GONE = {403, 404, 410}
NO_SUCH_DOOR = {404, 405, 501}
LENGTH = re.compile(r"\d{1,18}")


class NotOffered(Exception):
    """The receiver is a legacy one: it has no resumable uploads."""


class TusLink:
    """Resumable uploads of one receiver.

    Args:
        notes: remembers over the end of this process where an upload goes on.
    """

    def __init__(self, receiver: Receiver, notes: ResumeNotes, *, chunk: int = CHUNK) -> None:
        self._receiver = receiver
        self._notes = notes
        self._most_chunk = chunk
        self._chunk = chunk

    def send(self, file: OpenFile, *, told: Callable[[int], None]) -> Answer:
        """Send what is missing of a file and return the answer to its last byte.

        Raises:
            NotOffered: there are no resumable uploads here.
            NotKnown: the receiver does not know this Pi.
            CutOff, NotReached: there is use in trying again, and that goes on where this ended.
            Refused: there is none.
        """
        place, offset, answer = self._resumed(file)
        told(offset)
        while offset < file.size:
            chunk = file.read_at(offset, self._chunk)
            try:
                answer = self._patch(place, offset, chunk, file.modified)
            except CutOff:
                self._chunk = max(min(LEAST_CHUNK, self._most_chunk), self._chunk // 4)
                raise
            self._chunk = min(self._most_chunk, self._chunk * 2)
            offset = _offset_in(answer)
            told(offset)
        self._notes.forget(file.mark)
        return answer

    def _resumed(self, file: OpenFile) -> tuple[str, int, Answer]:
        """Return where the upload is, how many bytes are there, and the answer that said so."""
        place = self._notes.place_of(file.mark)
        if place is not None:
            answer = self._receiver.ask("HEAD", place, headers=VERSION | {"File-Modified": file.modified})
            if answer.status in {200, 204} and answer.header("Upload-Length") in {str(file.size), None}:
                return place, _offset_in(answer), answer
            if answer.status not in GONE | {200, 204}:
                raise _fault_of(answer)
            self._notes.forget(file.mark)
        return self._created(file)

    def _created(self, file: OpenFile) -> tuple[str, int, Answer]:
        told = {"filename": file.name, "checksum": file.sha256}
        metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in told.items())
        headers = {"Upload-Length": str(file.size), "Upload-Metadata": metadata, "Content-Length": "0"}
        headers |= {"File-Modified": file.modified}
        answer = self._receiver.ask("POST", "/files/", headers=VERSION | headers)
        if answer.status in NO_SUCH_DOOR:
            raise NotOffered
        if answer.status != 201:
            raise _fault_of(answer)
        # Only the path counts: the id is not shown to whatever host an answer names.
        place = urlsplit(answer.header("Location") or "").path
        if not place.startswith("/"):
            raise Refused("201", "expected where the upload goes on, got no Location")
        self._notes.remember(file.mark, place)
        return place, 0, answer

    def _patch(self, place: str, offset: int, chunk: bytes, modified: str) -> Answer:
        digest = base64.b64encode(hashlib.sha256(chunk).digest()).decode()
        headers = {
            "Upload-Offset": str(offset),
            "Upload-Checksum": f"sha256 {digest}",
            "File-Modified": modified,
            "Content-Type": "application/offset+octet-stream",
        }
        answer = self._receiver.ask("PATCH", place, headers=VERSION | headers, data=chunk)
        if answer.status not in {200, 204}:
            raise _fault_of(answer)
        if _offset_in(answer) != offset + len(chunk):
            raise CutOff("the receiver kept less than was sent")
        return answer


def _offset_in(answer: Answer) -> int:
    told = answer.header("Upload-Offset") or ""
    if not LENGTH.fullmatch(told):
        raise Refused(str(answer.status), f"expected an Upload-Offset, got {told[:40]!r}")
    return int(told)


def _fault_of(answer: Answer) -> Exception:
    if answer.status == 401:
        return NotKnown(answer.problem or "401")
    if answer.status in TOO_BUSY | GONE | {CHECKSUM_MISMATCH, CONFLICT, 423}:  # what is missing is asked for anew
        return CutOff(f"the receiver answered {answer.status}: {answer.problem}".rstrip(": "))
    return Refused(str(answer.status), answer.problem or answer.text[:200])
