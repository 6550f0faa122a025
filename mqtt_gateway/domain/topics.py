"""Names of topics and entities that anything may be called by. Publishes nothing."""

import hashlib
import re

from backbone.wire.values import camera_key

ROOT = "searchlight"
AVAILABLE = f"{ROOT}/available"
SIGHTINGS = f"{ROOT}/sightings"
FLEET = f"{ROOT}/fleet"
RESERVED = frozenset({"available", "sightings", "fleet", "cases"})
_FIT = re.compile(r"[A-Za-z0-9_-]{1,48}")


def slug(camera_id: str | int) -> str:
    """Return a camera's name in topics and entity ids: itself where it is fit, else with a digest that tells it apart.

    Home Assistant takes letters, digits, `_` and `-`; a topic takes no `/`, `+` or `#`.
    """
    name = camera_key(camera_id)
    if _FIT.fullmatch(name) and name not in RESERVED:
        return name
    fit = re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:38].strip("_")
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{fit}-{digest}" if fit else f"camera-{digest}"


def camera_state(camera_id: str | int) -> str:
    """Return where a camera's state is told."""
    return f"{ROOT}/{slug(camera_id)}/state"


def camera_snapshot(camera_id: str | int) -> str:
    """Return where the newest picture that a case allows is told."""
    return f"{ROOT}/{slug(camera_id)}/snapshot"


def case_state(object_id: int) -> str:
    """Return where a case's last sighting is told."""
    return f"{ROOT}/cases/{object_id}"


def discovery(prefix: str, component: str, entity: str) -> str:
    """Return where Home Assistant looks for an entity's configuration."""
    return f"{prefix}/{component}/{ROOT}/{entity}/config"
