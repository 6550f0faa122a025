"""Compares the face engine with dlib and face_recognition and writes the table: `python -m benchmarks.faces`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.comparison import LEAST_RUNS, Measured, ResultsDiffer, measure
from benchmarks.face_memory import peak_megabytes
from benchmarks.face_rows import ROWS
from benchmarks.frame_rate import frame_rates
from benchmarks.machine import described
from benchmarks.peak_memory import Side
from benchmarks.results import RESULTS, table, write_section

TITLE = "Faces"
PACKAGES = ("onnxruntime", "dlib-bin", "face-recognition", "numpy")
_WITH_MEMORY = ("cnn", "small")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; return 0, or 1 when the two sides of a row do not agree."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faces", description="Compares the face engine.")
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), default=list(ROWS), help="which pieces of work")
    parser.add_argument("--runs", type=int, default=7, help=f"runs of each side, at least {LEAST_RUNS}")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the file of the table")
    chosen = parser.parse_args(arguments)
    rows: list[Measured] = []
    peaks: dict[str, dict[Side, float]] = {}
    machine = described(PACKAGES)
    print(machine)
    for name in chosen.rows:
        comparison = ROWS[name]()
        try:
            row = measure(comparison, runs=chosen.runs)
        except ResultsDiffer as fault:
            print(f"{comparison.name}: the results differ: {fault}")
            return 1
        rows.append(row)
        if name in _WITH_MEMORY:
            sides: tuple[Side, ...] = ("ours", "theirs")
            peaks[comparison.name] = {side: peak_megabytes(name, side) for side in sides}
        print(table([row], peaks).splitlines()[-1], flush=True)
    text = f"{machine}\n\n{table(rows, peaks)}"
    if list(chosen.rows) == list(ROWS):
        text += f"\n{frame_rates()}"
        write_section(TITLE, text, chosen.results)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
