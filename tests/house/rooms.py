"""Which rooms of a package import which, and which do so both ways.

A room is a folder. The files directly in a package's top folder are together one room, `top`, but for its wiring: every
role has the same two files, `__main__` (the door) and `app` (which constructs everything), that know all rooms by their
trade and that no room may know. They are a room above the others; the rest of the top (`settings`, `metrics`, `bus`)
may be known by the inner rooms, as long as none of it knows one of them.
"""

from collections import defaultdict

from tests.house.sources import House, Source

WIRING = {"__main__", "app"}
"""The files of a role that only wire; `files.roles_without_a_door` asks for them in each role by these names."""


def rooms_both_ways(house: House) -> list[str]:
    """Return the pairs of rooms that import each other, with one import for each direction."""
    edges = _edges(house)
    return [
        f"{one} <-> {other}: {edges[one, other][0]}; {edges[other, one][0]}"
        for one, other in sorted(edges)
        if one < other and (other, one) in edges
    ]


def _edges(house: House) -> dict[tuple[str, str], list[str]]:
    edges = defaultdict(list)
    for source in house.sources:
        for name in source.imports:
            target = house.by_path.get(house.file_of(name))
            if target is not None and target.package == source.package and _room(house, target) != _room(house, source):
                edges[_room(house, source), _room(house, target)].append(
                    f"{source.path}:{name.line} imports {target.path}"
                )
    return dict(edges)


def _room(house: House, source: Source) -> str:
    if source.folder != source.package:
        return source.folder
    wires = source.package in house.roles and source.stem in WIRING
    return f"{source.package}/wiring" if wires else f"{source.package}/top"
