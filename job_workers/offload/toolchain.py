"""Which compilers this machine has, and a text that changes when one of them does. Runs none."""

from pathlib import Path

from job_workers.domain.builds import TOOLS

_FOLDER = Path("/usr/bin")


def installed_tools() -> tuple[str, ...]:
    """Return the names of the tools that a build line may use here."""
    return tuple(tool for tool in TOOLS if (_FOLDER / tool).exists())


def toolchain() -> str:
    """Return what names the versions of all tools: a package that is replaced has other files."""
    told = []
    for tool in installed_tools():
        real = (_FOLDER / tool).resolve()
        seen = real.stat()
        told.append(f"{tool}={real}:{seen.st_size}:{seen.st_mtime_ns}")
    return " ".join(told)
