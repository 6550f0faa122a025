"""Which of the servers is spoken to, and what it has to be told next. Sends nothing and reads no clock."""

from enum import Enum

LONGEST_WAIT = 10.0


class Step(Enum):
    """How far the way onto a server's roster is; the value is the request that comes next."""

    JOIN = "cloudJoinReq"
    ASK = "getJobs"
    JOINED = "heartbeat"


class Failover:
    """Joins one server, asks it for its jobs, and keeps in touch; at a failed request goes to the other.

    Args:
        servers: addresses, the first is preferred at the start.
        heartbeat: seconds between two heartbeats.
    """

    def __init__(self, servers: tuple[str, ...], *, heartbeat: float) -> None:
        self._servers = servers
        self._heartbeat = heartbeat
        self._current = 0
        self._step = Step.JOIN
        self._due = 0.0
        self._failures = 0
        self.switches = 0

    @property
    def server(self) -> str:
        """The server that is spoken to now."""
        return self._servers[self._current]

    @property
    def joined(self) -> bool:
        """Whether this server knows the cloudlet and was asked for its jobs."""
        return self._step is Step.JOINED

    def due(self, now: float) -> str | None:
        """Return the request to send now, None while there is none."""
        return self._step.value if now >= self._due else None

    def wait(self, now: float) -> float:
        """Return the seconds until something is due."""
        return max(0.0, self._due - now)

    def succeeded(self, request: str, now: float) -> None:
        """Note that the current server answered 200."""
        self._failures = 0
        if request == self._step.value:
            self._step = {Step.JOIN: Step.ASK, Step.ASK: Step.JOINED, Step.JOINED: Step.JOINED}[self._step]
            self._due = now + self._heartbeat if self.joined else now

    def failed(self, server: str, now: float) -> None:
        """Go to the other server, unless that was done already; when all have failed, wait longer each time."""
        if server != self.server:
            return
        self._failures += 1
        self._step = Step.JOIN
        if len(self._servers) > 1:
            self._current = (self._current + 1) % len(self._servers)
            self.switches += 1
        rounds = self._failures // len(self._servers)
        self._due = now + (min(LONGEST_WAIT, 0.25 * 2.0 ** min(rounds, 10)) if rounds else 0.0)
