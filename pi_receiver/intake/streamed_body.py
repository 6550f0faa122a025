"""A request whose body goes to worker threads piece by piece, one ahead of the other. Knows no protocol.

A refusal that is known before the body was read is answered after it, as long as the rest is short: senders that only
read once they have sent everything would otherwise see a broken connection instead of the answer.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor

from tornado.web import stream_request_body

from backbone.errors import SearchlightError, TooLarge
from backbone.web.http import BaseHandler

DRAINED_BYTES = 64 * 1024 * 1024
"""A stranger's refused body of more than this is cut off instead."""

LONGEST_SECONDS = 86_400.0
"""For one request; what needs longer is resumed."""


@stream_request_body
class StreamedBodyHandler(BaseHandler):
    """A handler that hands its body on; whoever derives from it calls `expect_body` in `prepare`.

    Attributes:
        workers: threads that take the pieces; set by whoever derives from it.
        drained_bytes: how long a refused body may be to be read to its end.
        fed: the piece that a worker has now.
    """

    workers: Executor
    drained_bytes = DRAINED_BYTES
    _feed: Callable[[bytes], None] | None = None
    fed: asyncio.Future[None] | None = None
    _refusal: SearchlightError | None = None
    _watch: asyncio.TimerHandle | None = None
    _ended = False

    def expect_body(self, feed: Callable[[bytes], None], *, most_bytes: int, stall_seconds: float) -> None:
        """Take the body; a sender that says nothing for `stall_seconds` is cut off.

        Raises:
            TooLarge: it is announced to be longer.
        """
        connection = self.request.connection
        connection.set_max_body_size(most_bytes)  # type: ignore[union-attr] # HTTP/1 has it
        connection.set_body_timeout(LONGEST_SECONDS)  # type: ignore[union-attr]
        self._feed = feed
        self._heard_at = time.monotonic()
        self._stall_seconds = stall_seconds
        self._look()
        length = self.announced_length()
        if length is not None and length > most_bytes:
            raise TooLarge(f"expected at most {most_bytes} bytes, got {length}")

    def refuse(self, fault: SearchlightError) -> None:
        """Answer a refusal once the sender has sent everything.

        Raises:
            SearchlightError: the refusal at once, where that would be too much.
        """
        length = self.announced_length()
        if length is not None and length > self.drained_bytes:
            raise fault
        self._refusal = fault
        if self._feed is None:
            self.expect_body(lambda _data: None, most_bytes=self.drained_bytes, stall_seconds=10.0)

    def announced_length(self) -> int | None:
        """Return the length of the body, None where it is not told."""
        text = self.request.headers.get("Content-Length", "")
        if text.isascii() and text.isdigit():
            return int(text[:20])
        return None if self.request.headers.get("Transfer-Encoding") else 0

    async def data_received(self, chunk: bytes) -> None:  # type: ignore[override] # Tornado awaits it
        """Hand a piece on once the one before it is done with."""
        self._heard_at = time.monotonic()
        feed = self._feed
        await self._settled()
        if self._refusal is None and feed is not None:
            self.fed = asyncio.get_running_loop().run_in_executor(self.workers, feed, chunk)

    async def _settled(self) -> None:
        """Wait for the piece that a worker has."""
        if self.fed is None:
            return
        try:
            await self.fed
        except SearchlightError as fault:
            self.refuse(fault)
        self.fed = None

    async def body_ended(self) -> None:
        """Wait for the last piece; from here on the answer clears up, whether or not its reader is still there.

        Raises:
            SearchlightError: the body is refused.
        """
        self._ended = True
        await self._settled()
        if self._watch is not None:
            self._watch.cancel()
        if self._refusal is not None:
            raise self._refusal

    def _look(self) -> None:
        """Cut off a sender that went silent; look again later at one that did not."""
        left = self._heard_at + self._stall_seconds - time.monotonic()
        if left <= 0:
            self.request.connection.stream.close()  # type: ignore[union-attr] # HTTP/1 has it
            return
        self._watch = asyncio.get_running_loop().call_later(left, self._look)

    def on_finish(self) -> None:
        """Clear up after the answer."""
        self._over()

    def on_connection_close(self) -> None:
        """Clear up after a sender that left before its body was whole."""
        if not self._ended:
            self._over()

    def _over(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self.let_go()

    def let_go(self) -> None:
        """Give back what the request held; called once or more."""
