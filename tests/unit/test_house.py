"""The rules of the house, kept by walking the sources; the rules themselves stand in tests/house."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house.rules import RULES
from tests.house.sources import House

ROOT = Path(__file__).resolve().parents[2]


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
