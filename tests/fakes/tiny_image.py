"""A container image of a shell and a few commands, made from this machine's own files: nothing is downloaded."""

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

import docker

TAG = "searchlight-test/tiny:1"
COMMANDS = ("sh", "sleep", "cat", "id", "touch", "env")


def real_engine() -> docker.APIClient | None:
    """Return a connection to the engine of this machine, or None where none answers."""
    try:
        return docker.APIClient(version="auto", timeout=10)
    except docker.errors.DockerException:
        return None


def make_tiny_image(client: docker.APIClient) -> str:
    """Load the image into an engine, unless it has it, and return its name."""
    if not client.images(name=TAG):
        client.import_image_from_data(_root(), repository=TAG.partition(":")[0], tag=TAG.partition(":")[2])
    return TAG


def _root() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as root:
        for folder in ("bin", "dev", "proc", "sys", "tmp", "etc", "run", "run/secrets"):
            made = tarfile.TarInfo(folder)
            made.type, made.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            root.addfile(made)
        for command in COMMANDS:
            root.add(_program(command).resolve(), arcname=f"bin/{command}")
        for library in sorted({found for command in COMMANDS for found in _libraries(command)}):
            root.add(Path(library).resolve(), arcname=library.lstrip("/"))
    return out.getvalue()


def _program(command: str) -> Path:
    path = shutil.which(command)
    assert path is not None, command
    return Path(path)


def _libraries(command: str) -> set[str]:
    """Return every library that the loader names for a command."""
    listed = subprocess.run(["ldd", _program(command)], capture_output=True, text=True, check=True).stdout
    return {word for word in listed.split() if word.startswith("/")}
