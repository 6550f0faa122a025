"""Which rooms of a package import which, and which do so in a circle.

A room is a folder. The files directly in a package's top folder are together one room, `top`, but for a role's wiring:
`app`, which constructs everything, and its doors, the files that are programs by themselves (`__main__`, and commands
such as `python -m ROLE.verify`). They know all rooms by their trade and no room may know them: they are a room above
the others. The rest of the top (`settings`, `metrics`, `bus`) may be known by the inner rooms, as long as none of it
knows one of them.
"""

import ast
from collections import defaultdict
from itertools import pairwise

from tests.house.sources import House, Source

IS_A_PROGRAM = "__name__ == '__main__'"

Edges = dict[tuple[str, str], list[str]]


def rooms_in_a_circle(house: House) -> list[str]:
    """Folders know each other in one direction only: no room is known, over whatever others, by one that it knows."""
    edges = _edges(house)
    circles: list[list[str]] = []
    for circle in sorted((_circle(edges, *edge) for edge in sorted(edges)), key=len):
        if circle and not any(set(known) <= set(circle) for known in circles):
            circles.append(circle)
    return [f"{' -> '.join(circle)}: " + "; ".join(edges[step][0] for step in pairwise(circle)) for circle in circles]


def _circle(edges: Edges, one: str, other: str) -> list[str]:
    """Return the shortest way from a room over another back to itself, empty when there is none."""
    ways = [[one, other]]
    seen = {other}
    for way in ways:
        for start, end in edges:
            if start == way[-1] and end == one:
                return [*way, one]
            if start == way[-1] and end not in seen:
                seen.add(end)
                ways.append([*way, end])
    return []


def _edges(house: House) -> Edges:
    edges = defaultdict(list)
    for source in house.sources:
        for name in source.imports:
            target = house.by_path.get(house.file_of(name))
            if target is None or target.package != source.package:
                continue
            step = _room(house, source), _room(house, target)
            if step[0] != step[1]:
                edges[step].append(f"{source.path}:{name.line} imports {target.path}")
    return dict(edges)


def _room(house: House, source: Source) -> str:
    if source.folder != source.package:
        return source.folder
    wires = source.stem in {"__main__", "app"} or _is_program(source)
    return f"{source.package}/wiring" if wires and source.package in house.roles else f"{source.package}/top"


def _is_program(source: Source) -> bool:
    return any(isinstance(node, ast.If) and ast.unparse(node.test) == IS_A_PROGRAM for node in source.tree.body)
