"""The tables of `python -m benchmarks.accuracy` as Markdown; it measures nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.error_budget import Kept
from benchmarks.error_embeddings import Photos, Views, by_person
from benchmarks.error_identification import (
    RATES,
    Cases,
    Tracks,
    days_scores,
    photo_scores,
    threshold_at,
    track_scores,
    view_scores,
)
from benchmarks.error_rates import Pairs, Rate

# Distances of embeddings of length 1, and of dlib's.
_UNIT_PRINTED = (0.90, 0.95, 1.00, 1.03, 1.05, 1.10, 1.15, 1.20)
_DLIB_PRINTED = (0.40, 0.45, 0.50, 0.55, 0.60, 0.65, 0.70)
_PAIR_RATES = (1e-3, 1e-4)


def rates_table(pairs: Pairs, *, unit: bool) -> str:
    """Return the rates at some thresholds, with 95 % bounds."""
    lines = ["| threshold | FMR (95 %) | FNMR (95 %) |", "| --- | --- | --- |"]
    printed = _UNIT_PRINTED if unit else _DLIB_PRINTED
    lines += [f"| {at:.2f} | {_text(pairs.fmr(at))} | {_text(pairs.fnmr(at))} |" for at in printed]
    lines.append("")
    lines.append(f"farthest pair of one person {pairs.same[-1]:.3f}, nearest pair of two {pairs.different[0]:.3f}")
    return "\n".join(lines) + "\n"


def pairs_table(pairs: Pairs) -> str:
    """Return the FNMR at fixed FMRs; a rate that so few pairs cannot show is left out."""
    lines = ["| FMR | threshold | FNMR (95 %) |", "| --- | --- | --- |"]
    for rate in _PAIR_RATES:
        if len(pairs.different) * rate >= 1:
            at = float(pairs.different[int(len(pairs.different) * rate)])
            lines.append(f"| {rate:g} | {at:.3f} | {_text(pairs.fnmr(at))} |")
    return "\n".join(lines) + "\n"


def identification_table(photos: Photos, views: Views, whole: Tracks, model_id: str) -> str:
    """Return which share of people is found at 1 false candidate in 10,000 and in 100,000 strangers."""
    cases = Cases.of(photos)
    single, tracks = view_scores(photos, views, cases, model_id), track_scores(photos, whole, cases, model_id)
    head = [f"found at 1 in {round(1 / rate):,}" for rate in RATES]
    lines = ["| what | " + " | ".join(head) + " |", "| --- |" + " --- |" * len(head)]
    conditions = list(dict.fromkeys(views.conditions.tolist()))
    rows = [
        ("one photo, 3 references", photo_scores(photos, cases), "photo"),
        ("four photos of different days, 1 reference", days_scores(photos), "days"),
        *((f"{condition}, one view", single, condition) for condition in conditions),
        *((f"{condition}, track of four views", tracks, condition) for condition in conditions),
    ]
    for name, scores, condition in rows:
        of_strangers = scores.of_strangers
        cells = []
        for rate in RATES:
            least = threshold_at(of_strangers, rate)
            cells.append(f"{_share(scores.found(condition, least))} (cosine {least:.2f})")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    found = (f"{condition} {views.found[views.conditions == condition].mean():.0%}" for condition in conditions)
    lines += [
        "",
        f"{len(cases.people)} cases, {len(strangers_of(photos))} strangers",
        "faces found: " + ", ".join(found),
    ]
    return "\n".join(lines) + "\n"


def budget_table(kept: Sequence[Kept]) -> str:
    """Return what was shown beside what was asked for."""
    lines = [
        "| cases | references | strangers a day | asked a day | shown | times | with the camera's crowd | times |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row.cases} | {row.references} | {row.passed} | {row.asked:.2f} | {row.shown:.2f} | "
        f"{row.shown / row.asked:.2f} | {row.shown_by_crowd:.2f} | {row.shown_by_crowd / row.asked:.2f} |"
        for row in kept
    ]
    return "\n".join(lines) + "\n"


def strangers_of(photos: Photos) -> NDArray[np.float32]:
    """Return the embedding of everybody of whom there is one photo."""
    rows = [rows[0] for rows in by_person(photos).values() if len(rows) == 1]
    return photos.embeddings[np.array(rows, dtype=np.intp)]


def passed_by(photos: Photos, tracks: Tracks) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return the templates and the qualities of the tracks of all strangers, in all conditions."""
    alone = {person for person, rows in by_person(photos).items() if len(rows) == 1}
    strangers = np.array([str(photos.persons[row]) in alone for row in tracks.photos], dtype=bool)
    return tracks.templates[strangers][:, -1], tracks.qualities[strangers]


def _share(rate: Rate) -> str:
    return f"{rate.count}/{rate.of} = {rate.share:.1%}"


def _text(rate: Rate) -> str:
    low, high = rate.bounds
    return f"{rate.count}/{rate.of} = {rate.share:.1%} ({low:.1%} to {high:.1%})"
