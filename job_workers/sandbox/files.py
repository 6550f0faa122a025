"""Unpacks what a sandbox left, in memory and within bounds. Reads and writes no file outside."""

import io
import tarfile
from collections.abc import Iterator
from pathlib import PurePosixPath

from backbone.errors import BadInput
from job_workers.domain.sandbox_file import SandboxFile

MOST_FILES = 256


def files_of_tar(packed: bytes, *, most_bytes: int) -> tuple[SandboxFile, ...]:
    """Return the plain files of a tar that foreign code may have shaped; links and devices are left out.

    Raises:
        BadInput: it is no tar, a name leads out of the folder, or it holds too much.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(packed), mode="r:") as archive:
            return tuple(_plain(archive, most_bytes))
    except (tarfile.TarError, UnicodeError, OSError, ValueError) as fault:
        raise BadInput(f"expected the build's files as a tar, got: {fault}", code="bad_build") from None


def _plain(archive: tarfile.TarFile, most_bytes: int) -> Iterator[SandboxFile]:
    count, left = 0, most_bytes
    for member in archive:
        if not member.isreg() or member.issparse():
            continue
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in member.name:
            raise BadInput(f"expected files below the build's folder, got {member.name[:100]!r}", code="bad_build")
        count, left = count + 1, left - member.size
        if count > MOST_FILES or left < 0:
            most = f"{MOST_FILES} files and {most_bytes >> 20} MB"
            raise BadInput(f"expected the build to leave at most {most}, it left more", code="bad_build")
        content = archive.extractfile(member)
        yield SandboxFile(str(path), content.read() if content is not None else b"", bool(member.mode & 0o100))
