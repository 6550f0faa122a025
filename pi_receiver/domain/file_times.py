"""When a file was last written to at its sender, where that tells: the time of a recording. Touches no disk."""

import re
from collections.abc import Mapping

HEADER = "File-Modified"
EARLIEST = 946_684_800.0
"""2000-01-01: a Pi without a clock is somewhere in 1970."""
CLOCK_LEAD_SECONDS = 60.0


def read_modified(headers: Mapping[str, str], now: float) -> float | None:
    """Return the time, seconds since the epoch; None where none is told that can be true: it is a hint."""
    text = headers.get(HEADER, "")
    if re.fullmatch(r"[0-9]{1,11}(\.[0-9]{1,9})?", text) is None:
        return None
    told = float(text)
    return told if EARLIEST <= told <= now + CLOCK_LEAD_SECONDS else None
