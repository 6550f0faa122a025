"""Which rooms of a package import which, and which do so both ways.

A room is a folder; each file that stands directly in a package's top folder (`app`, `bus`, `metrics`) is one by itself.
"""

from collections import defaultdict

from tests.house.sources import House, Source


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
            if target is not None and target.package == source.package and _room(target) != _room(source):
                edges[_room(source), _room(target)].append(f"{source.path}:{name.line} imports {target.path}")
    return dict(edges)


def _room(source: Source) -> str:
    return source.path.removesuffix(".py") if source.folder == source.package else source.folder
