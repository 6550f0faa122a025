"""What an operator says when old footage is to be looked through. Checks it; does not look for the files."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from backbone.errors import BadInput

MAX_PATH = 500
MAX_CAMERA = 100
LEAST_SECONDS, MOST_SECONDS = 0.04, 3_600.0
DEFAULT_SECONDS = 0.5
MOST_NUMBER = 1e12
KEYS = frozenset({"path", "camera", "beganAt", "everySeconds"})


@dataclass(frozen=True, slots=True)
class FootageForm:
    """Footage that can be looked through.

    Attributes:
        path: below the workers' footage folder, relative; `.` is all of it.
        camera: the name that its sightings carry.
        began_at: when a video begins, seconds since the epoch; None: by the files' own times.
        every_seconds: of the footage's time, between two looks.
    """

    path: str
    camera: str
    began_at: float | None
    every_seconds: float


def read_form(asked: object, *, now: float) -> FootageForm:
    """Return what a JSON value asks for.

    Raises:
        BadInput: it is no object, lacks the path, or a value is not what it must be.
    """
    if not isinstance(asked, dict) or not KEYS.issuperset(asked):
        told = sorted(asked)[:10] if isinstance(asked, dict) else type(asked).__name__
        raise BadInput(f"expected a JSON object with some of {', '.join(sorted(KEYS))}, got {str(told)[:200]}")
    path = _path(asked.get("path"))
    return FootageForm(
        path=path,
        camera=_camera(asked.get("camera", f"footage {path}"[:MAX_CAMERA])),
        began_at=_began_at(asked.get("beganAt"), now=now),
        every_seconds=_every(asked.get("everySeconds", DEFAULT_SECONDS)),
    )


def _path(told: object) -> str:
    """Return a path that stays below its folder; whether something lies there is for the workers to say."""
    text = told if isinstance(told, str) and len(told) <= MAX_PATH and told.isprintable() else ""
    if not text or text.startswith("/") or ".." in text.split("/"):
        expected = f"a path below the workers' footage folder, without .., of at most {MAX_PATH} characters"
        raise BadInput(f"path: expected {expected}, got {str(told)[:100]!r}")
    return text


def _camera(told: object) -> str:
    text = told.strip() if isinstance(told, str) else ""
    if not text or len(text) > MAX_CAMERA or not text.isprintable():
        raise BadInput(f"camera: expected a name of at most {MAX_CAMERA} printable characters, got {str(told)[:100]!r}")
    return text


def _began_at(told: object, *, now: float) -> float | None:
    if told is None:
        return None
    seconds = _moment(told) if isinstance(told, str) else _number(told)
    if seconds is None or not 0 <= seconds <= now:
        expected = "a time that is past, in seconds since the epoch or ISO 8601"
        raise BadInput(f"beganAt: expected {expected}, got {str(told)[:40]!r}")
    return seconds


def _moment(text: str) -> float | None:
    """Return an ISO 8601 time (without zone: UTC)."""
    try:
        told = datetime.fromisoformat(text)
        return (told if told.tzinfo is not None else told.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _every(told: object) -> float:
    seconds = _number(told)
    if seconds is None or not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        raise BadInput(f"everySeconds: expected {LEAST_SECONDS:g} to {MOST_SECONDS:g}, got {str(told)[:40]!r}")
    return seconds


def _number(told: Any) -> float | None:  # noqa: ANN401 - any JSON value
    is_number = isinstance(told, int | float) and not isinstance(told, bool)
    return float(told) if is_number and abs(told) < MOST_NUMBER else None
