"""How well the quality of a view predicts what it scores with its own person, and the weights that predict it best."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.error_embeddings import Photos, Views
from benchmarks.error_identification import Cases, view_scores
from faces.quality import MEASURES, TERMS, quality, terms

Numbers = NDArray[np.float64]
_RIDGE, _SWEEPS = 1e-2, 3000
# More of a measure is better, of these it is worse. The photos at hand hold no profile: what a turn costs at least is
# taken over, so that a profile (yaw 1 and more) loses 0.15.
_MORE = (0.0, 10.0)
_LESS = (-10.0, 0.0)
_OF_YUNET = ("score", "yaw", "yaw^2", "pitch")
_ALLOWED = {"1": (-10.0, 10.0), "yaw": _LESS, "yaw^2": (-10.0, -0.15), "pitch": _LESS, "noise": _LESS, "noise^2": _LESS}


def fitted_weights(photos: Photos, views: Views, *, yunet: bool, half: int | None = None) -> Numbers:
    """Return the weights of `faces.quality.terms` that predict the cosines best: least squares within what makes sense.

    Args:
        photos: of the people.
        views: of their probes.
        yunet: whether scores and points are YuNet's; those of others are not weighed.
        half: 0 or 1: of every second person alone; None: of all.
    """
    rows, own, cases = _own(photos, views)
    if half is not None:
        rows, own = rows[cases % 2 == half], own[cases % 2 == half]
    held = terms(views.measures[rows])
    square, aim, weights = held.T @ held, held.T @ own, np.zeros(held.shape[1])
    for _ in range(_SWEEPS):
        for at, name in enumerate(TERMS):
            left = aim[at] - square[at] @ weights + square[at, at] * weights[at]
            allowed = _ALLOWED.get(name, _MORE) if yunet or name not in _OF_YUNET else (0.0, 0.0)
            weights[at] = np.clip(left / (square[at, at] + _RIDGE), *allowed)
    return weights


def quality_table(photos: Photos, views: Views, model_id: str) -> str:
    """Return what quality and score are in each condition, and how they go together, as a Markdown table."""
    rows, own, cases = _own(photos, views)
    one = quality(views.measures[rows], model_id)
    lines = ["| view | quality, mean | score with the own template, mean | correlation |", "| --- | --- | --- | --- |"]
    conditions = views.conditions[rows]
    for condition in dict.fromkeys(conditions.tolist()):
        here = conditions == condition
        lines.append(
            f"| {condition} | {one[here].mean():.2f} | {own[here].mean():.2f} | {_alike(one[here], own[here])} |"
        )
    lines.append(f"| all | {one.mean():.2f} | {own.mean():.2f} | {_alike(one, own)} |")
    other = cases % 2 == 1
    held = terms(views.measures[rows][other]) @ fitted_weights(photos, views, yunet=by_yunet(model_id), half=0)
    lines += [
        "",
        f"fitted to every second person, on the others: correlation {_alike(held, own[other])}; of one measure:",
    ]
    lines.append(", ".join(f"{name} {_alike(views.measures[rows, at], own)}" for at, name in enumerate(MEASURES)))
    return "\n".join(lines)


def _own(photos: Photos, views: Views) -> tuple[NDArray[np.intp], Numbers, NDArray[np.int64]]:
    """Return the rows of the people's views, what each scores with its own case (strangers: 0), and the case."""
    scores = view_scores(photos, views, Cases.of(photos))
    rows = np.flatnonzero(scores.case >= 0)
    floor = float(scores.of_strangers.mean())
    return rows, (scores.similar[rows, scores.case[rows]] - floor) / (1 - floor), scores.case[rows]


def _alike(one: Numbers, other: Numbers) -> str:
    if one.std() == 0 or other.std() == 0:
        return "-"
    return f"{np.corrcoef(one, other)[0, 1]:.2f}"


def by_yunet(model_id: str) -> bool:
    """Return whether YuNet comes with this embedder: its points say how a face is turned."""
    return model_id.startswith("sface-")
