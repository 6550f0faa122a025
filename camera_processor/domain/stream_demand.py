"""Whether the next frame has to be encoded for the orchestrator's viewers. Does not encode or send."""

from backbone.pacer import Pacer

MAX_FPS = 60.0
MAX_WIDTH = 4096
MAX_TOKENS = 16


class StreamDemand:
    """What the orchestrator asked for: fps and width, and how many JPEGs it still takes (token flow control)."""

    def __init__(self) -> None:
        self.fps = 0.0
        self.width = 0
        self.tokens = 0
        self._pacer = Pacer()

    def start(self, *, fps: float, width: int, tokens: int) -> None:
        """Begin to send, at most `fps` a second and one for each token."""
        self.fps = min(max(fps, 0.1), MAX_FPS)
        self.width = min(max(width, 16), MAX_WIDTH)
        self.tokens = min(tokens, MAX_TOKENS)
        self._pacer = Pacer()

    def add_tokens(self, tokens: int) -> None:
        """Take note that JPEGs arrived."""
        self.tokens = min(self.tokens + tokens, MAX_TOKENS)

    def stop(self) -> None:
        """Send nothing more."""
        self.fps, self.tokens = 0.0, 0

    def wants(self, now: float) -> bool:
        """Return whether a JPEG of the frame at `now` (monotonic seconds) is wanted, and count it as sent when so."""
        if not self.fps or self.tokens <= 0 or not self._pacer.lets_pass(now, per_second=self.fps):
            return False
        self.tokens -= 1
        return True
