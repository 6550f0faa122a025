"""The portraits that the sample footage is made of; it does not draw anything.

They come inside two packages of the registry: the source package of `face_recognition` 1.3.0 (two American presidents)
and a wheel of scikit-image (an astronaut, by NASA). Only the named members are read out of the archives.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
import zipfile
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory

from faces.pip_download import TIMEOUT_S, download_packages

_MOST_BYTES = 4_000_000


class PictureChanged(Exception):
    """A package does not hold the picture that this version of the footage is made for."""


@dataclass(frozen=True, slots=True)
class _Picture:
    name: str
    member: str
    sha256: str


_SDIST = "face_recognition-1.3.0/tests/test_images/"
PICTURES = (
    _Picture("obama.jpg", _SDIST + "obama.jpg", "0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6"),
    _Picture("obama2.jpg", _SDIST + "obama2.jpg", "a7efcc907375274796f39646510704aa86672d59f6d5469d69af3c85590976a6"),
    _Picture("obama3.jpg", _SDIST + "obama3.jpg", "76ac6bf97c36dc2da0ad16a537d6a5ac1b10f48d49aac29a0cca9a17cdbc3ca3"),
    _Picture("biden.jpg", _SDIST + "biden.jpg", "3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c"),
    _Picture(
        "astronaut.png",
        "skimage/data/astronaut.png",
        "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
    ),
)


def fetch_pictures(data_dir: Path, *, timeout_s: float = TIMEOUT_S) -> dict[str, Path]:
    """Return the path of each portrait by file name, under `<data_dir>/pictures/`; downloads 17 MB the first time.

    Raises:
        PackagesUnreachable: the registry could not be reached within `timeout_s`.
        PictureChanged: a package does not hold the expected picture.
    """
    folder = data_dir / "pictures"
    paths = {picture.name: folder / picture.name for picture in PICTURES}
    if all(_is_whole(paths[picture.name], picture) for picture in PICTURES):
        return paths
    folder.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(dir=folder) as downloads,
        as_file(files("drill") / "pictures.lock") as lock,
    ):
        packages = download_packages(lock, Path(downloads), timeout_s=timeout_s)
        for picture in PICTURES:
            _keep(paths[picture.name], _checked(picture, packages))
    return paths


def read_member(package: Path, member: str) -> bytes | None:
    """Return one member of a wheel or source package, None when there is none or it is over 4 MB."""
    if package.suffix == ".whl":
        with zipfile.ZipFile(package) as wheel:
            if member not in wheel.namelist() or wheel.getinfo(member).file_size > _MOST_BYTES:
                return None
            return wheel.read(member)
    with tarfile.open(package) as sdist:
        entry = next((entry for entry in sdist if entry.name == member and entry.isreg()), None)
        stream = sdist.extractfile(entry) if entry is not None and entry.size <= _MOST_BYTES else None
        return stream.read() if stream is not None else None


def _is_whole(path: Path, picture: _Picture) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == picture.sha256


def _checked(picture: _Picture, packages: list[Path]) -> bytes:
    contents = (read_member(package, picture.member) for package in packages)
    content = next((content for content in contents if content is not None), None)
    if content is None:
        names = ", ".join(package.name for package in packages)
        raise PictureChanged(f"expected {picture.member} in one of {names}, found no such member")
    if hashlib.sha256(content).hexdigest() != picture.sha256:
        raise PictureChanged(f"{picture.member}: expected sha256 {picture.sha256}, got another picture")
    return content


def _keep(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(content)
    unfinished.replace(path)
