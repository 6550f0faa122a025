"""The matching of a phone's photo in a process of its own, where only one side is loaded, and the memory that it took.

`python -m benchmarks.photo_memory ours|theirs` prints it in MB; what a parent has imported does not count.
"""

from __future__ import annotations

import sys

import numpy as np

from benchmarks import photo_sets
from benchmarks.children import told_by
from benchmarks.peak_memory import Side, own_peak_megabytes

_JOBS = 10
_SECONDS = 300.0


def peak_megabytes(side: Side) -> float:
    """Return the most memory in MB that `match` takes in a fresh process."""
    return float(told_by([sys.executable, "-m", "benchmarks.photo_memory", side], timeout=_SECONDS))


def match(side: Side) -> None:
    """Match one photo of 12 MP with ten jobs that seek nobody in it: whom they seek takes no memory to speak of."""
    photos = photo_sets.phone().photos
    rows = np.random.default_rng(7).normal(0, 1, (_JOBS, 128)).astype(np.float32)
    references = {f"job {job}": [row] for job, row in enumerate(rows)}
    if side == "ours":
        from benchmarks.photo_ours import Ours  # noqa: PLC0415 - the other side must not be loaded
        from faces import load_engine  # noqa: PLC0415 - as above

        Ours(load_engine("cnn"), references).matches(photos)
        return
    from benchmarks.peers import legacy_cloudlet  # noqa: PLC0415 - as above

    wide = {job: [row.astype(np.float64) for row in rows] for job, rows in references.items()}
    legacy_cloudlet.matches(photos, wide, tolerance=photo_sets.TOLERANCE)


if __name__ == "__main__":
    match("ours" if sys.argv[1] == "ours" else "theirs")
    print(own_peak_megabytes())
