"""Which rooms (folders) of a package import which, and which do so both ways."""

from collections import defaultdict

from tests.house.sources import House, Source

GROUND_FLOOR = {"settings", "metrics", "errors"}
"""Files at a package's top that every room of it may know, as long as they know no room themselves."""


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
            if target is None or target.package != source.package or target.folder == source.folder:
                continue
            if target.stem in GROUND_FLOOR and target.folder == target.package and not _knows_rooms(house, target):
                continue
            edges[source.folder, target.folder].append(f"{source.path}:{name.line} imports {target.path}")
    return dict(edges)


def _knows_rooms(house: House, source: Source) -> bool:
    targets = {house.file_of(name).rpartition("/")[0] for name in source.imports}
    return any(folder.startswith(f"{source.folder}/") for folder in targets)
