"""A strict reader of multipart/x-mixed-replace: every byte of the framing has to be where RFC 2046 puts it."""

from collections.abc import Iterator

import requests

BOUNDARY = b"--frame\r\n"


class Exactly:
    """Reads an exact number of bytes, or up to an exact mark, from a streamed response."""

    def __init__(self, response: requests.Response) -> None:
        self._raw = response.raw

    def take(self, count: int) -> bytes:
        taken = b""
        while len(taken) < count:
            more = self._raw.read(count - len(taken))
            assert more, "the stream ended in the midst of a part"
            taken += more
        return taken

    def take_line(self) -> bytes:
        line = b""
        while not line.endswith(b"\r\n"):
            line += self.take(1)
            assert len(line) < 200, f"a header line without end: {line[:60]!r}"
        return line


def parts(response: requests.Response) -> Iterator[bytes]:
    """Yield the JPEGs of a stream; any byte out of place fails the test."""
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "multipart/x-mixed-replace; boundary=frame"
    assert response.headers["Cache-Control"] == "no-store"
    reader = Exactly(response)
    while True:
        assert reader.take(len(BOUNDARY)) == BOUNDARY
        assert reader.take_line() == b"Content-Type: image/jpeg\r\n"
        name, _, length = reader.take_line().partition(b": ")
        assert name == b"Content-Length"
        assert reader.take_line() == b"\r\n"
        jpeg = reader.take(int(length))
        assert jpeg.startswith(b"\xff\xd8")
        assert jpeg.endswith(b"\xff\xd9")
        assert reader.take(2) == b"\r\n"
        yield jpeg
