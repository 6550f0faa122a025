"""Which weights files there are, by a lock, and where each is on this machine; it fetches and loads none.

Those of dlib lie in the installed package `face_recognition_models`, the others in this user's cache, where
`python -m faces.prepare` puts them. The package is found without importing it: its import needs `pkg_resources`, which
newer setuptools no longer have. Only the files of the lock are opened; the package's 68-point predictor may not be used
commercially and is therefore not among them.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from faces.errors import BadWeights, WeightsMissing

LOCK = Path(__file__).parent / "weights.lock.toml"
ENCODER = "dlib_face_recognition_resnet_model_v1.dat"
FIVE_POINT_PREDICTOR = "shape_predictor_5_face_landmarks.dat"
CNN_DETECTOR = "mmod_human_face_detector.dat"
YUNET = "face_detection_yunet_2023mar.onnx"
SFACE = "face_recognition_sface_2021dec.onnx"
_MODEL_NAMES = {ENCODER: "dlib-resnet-v1", SFACE: "sface-2021dec"}


@dataclass(frozen=True, slots=True)
class Weights:
    """One entry of the lock.

    Attributes:
        name: of the file.
        size: bytes.
        sha256: its digest, hexadecimal.
        use: what it does here.
        engines: names of those that run it.
        licence: SPDX where there is a name.
        origin: who made it.
        trained_on: as far as it is stated.
        package: requirement of the package that holds it.
        member: the file inside of that package.
        package_sha256: digest of the package when it is fetched for this file alone; None: it is installed beside us.
    """

    name: str
    size: int
    sha256: str
    use: str
    engines: tuple[str, ...]
    licence: str
    origin: str
    trained_on: str
    package: str
    member: str
    package_sha256: str | None = None

    def verify(self, content: bytes, *, where: str) -> bytes:
        """Return the content of the file `where`.

        Raises:
            BadWeights: it was cut short or is another file.
        """
        if len(content) != self.size:
            raise BadWeights(f"{where}: expected {self.name} of {self.size} bytes, found {len(content)} bytes")
        if (found := hashlib.sha256(content).hexdigest()) != self.sha256:
            raise BadWeights(f"{where}: expected {self.name} with sha256 {self.sha256}, found {found}")
        return content


@cache
def locked_weights() -> dict[str, Weights]:
    """Return the entries of the lock by name."""
    with LOCK.open("rb") as file:
        entries = tomllib.load(file)["weights"]
    return {
        entry["name"]: Weights(size=entry.pop("bytes"), engines=tuple(entry.pop("engines")), **entry)
        for entry in entries
    }


def weights_folder() -> Path:
    """Return the folder of the weights that are fetched."""
    return Path("~/.cache/searchlight/weights").expanduser()


def weights_path(name: str) -> Path:
    """Return the path of a weights file; its content is whatever it is, see `verified_path`.

    Raises:
        WeightsMissing: it is not on this machine.
    """
    weights = locked_weights()[name]
    if weights.package_sha256 is not None:
        path, mend = weights_folder() / name, "run `python -m faces.prepare`, which fetches it once"
    else:
        package = weights.member.partition("/")[0]
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise WeightsMissing(f"expected the package {package} for {name}, found no such package")
        path = Path(spec.submodule_search_locations[0]) / weights.member.partition("/")[2]
        mend = f"install {weights.package}"
    if not path.is_file():
        raise WeightsMissing(f"expected the weights file {path}, found no such file; {mend}")
    return path


def verified_path(name: str) -> Path:
    """Return the path of a weights file that is the one of the lock.

    Raises:
        WeightsMissing: it is not on this machine.
        BadWeights: it was cut short or is another file.
    """
    path = weights_path(name)
    locked_weights()[name].verify(path.read_bytes(), where=str(path))
    return path


def model_id(name: str) -> str:
    """Return the short name of the embedder that has these weights; embeddings of different names never compare.

    dlib's stays the one that its own runs had: converted, the same weights give the same embeddings to 1e-6, so what
    was stored before still compares.
    """
    return f"{_MODEL_NAMES[name]}-{locked_weights()[name].sha256[:12]}"
