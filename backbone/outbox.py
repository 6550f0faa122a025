"""What waits to be sent to one peer, in order and bounded. Does not send."""

from collections import deque


class PeerTooSlow(Exception):
    """Messages that must not be dropped are over the bound: the peer has to be let go."""


class Outbox:
    """A queue with two kinds of messages: commands, which are never dropped, and frames, of which the oldest go first.

    Args:
        max_frames: how many frames may wait; one more pushes the oldest out.
        max_commands: how many commands may wait.
        max_command_bytes: how many bytes of commands may wait.
    """

    def __init__(
        self, *, max_frames: int = 64, max_commands: int = 1_000, max_command_bytes: int = 32 * 1024 * 1024
    ) -> None:
        self._max_frames = max_frames
        self._max_commands = max_commands
        self._max_command_bytes = max_command_bytes
        self._frames: deque[tuple[int, bytes]] = deque()
        self._commands: deque[tuple[int, bytes]] = deque()
        self._command_bytes = 0
        self._counter = 0
        self.dropped_frames = 0

    def __len__(self) -> int:
        return len(self._frames) + len(self._commands)

    def put_frame(self, payload: bytes) -> None:
        """Queue a message that a newer one makes worthless."""
        if len(self._frames) >= self._max_frames:
            self._frames.popleft()
            self.dropped_frames += 1
        self._frames.append((self._number(), payload))

    def put_command(self, payload: bytes) -> None:
        """Queue a message that must arrive.

        Raises:
            PeerTooSlow: the bound is reached; nothing was queued.
        """
        if len(self._commands) >= self._max_commands or self._command_bytes + len(payload) > self._max_command_bytes:
            raise PeerTooSlow(f"{len(self._commands)} messages of {self._command_bytes} bytes wait already")
        self._commands.append((self._number(), payload))
        self._command_bytes += len(payload)

    def put_back(self, payload: bytes) -> None:
        """Queue a command that could not be sent before all others, whatever the bound."""
        self._commands.appendleft((-self._number(), payload))
        self._command_bytes += len(payload)

    def take(self) -> tuple[bytes, bool] | None:
        """Return the oldest message and whether it is a command, or None."""
        if self._commands and (not self._frames or self._commands[0][0] < self._frames[0][0]):
            payload = self._commands.popleft()[1]
            self._command_bytes -= len(payload)
            return payload, True
        return (self._frames.popleft()[1], False) if self._frames else None

    def _number(self) -> int:
        self._counter += 1
        return self._counter
