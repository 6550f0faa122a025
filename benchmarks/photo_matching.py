"""Compares matching photos with jobs: ours, each photo once, and the legacy way: `python -m benchmarks.photo_matching`.

CPU time of one thread on both sides; the matches have to be the same. Asserts nothing about time.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import get_args

import numpy as np

from benchmarks import face_pictures, photo_sets
from benchmarks.comparison import LEAST_RUNS, ResultsDiffer, Spread
from benchmarks.machine import described
from benchmarks.peak_memory import Side
from benchmarks.photo_memory import peak_megabytes
from benchmarks.photo_ours import Matches, Ours, default
from benchmarks.results import RESULTS, write_section
from faces import engine_kind, load_engine
from job_workers.photos.photo_reader import read_photo

TITLE = "Photos against jobs"
PACKAGES = ("onnxruntime", "dlib-bin", "face-recognition", "pillow", "numpy")
DETECTORS = ("cnn", "hog")
SETS: dict[str, tuple[Callable[[], photo_sets.PhotoSet], tuple[int, ...]]] = {
    "stills": (photo_sets.stills, (1, 10, 100)),
    "group": (photo_sets.group, (1, 10)),
    "phone": (photo_sets.phone, (1, 10)),
}
"""What is matched, and with how many jobs; a hundred jobs take the legacy way minutes for each large photo."""

WIDTHS = (40, 60, 80, 100, 120, 150, 200, 250)
COLUMNS = (
    "photos",
    "jobs",
    "our detector",
    "ours, CPU ms (min/median/max)",
    "legacy, CPU ms",
    "times cheaper",
    "by the clock",
    "matches",
)
GOAL = "Goal: each photo once, 40 times cheaper with 10 jobs."


def theirs(photos: Sequence[bytes], references: dict[str, list[np.ndarray]]) -> Matches:
    """Return the same, the legacy way."""
    from benchmarks.peers import legacy_cloudlet  # noqa: PLC0415 - not loaded where memory is measured

    wide = {job: [row.astype(np.float64) for row in rows] for job, rows in references.items()}
    return legacy_cloudlet.matches(photos, wide, tolerance=photo_sets.TOLERANCE)


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds of every run of one side: of the processor, and of the clock."""

    cpu: list[float]
    wall: list[float]

    def run(self, work: Callable[[], object]) -> None:
        """Do the work once."""
        began, cpu = perf_counter(), process_time()
        work()
        self.cpu.append(process_time() - cpu)
        self.wall.append(perf_counter() - began)


def rows(name: str, *, runs: int) -> list[str]:
    """Return the table's rows for one set of photos.

    Raises:
        ResultsDiffer: the matches do.
    """
    made, job_counts = SETS[name]
    told, lines = made(), []
    for jobs in job_counts:
        ours = {detector: Ours.with_jobs(detector, jobs) for detector in DETECTORS}
        references = ours["cnn"].references
        wanted = theirs(told.photos, references)
        for detector, side in ours.items():
            if (found := side.matches(told.photos)) != wanted:
                raise ResultsDiffer(f"{told.text}, {jobs} jobs, {detector}: expected {wanted}, got {found}")
        legacy, timed = Timed([], []), {detector: Timed([], []) for detector in DETECTORS}
        for _ in range(max(runs, LEAST_RUNS)):
            legacy.run(lambda: theirs(told.photos, references))  # noqa: B023 - called here
            for detector, side in ours.items():
                timed[detector].run(lambda: side.matches(told.photos))  # noqa: B023 - called here
        lines += [
            _line([told.text, str(jobs), detector, *_figures(timed[detector], legacy, len(wanted))])
            for detector in DETECTORS
        ]
        print("\n".join(lines[-len(DETECTORS) :]), flush=True)
    return lines


def _figures(ours: Timed, legacy: Timed, matches: int) -> list[str]:
    cpu = Spread.of([them / us for them, us in zip(legacy.cpu, ours.cpu, strict=True)])
    wall = Spread.of([them / us for them, us in zip(legacy.wall, ours.wall, strict=True)])
    return [
        _spread(Spread.of(ours.cpu)),
        _spread(Spread.of(legacy.cpu)),
        f"{cpu.least:.1f} / **{cpu.middle:.1f}** / {cpu.most:.1f}",
        f"{wall.middle:.1f}",
        f"the same {matches}",
    ]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _spread(spread: Spread) -> str:
    return " / ".join(f"{seconds * 1000:.0f}" for seconds in (spread.least, spread.middle, spread.most))


def found_by_width() -> list[str]:
    """Return a table: of the four faces in a photo of 12 MP, how many each side finds at each width."""
    from benchmarks import face_peers  # noqa: PLC0415 - as above

    engines = {detector: load_engine("hog" if detector == "hog" else "cnn") for detector in DETECTORS}
    lines = ["| face, px of 4032 | ours, cnn | ours, hog | face_recognition |", "| --- | --- | --- | --- |"]
    for width in WIDTHS:
        scene, counts = face_pictures.row_of_faces(width), []
        photo = read_photo(photo_sets.jpeg(scene.picture), longest_side=int(default("longest_side"))).picture
        shrunk = photo.shape[1] / scene.picture.shape[1]
        for engine in engines.values():
            boxes = engine.detect(photo).boxes / shrunk
            counts.append(_around(boxes, scene))
        counts.append(_around(face_peers.locations(scene.picture), scene))
        lines.append(f"| {width} | " + " | ".join(f"{count} of {len(scene.faces_at)}" for count in counts) + " |")
    return lines


def _around(boxes: np.ndarray, scene: face_pictures.Scene) -> int:
    """Return how many of a scene's faces lie in one of the boxes."""
    x, y = scene.faces_at[:, :1], scene.faces_at[:, 1:]
    inside = (boxes[:, 0] < x) & (x < boxes[:, 2]) & (boxes[:, 1] < y) & (y < boxes[:, 3])
    return int(inside.any(axis=1).sum())


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; return 0, or 1 when the two sides do not find the same."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.photo_matching", description=__doc__)
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS), help="which photos")
    parser.add_argument("--runs", type=int, default=LEAST_RUNS, help=f"runs of each side, at least {LEAST_RUNS}")
    chosen = parser.parse_args(arguments)
    machine = described(PACKAGES)
    print(machine)
    lines = [
        f"Ours with the workers' defaults: photos looked at {default('longest_side'):.0f} pixels wide,",
        f"faces from {engine_kind('dlib').min_face_px:.0f} pixels of that on; the legacy way with face_recognition's.",
        "Decoding included, one thread each.",
        "",
        _line(COLUMNS),
        _line(["---"] * len(COLUMNS)),
    ]
    try:
        for name in chosen.sets:
            lines += rows(name, runs=chosen.runs)
    except ResultsDiffer as fault:
        print(f"the two sides did not find the same: {fault}")
        return 1
    sides = get_args(Side)
    peaks = [f"{side} {peak_megabytes(side):.0f} MB" for side in sides]
    lines += ["", f"{GOAL} Most memory for the photo of 12 MP: {', '.join(peaks)}.", ""]
    lines += ["Which faces of a photo of 12 MP are found at all:", "", *found_by_width()]
    text = f"{machine}\n\n" + "\n".join(lines) + "\n"
    print(text)
    if list(chosen.sets) == list(SETS):
        write_section(TITLE, text, RESULTS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
