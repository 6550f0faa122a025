"""How well people are recognised on a folder of people, `<person>/<photo>`: `python -m benchmarks.accuracy FOLDER`.

It prints, for each engine: error rates of pairs, people found among strangers from one photo, from weak views and from
tracks, how well quality predicts that, and whether a budget of false candidates is kept. It says nothing of detectors:
photos without a face are listed and left out. What was embedded is kept in `var/`, so that it is done once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.error_budget import kept_budgets, measured_laws
from benchmarks.error_embeddings import Photos, photos_of, views_of
from benchmarks.error_identification import Cases, Tracks
from benchmarks.error_plot import draw
from benchmarks.error_quality import by_yunet, fitted_weights, quality_table
from benchmarks.error_rates import Pairs
from benchmarks.error_tables import (
    budget_table,
    identification_table,
    pairs_table,
    passed_by,
    rates_table,
    strangers_of,
)
from benchmarks.machine import described
from faces import ENGINES, engine_kind, load_engine
from faces.budget import stranger_model

MEASURED = ("sface", "dlib")
# With fewer of either, there is nobody to find or nobody to mistake.
_LEAST_CASES, _LEAST_STRANGERS = 10, 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables and write the plots; return 0, or 2 when the folder holds too little to compare."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description="Error rates on your photos.")
    parser.add_argument("folder", type=Path, help="holds one folder for each person, with photos of that person alone")
    parser.add_argument("--engine", action="append", choices=list(ENGINES), help="may be given more than once")
    parser.add_argument("--plot", type=Path, default=Path("accuracy.png"), help="the PNG to write, one for each engine")
    parser.add_argument("--kept", type=Path, default=Path("var/accuracy"), help="where embeddings are kept")
    parser.add_argument("--calibrate", action="store_true", help="print quality's weights and strangers' laws")
    chosen = parser.parse_args(arguments)
    print(described(("onnxruntime", "numpy")))
    answers = [_measured(name, chosen) for name in chosen.engine or MEASURED]
    return max(answers)


def _measured(name: str, chosen: argparse.Namespace) -> int:
    kind = engine_kind(name)
    engine = load_engine(kind.name)
    photos = photos_of(engine, chosen.folder, chosen.kept)
    people = len(set(photos.persons.tolist()))
    print(f"\n## {engine.model_id}, detector {engine.detector}: {len(photos.persons)} photos of {people} people")
    for reason in photos.left_out:
        print(f"  left out: {reason}")
    pairs = Pairs.of(photos.embeddings, photos.persons.tolist())
    if not len(pairs.same) or not len(pairs.different):
        expected = "expected two people and two photos of one of them"
        print(f"{chosen.folder}: {expected}, got {len(photos.persons)} faces")
        return 2
    print(rates_table(pairs, unit=engine.name == "sface"))
    print(pairs_table(pairs))
    plot = chosen.plot.with_stem(f"{chosen.plot.stem}-{kind.name}")
    draw(pairs, plot, title=f"{len(photos.persons)} photos of {people} people, {engine.model_id}")
    print(f"plot: {plot}")
    if len(Cases.of(photos).people) < _LEAST_CASES or len(strangers_of(photos)) < _LEAST_STRANGERS:
        print(f"too few people for more: {_LEAST_CASES} with four photos, {_LEAST_STRANGERS} with one")
        return 0
    _print_more(photos, chosen, kind.name)
    return 0


def _print_more(photos: Photos, chosen: argparse.Namespace, name: str) -> None:
    """Print what needs many people."""
    engine = load_engine(engine_kind(name).name)
    views = views_of(engine, photos, chosen.kept)
    if chosen.calibrate:
        weights = fitted_weights(photos, views, yunet=by_yunet(engine.model_id))
        print("weights of the quality: " + ", ".join(f"{one:.3f}" for one in weights))
        for law in measured_laws(photos, strangers_of(photos)):
            print(f"Law({law.mean:.3f}, {law.spread:.4f}, {law.bend:.3f})")
    tracks = Tracks.of(views, engine.model_id)
    print(identification_table(photos, views, tracks, engine.model_id))
    print(quality_table(photos, views, engine.model_id))
    model = stranger_model(engine.model_id)
    print("strangers' photos:\n" + budget_table(kept_budgets(photos, strangers_of(photos), model)))
    passed, qualities = passed_by(photos, tracks)
    kept = kept_budgets(photos, passed, model, qualities=qualities)
    print("strangers' tracks of weak views:\n" + budget_table(kept))


if __name__ == "__main__":
    sys.exit(main())
