"""What an operator says when a case is opened. Checks it; does not look at the photos."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from backbone.errors import BadInput
from processor_orchestrator.domain.budget import LEAST_PER_DAY, MOST_PER_DAY, Sensitivity

MAX_NAME = 200
MAX_PURPOSE = 1_000
MAX_THRESHOLD = 1.0
LONGEST_SECONDS = 366 * 86_400.0
MOST_PHOTOS = 200
FIELDS = ("name", "sensitivity", "falseCandidatesPerDay", "threshold", "purpose", "expires", "mqtt", "mqttCrops")
YES, NO = frozenset({"1", "true", "yes", "on"}), frozenset({"", "0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class UploadedPhoto:
    """A file as it came; the name is for people and never a path."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class CaseForm:
    """A case that can be opened.

    Attributes:
        threshold: largest Euclidean distance that is a match, of dlib's model; None: it follows from the budget.
        expires_at: seconds since the epoch.
        mqtt: whether its sightings may be told by MQTT; mqtt_crops: and pictures of them too.
        sensitivity: how many false candidates may be shown, in a word.
        false_candidates_per_day: the same as a number, which counts for more; None: the word's.
    """

    name: str
    threshold: float | None
    purpose: str | None
    expires_at: float
    mqtt: bool = False
    mqtt_crops: bool = False
    sensitivity: Sensitivity = Sensitivity.BALANCED
    false_candidates_per_day: float | None = None


def read_form(fields: Mapping[str, str], *, now: float, timeout: float) -> CaseForm:
    """Return the case that the fields in `FIELDS` describe.

    Args:
        timeout: seconds after which a case ends that does not say when.

    Raises:
        BadInput: a field is missing or is not what it must be.
    """
    name = _text(fields, "name", MAX_NAME)
    if not name:
        raise BadInput("name: expected a text, got none")
    mqtt, crops = _yes(fields, "mqtt"), _yes(fields, "mqttCrops")
    if crops and not mqtt:
        raise BadInput("mqttCrops: expected it together with mqtt, got it alone")
    return CaseForm(
        name=name,
        threshold=_threshold(fields.get("threshold", "").strip()),
        purpose=_text(fields, "purpose", MAX_PURPOSE) or None,
        expires_at=_expires_at(fields.get("expires", "").strip(), now=now, timeout=timeout),
        mqtt=mqtt,
        mqtt_crops=crops,
        sensitivity=_sensitivity(fields.get("sensitivity", "").strip().lower()),
        false_candidates_per_day=_per_day(fields.get("falseCandidatesPerDay", "").strip()),
    )


def _yes(fields: Mapping[str, str], key: str) -> bool:
    text = fields.get(key, "").strip().lower()
    if text not in YES | NO:
        raise BadInput(f"{key}: expected yes or no, got {text[:40]!r}")
    return text in YES


def _text(fields: Mapping[str, str], key: str, longest: int) -> str:
    text = fields.get(key, "").strip()
    if len(text) > longest:
        raise BadInput(f"{key}: expected at most {longest} characters, got {len(text)}")
    if any(not char.isprintable() for char in text):
        raise BadInput(f"{key}: expected printable characters in one line, got others")
    return text


def _sensitivity(text: str) -> Sensitivity:
    words = {word.value: word for word in Sensitivity}
    if text not in words | {"": None}:
        raise BadInput(f"sensitivity: expected one of {', '.join(words)}, got {text[:40]!r}")
    return words.get(text, Sensitivity.BALANCED)


def _per_day(text: str) -> float | None:
    if not text:
        return None
    value = _number(text)
    if value is None or not LEAST_PER_DAY <= value <= MOST_PER_DAY:
        expected = f"expected a number from {LEAST_PER_DAY:g} to {MOST_PER_DAY:g}"
        raise BadInput(f"falseCandidatesPerDay: {expected}, got {text[:40]!r}")
    return value


def _threshold(text: str) -> float | None:
    if not text:
        return None
    value = _number(text)
    if value is None or not 0.0 < value <= MAX_THRESHOLD:
        raise BadInput(f"threshold: expected a distance above 0 and up to {MAX_THRESHOLD:g}, got {text[:40]!r}")
    return value


def _expires_at(text: str, *, now: float, timeout: float) -> float:
    """Return when a case ends: after seconds, or at an ISO 8601 time (without zone: UTC)."""
    if not text:
        return now + timeout
    seconds = _number(text)
    if seconds is None:
        try:
            told = datetime.fromisoformat(text)
        except ValueError:
            raise BadInput(f"expires: expected seconds or an ISO 8601 time, got {text[:40]!r}") from None
        seconds = (told if told.tzinfo is not None else told.replace(tzinfo=UTC)).timestamp() - now
    if not 0.0 < seconds <= LONGEST_SECONDS:
        raise BadInput(f"expires: expected a time within the next {LONGEST_SECONDS:g} s, got {text[:40]!r}")
    return now + seconds


def _number(text: str) -> float | None:
    """Return a plain decimal number; None for anything else that Python would take, such as `nan` or `1_0`."""
    return float(text) if len(text) <= 40 and re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) else None
