"""The table in `RESULTS.md`: one section for each command, the others left as they are; it measures nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.comparison import Measured, Spread
from benchmarks.peak_memory import Side

RESULTS = Path(__file__).parent / "RESULTS.md"
_HEAD = "# Results\n\nWritten by `make bench`. Only ratios of one run compare; times drift from machine to machine.\n"
_COLUMNS = (
    "work",
    "instead of",
    "ours, ms (min/median/max)",
    "theirs, ms (min/median/max)",
    "times as fast (min/median/max)",
    "goal",
    "peak MB ours/theirs",
    "results",
)
Peaks = Mapping[str, Mapping[Side, float]]


def table(rows: Sequence[Measured], peaks: Peaks) -> str:
    """Return a Markdown table; `peaks` holds MB by the name of the work and the side."""
    lines = [_line(_COLUMNS), _line(["---"] * len(_COLUMNS))]
    for row in rows:
        peak = peaks.get(row.comparison.name)
        lines.append(
            _line(
                [
                    row.comparison.name,
                    row.comparison.peer,
                    _times(row.ours),
                    _times(row.theirs),
                    f"{row.ratio.least:.2f} / **{row.ratio.middle:.2f}** / {row.ratio.most:.2f}",
                    row.comparison.goal,
                    f"{peak['ours']:.0f} / {peak['theirs']:.0f}" if peak else "-",
                    row.found,
                ]
            )
        )
    return "\n".join(lines) + "\n"


def write_section(title: str, text: str, path: Path = RESULTS) -> None:
    """Replace the section of this title, or append it."""
    content = path.read_text(encoding="utf-8") if path.is_file() else _HEAD
    head, *sections = content.split("\n## ")
    kept = [section.rstrip("\n") for section in sections if section.partition("\n")[0] != title]
    kept.append(f"{title}\n\n{text.strip()}")
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text("\n\n## ".join([head.rstrip("\n"), *kept]) + "\n", encoding="utf-8")
    unfinished.replace(path)


def _times(spread: Spread) -> str:
    return " / ".join(f"{seconds * 1000:.2f}" for seconds in (spread.least, spread.middle, spread.most))


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
