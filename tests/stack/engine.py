"""A container engine as the tests see it: commands with a bound, and what an image or a container is made of."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

from tests.processes import ROOT

CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


def run(*command: str, patience: float = 60, environment: Mapping[str, str] | None = None, given: str = "") -> str:
    """Return what a command prints; fail with its last words when it fails or takes too long."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        input=given,
        timeout=patience,
        check=False,
        cwd=ROOT,
        env=os.environ | dict(environment or {}),
    )
    said = done.stderr[-3000:] + done.stdout[-3000:]
    assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}: {said}"
    return done.stdout


def tell(text: str) -> None:
    """Say a figure to whoever reads the run (`pytest -s`, or the captured output of a failure)."""
    sys.stdout.write(f"{text}\n")


def docker(*arguments: str, patience: float = 60) -> str:
    return run("docker", *arguments, patience=patience)


def inspect(name: str) -> dict[str, Any]:
    return json.loads(docker("inspect", name))[0]


def compose_file(name: str, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return a compose file as compose itself reads it, every profile included."""
    command = ("docker", "compose", "-f", f"stack/{name}", "--profile", "*", "config", "--format", "json")
    return json.loads(run(*command, environment=environment))


@contextmanager
def _output(*command: str) -> Iterator[IO[bytes]]:
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield process.stdout
        process.stdout.close()


def files_in(image: str) -> dict[str, int]:
    """Return every path of an image, as a container sees it, with its size."""
    container = docker("create", image).strip()
    try:
        with _output("docker", "export", container) as out, tarfile.open(fileobj=out, mode="r|") as files:
            return {entry.name: entry.size for entry in files}
    finally:
        docker("rm", "--volumes", container)


def first_bytes(image: str, path: str, count: int, *, platform: str | None = None) -> bytes:
    chosen = ("--platform", platform) if platform is not None else ()
    container = docker("create", *chosen, image).strip()
    try:
        with (
            _output("docker", "cp", "--follow-link", f"{container}:{path}", "-") as out,
            tarfile.open(fileobj=out, mode="r|") as files,
        ):
            for entry in files:
                content = files.extractfile(entry)
                return content.read(count) if content is not None else b""
        return b""
    finally:
        docker("rm", "--volumes", container)


def blobs_of(image: str) -> Iterator[bytes]:
    """Yield everything that an image is made of, layers and configuration, uncompressed."""
    with _output("docker", "save", image) as out, tarfile.open(fileobj=out, mode="r|") as saved:
        for entry in saved:
            content = saved.extractfile(entry)
            if content is None:
                continue
            blob = content.read()
            yield gzip.decompress(blob) if blob[:2] == b"\x1f\x8b" else blob


def layers_of(image: str) -> Iterator[tarfile.TarFile]:
    """Yield every layer of an image, the ones that a later one hides included."""
    for plain in blobs_of(image):
        if plain[257:262] == b"ustar":
            with tarfile.open(fileobj=io.BytesIO(plain)) as layer:
                yield layer


def platforms_of(image: str) -> set[str]:
    """Return the platforms whose content is in the local store."""
    with _output("docker", "save", image) as out, tarfile.open(fileobj=out, mode="r|") as saved:
        blobs: dict[str, dict[str, Any]] = {}
        for entry in saved:
            content = saved.extractfile(entry)
            if content is not None and entry.size < 200_000:
                try:
                    blobs[entry.name] = json.loads(content.read())
                except ValueError:
                    continue
    return {
        f"{told['os']}/{told['architecture']}" for told in blobs.values() if isinstance(told, dict) and "rootfs" in told
    }
