"""Says what is missing on this machine, and how to mend it. Mends nothing itself."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from backbone.errors import Unavailable
from faces import DEFAULT_ENGINE, EngineMissing, EngineName, FacesError, load_engine
from faces.weights import Weights, locked_weights, verified_path
from searchlight.embedded_redis import find_binary
from searchlight.sandbox_check import sandbox_state

NEEDED_DISK_BYTES = 1_000_000_000
NEEDED_MEMORY_BYTES = 1_000_000_000
PACKAGES = ("tornado", "msgspec", "redis", "opencv-python-headless", "dlib-bin", "face_recognition_models", "numpy")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `mend` is empty when it is fine, `needed` tells whether a run needs it."""

    name: str
    detail: str
    mend: str = ""
    needed: bool = True


def run(*, data_dir: Path, engine: EngineName) -> int:
    """Print every finding; return 1 when something that a run with this engine needs is missing."""
    failed = 0
    for finding in findings(data_dir, engine):
        mark = "ok     " if not finding.mend else ("MISSING" if finding.needed else "note   ")
        print(f"{mark}  {finding.name:<18} {finding.detail}", flush=True)
        if finding.mend:
            print(f"{'':29}mend it: {finding.mend}", flush=True)
            failed += finding.needed
    print("everything that a run needs is there" if not failed else f"{failed} needed thing(s) missing")
    return 1 if failed else 0


def findings(data_dir: Path, engine: EngineName) -> Iterator[Finding]:
    """Look at this machine, thing by thing."""
    yield _machine()
    yield from map(_package, PACKAGES)
    yield _face_engine(engine)
    yield from (_weights(weights, engine) for weights in locked_weights().values())
    yield _redis()
    yield _broker()
    yield _disk(data_dir)
    yield _memory()
    yield _browser()
    yield _cameras()
    yield _sandbox()


def _machine() -> Finding:
    text = f"Python {platform.python_version()} on {platform.machine()}, {os.cpu_count()} cores"
    mend = "" if sys.version_info >= (3, 11) else "install Python 3.11 or newer"
    return Finding("machine", text, mend)


def _package(name: str) -> Finding:
    try:
        return Finding(name, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, "not installed", "make install")


def _face_engine(name: EngineName) -> Finding:
    try:
        engine = load_engine(name)
    except EngineMissing as fault:
        return Finding("face engine", f"{name}: {fault}", f"make clean install, or take --engine {DEFAULT_ENGINE}")
    except (FacesError, ImportError) as fault:
        return Finding("face engine", f"{name}: {fault}", "make clean install")
    return Finding("face engine", f"{engine.name}: {engine.model_id}, detector {engine.detector} on {engine.provider}")


def _weights(weights: Weights, engine: EngineName) -> Finding:
    """Say whether a file is the lock's, and under which terms it is; docs/models.md says more."""
    used = engine in weights.engines
    text = f"{weights.name}, {weights.licence}"
    try:
        verified_path(weights.name)
    except FacesError as fault:
        return Finding("face weights", f"{text}: {fault}", "python -m faces.prepare", needed=used)
    whose = "in use" if used else f"of {' and '.join(weights.engines)}"
    return Finding("face weights", f"{text}, {whose}, sha256 verified")


def _redis() -> Finding:
    try:
        _, origin = find_binary()
    except Unavailable as fault:
        return Finding("redis", fault.message, "sudo apt-get install redis-server")
    return Finding("redis", origin)


def _broker() -> Finding:
    found = _first(shutil.which, "mosquitto", "/usr/sbin/mosquitto")
    if found is not None:
        return Finding("mqtt broker", found)
    carried = importlib.util.find_spec("amqtt") is not None
    text = "amqtt, which keeps nothing over a restart" if carried else "neither mosquitto nor amqtt"
    return Finding("mqtt broker", text, "sudo apt-get install mosquitto", needed=not carried)


def _disk(data_dir: Path) -> Finding:
    existing = next(folder for folder in (data_dir.resolve(), *data_dir.resolve().parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    writable = os.access(existing, os.W_OK)
    text = f"{free / 1e9:.1f} GB free for {data_dir}" + ("" if writable else ", which cannot be written")
    enough = writable and free >= NEEDED_DISK_BYTES
    return Finding("disk", text, "" if enough else "free 1 GB, or name another folder with --data-dir")


def _memory() -> Finding:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    mend = "" if total >= NEEDED_MEMORY_BYTES else "use a machine with 1 GB or more, or run only one camera on it"
    return Finding("memory", f"{total / 1e9:.1f} GB", mend)


def _browser() -> Finding:
    found = _first(shutil.which, "chromium", "chromium-browser", "google-chrome")
    if found is None:
        return Finding("test browser", "none", "sudo apt-get install chromium (only the tests use it)", needed=False)
    return Finding("test browser", found)


def _cameras() -> Finding:
    devices = sorted(str(device) for device in Path("/dev").glob("video*"))
    if not devices:
        return Finding("cameras", "no /dev/video*", "plug one in, or use rtsp:// and file: sources", needed=False)
    closed = [device for device in devices if not os.access(device, os.R_OK | os.W_OK)]
    mend = "sudo usermod -aG video $USER, then sign in again" if closed else ""
    return Finding("cameras", ", ".join(devices), mend, needed=False)


def _sandbox() -> Finding:
    holds, told = sandbox_state()
    mend = "" if holds else "sudo apt-get install bubblewrap gcc libc6-dev make; offloaded code is refused till then"
    return Finding("sandbox", told, mend, needed=False)


def _first(look: Callable[[str], str | None], *names: str) -> str | None:
    return next((found for name in names if (found := look(name)) is not None), None)
