"""Draws error rates over thresholds as a PNG, with Pillow alone; it computes no rate."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

from benchmarks.error_rates import THRESHOLDS, Pairs, Rate

_SIZE = (960, 600)
_LEFT, _TOP, _RIGHT, _BOTTOM = 80, 50, 930, 530
_FMR, _FNMR, _INK, _GRID = (200, 50, 40), (30, 90, 190), (40, 40, 40), (225, 225, 225)
_MARKED = {0.5: "alerts", 0.6: "legacy jobs"}


def draw(pairs: Pairs, path: Path, *, title: str) -> None:
    """Write the plot: rates with their bounds shaded, the two default thresholds marked."""
    image = Image.new("RGB", _SIZE, "white")
    pen = ImageDraw.Draw(image, "RGBA")
    pen.text((_LEFT, 15), title, fill=_INK, font_size=18)
    for tenth in range(11):
        _, y = _place(0.3, tenth / 10)
        pen.line((_LEFT, y, _RIGHT, y), fill=_GRID)
        pen.text((_LEFT - 12, y), f"{tenth * 10} %", fill=_INK, anchor="rm", font_size=14)
    for tenth in range(3, 10):
        x, _ = _place(tenth / 10, 0)
        pen.line((x, _TOP, x, _BOTTOM), fill=_GRID)
        pen.text((x, _BOTTOM + 12), f"{tenth / 10}", fill=_INK, anchor="ma", font_size=14)
    for threshold, name in _MARKED.items():
        x, _ = _place(threshold, 0)
        pen.line((x, _TOP, x, _BOTTOM), fill=_INK, width=2)
        pen.text((x + 6, _TOP + 6), f"{threshold} {name}", fill=_INK, font_size=14)
    thresholds = [float(threshold) for threshold in THRESHOLDS]
    _curve(pen, [(threshold, pairs.fmr(threshold)) for threshold in thresholds], _FMR)
    _curve(pen, [(threshold, pairs.fnmr(threshold)) for threshold in thresholds], _FNMR)
    pen.text((_LEFT, 565), f"FMR, {len(pairs.different)} pairs of two persons", fill=_FMR, font_size=16)
    pen.text((_LEFT + 380, 565), f"FNMR, {len(pairs.same)} pairs of one person", fill=_FNMR, font_size=16)
    image.save(path, "PNG")


def _curve(pen: ImageDraw.ImageDraw, rates: list[tuple[float, Rate]], colour: tuple[int, int, int]) -> None:
    rates = [(threshold, rate) for threshold, rate in rates if rate.of]
    if not rates:
        return
    low = [_place(threshold, rate.bounds[0]) for threshold, rate in rates]
    high = [_place(threshold, rate.bounds[1]) for threshold, rate in rates]
    pen.polygon([*low, *reversed(high)], fill=(*colour, 40))
    pen.line([_place(threshold, rate.share) for threshold, rate in rates], fill=colour, width=3)


def _place(threshold: float, share: float) -> tuple[float, float]:
    return _LEFT + (threshold - 0.3) / 0.6 * (_RIGHT - _LEFT), _BOTTOM - share * (_BOTTOM - _TOP)
