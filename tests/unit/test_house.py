"""The rules of the house, kept by walking the sources; the rules themselves stand in tests/house."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house import attributes, files, imports, rooms
from tests.house.sources import House

ROOT = Path(__file__).resolve().parents[2]
RULES = [
    imports.packages_that_know_too_much,
    imports.relative_imports,
    imports.libraries_out_of_place,
    imports.domains_that_know_too_much,
    imports.devices_that_need_too_much,
    imports.readers_of_the_environment,
    rooms.rooms_in_a_circle,
    attributes.attributes_set_from_outside,
    files.roles_without_a_door,
    files.doings_at_import,
    files.files_not_told,
    files.too_long,
    files.openers_of_the_68_point_predictor,
    files.tests_out_of_place,
]


@pytest.fixture(scope="module")
def house() -> House:
    return House(ROOT)


def test_the_walk_finds_every_kind_of_package(house: House) -> None:
    assert {"backbone", "faces"} <= house.packages - house.roles - house.tools - house.devices
    assert house.roles
    assert house.tools
    assert house.devices
    assert len(house.sources) > 100


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_sources_keep_the_rule(house: House, rule: Callable[[House], list[str]]) -> None:
    found = rule(house)
    print(f"{rule.__name__}: {len(found)}")  # noqa: T201 - the number is for the reader
    assert found == [], f"{rule.__doc__}\n" + "\n".join(found)
