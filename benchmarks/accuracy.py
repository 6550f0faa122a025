"""Reports error rates on a folder of people, `<person>/<photo>`: `python -m benchmarks.accuracy FOLDER`; tunes nothing.

Of each photo the largest face counts. Photos without a face are listed: they are misses of the detector, not of the
encoder, and are left out of the rates.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from benchmarks.error_plot import draw
from benchmarks.error_rates import Pairs, Rate
from benchmarks.machine import described
from faces import FaceEngine, load_engine

_PRINTED = (0.40, 0.45, 0.50, 0.55, 0.60, 0.65, 0.70)
_MOST_PIXELS = 40_000_000
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the rates and write the plot; return 0, or 2 when the folder holds too little to compare."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description="Error rates on your photos.")
    parser.add_argument("folder", type=Path, help="holds one folder for each person, with photos of that person alone")
    parser.add_argument("--plot", type=Path, default=Path("accuracy.png"), help="the PNG to write")
    parser.add_argument("--detector", choices=["cnn", "hog", "auto"], default="cnn")
    chosen = parser.parse_args(arguments)
    engine = load_engine(chosen.detector)
    embeddings, persons, left_out = embed(engine, chosen.folder)
    print(described(("onnxruntime", "numpy")))
    print(f"{engine.model_id}, detector {engine.detector}: {len(persons)} photos of {len(set(persons))} people")
    for reason in left_out:
        print(f"  left out: {reason}")
    pairs = Pairs.of(embeddings, persons)
    if not len(pairs.same) or not len(pairs.different):
        print(f"{chosen.folder}: expected two people and two photos of one of them, got {len(persons)} faces")
        return 2
    print(rates_table(pairs))
    draw(pairs, chosen.plot, title=f"{len(persons)} photos of {len(set(persons))} people, {engine.model_id}")
    print(f"plot: {chosen.plot}")
    return 0


def embed(engine: FaceEngine, folder: Path) -> tuple[NDArray[np.float32], list[str], list[str]]:
    """Return embeddings (n, 128), each one's person, and which photos were left out and why."""
    rows, persons, left_out = [np.empty((0, 128), dtype=np.float32)], [], []
    for path in sorted(path for path in folder.glob("*/*") if path.suffix.lower() in _SUFFIXES):
        try:
            picture = _read(path)
        except (OSError, UnidentifiedImageError, ValueError) as fault:
            left_out.append(f"{path}: {fault}")
            continue
        found = engine.detect(picture, max(40.0, min(picture.shape[:2]) / 12))
        if not len(found):
            left_out.append(f"{path}: no face")
            continue
        largest = np.prod(found.boxes[:, 2:] - found.boxes[:, :2], axis=1).argmax()
        rows.append(engine.encode(picture, found.pick([int(largest)])))
        persons.append(path.parent.name)
    return np.concatenate(rows), persons, left_out


def rates_table(pairs: Pairs) -> str:
    """Return the rates at some thresholds, with 95 % bounds, as a Markdown table."""
    lines = ["| threshold | FMR (95 %) | FNMR (95 %) |", "| --- | --- | --- |"]
    lines += [f"| {at:.2f} | {_text(pairs.fmr(at))} | {_text(pairs.fnmr(at))} |" for at in _PRINTED]
    lines.append("")
    lines.append(f"farthest pair of one person {pairs.same[-1]:.3f}, nearest pair of two {pairs.different[0]:.3f}")
    return "\n".join(lines)


def _text(rate: Rate) -> str:
    low, high = rate.bounds
    return f"{rate.count}/{rate.of} = {rate.share:.1%} ({low:.1%} to {high:.1%})"


def _read(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        if image.width * image.height > _MOST_PIXELS:
            raise ValueError(f"expected at most {_MOST_PIXELS} pixels, got {image.width}x{image.height}")
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


if __name__ == "__main__":
    sys.exit(main())
