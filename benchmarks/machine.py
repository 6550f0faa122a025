"""What a measurement was taken on: processor, system, versions; it measures nothing."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def described(packages: Sequence[str]) -> str:
    """Return one line: date, processor, how many of its cores, load, Python and the versions of these packages."""
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    versions = ", ".join(f"{package} {_version(package)}" for package in packages)
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {_processor()}, {cores} cores, load {load:.1f}, "
        f"Python {platform.python_version()}, {versions}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model"))]
    return f"{names[0]} ({platform.machine()})" if names else platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
