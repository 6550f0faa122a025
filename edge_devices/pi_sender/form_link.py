"""The legacy way (WIRE section 3): a one-time channel, and one form a file. Decides nothing about trying again."""

import re
import uuid
from collections.abc import Callable, Iterator

from edge_devices.pi_sender.folder import BLOCK, OpenFile
from edge_devices.pi_sender.receiver import TOO_BUSY, Answer, CutOff, NotKnown, Receiver, Refused

CHANNEL = re.compile(r"301 ([A-Za-z0-9]{20,128})")
FIELD = "sensor_data_file"
_ESCAPED = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A", "\\": "%5C"})


class FormBody:
    """A multipart form with one file, read from the disk while it is sent.

    Args:
        told: called with the number of the file's bytes that were sent.
    """

    def __init__(self, file: OpenFile, told: Callable[[int], None]) -> None:
        self.boundary = uuid.uuid4().hex
        name = file.name.translate(_ESCAPED)
        disposition = f'Content-Disposition: form-data; name="{FIELD}"; filename="{name}"'
        kind = "Content-Type: application/octet-stream"
        self._head = f"--{self.boundary}\r\n{disposition}\r\n{kind}\r\n\r\n".encode()
        self._tail = f"\r\n--{self.boundary}--\r\n".encode()
        self._file = file
        self._told = told

    def __len__(self) -> int:
        return len(self._head) + self._file.size + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the body; a file that became shorter ends it with an error, so that the receiver gets no whole one."""
        yield self._head
        for offset in range(0, self._file.size, BLOCK):
            block = self._file.read_at(offset, BLOCK)
            yield block
            self._told(offset + len(block))
        yield self._tail


class FormLink:
    """Channels and forms of one receiver; a channel is used for as long as the receiver knows it."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._channel: str | None = None

    def open(self) -> None:
        """Get a channel, unless there is one.

        Raises:
            NotKnown: the receiver does not know this Pi.
            NotReached, CutOff, Refused: it is no receiver, or a busy one.
        """
        if self._channel is not None:
            return
        answer = self._receiver.ask("GET", "/upload")
        known = CHANNEL.fullmatch(answer.text)
        if known is None:
            raise _fault_of(answer)
        self._channel = known[1]

    def close(self) -> None:
        """Forget the channel: it died, or another request may have used it up."""
        self._channel = None

    def send(self, file: OpenFile, *, left: int, told: Callable[[int], None]) -> Answer:
        """Send a file and return the receiver's `200`.

        Args:
            left: how many files are to be sent by this way, this one included; with 1 the channel dies.

        Raises:
            NotKnown: the channel is not open, or the receiver does not know this Pi.
            CutOff: there is use in trying again.
            Refused: there is none, but for a checksum that did not match (`500`).
        """
        self.open()
        body = FormBody(file, told)
        headers = {
            "num_files": str(left),
            "checksum": file.sha256,
            "File-Modified": file.modified,
            "Content-Type": f"multipart/form-data; boundary={body.boundary}",
            "Content-Length": str(len(body)),
        }
        answer = self._receiver.ask("POST", f"/upload/{self._channel}", headers=headers, data=body)
        if left == 1:
            self.close()
        if answer.text != "200":
            raise _fault_of(answer)
        return answer


def _fault_of(answer: Answer) -> Exception:
    """Return what an answer means that is no success; legacy receivers tell it in the text, whatever the status."""
    told = answer.text if re.fullmatch(r"[1-5]\d\d", answer.text) else str(answer.status)
    if told == "401":
        return NotKnown(answer.problem or "401")
    if int(told) in TOO_BUSY - {500}:
        return CutOff(f"the receiver answered {told}: {answer.problem}".rstrip(": "))
    return Refused(told, answer.problem)
