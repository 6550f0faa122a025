"""Whether the next frame has to be encoded for the orchestrator's viewers. Does not encode or send."""

from dataclasses import dataclass


@dataclass(slots=True)
class StreamDemand:
    """What the orchestrator asked for: fps and width, and how many JPEGs it still takes (token flow control)."""

    fps: float = 0.0
    width: int = 0
    tokens: int = 0
    _due: float = 0.0

    def start(self, *, fps: float, width: int, tokens: int) -> None:
        """Begin to send, at most `fps` a second and one for each token."""
        self.fps, self.width, self.tokens = min(max(fps, 0.1), 60.0), min(max(width, 16), 4096), min(tokens, 16)
        self._due = 0.0

    def add_tokens(self, tokens: int) -> None:
        """Take note that JPEGs arrived."""
        self.tokens = min(self.tokens + tokens, 16)

    def stop(self) -> None:
        """Send nothing more."""
        self.fps, self.tokens = 0.0, 0

    def wants(self, now: float) -> bool:
        """Return whether a JPEG of the frame at `now` (monotonic seconds) is wanted, and count it as sent when so."""
        if not self.fps or self.tokens <= 0 or now < self._due:
            return False
        self.tokens -= 1
        # A quarter of a period of grace: cameras jitter, and a frame that is refused here comes again a period later.
        self._due = now + 0.75 / self.fps
        return True
