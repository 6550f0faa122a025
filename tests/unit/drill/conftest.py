from pathlib import Path

import pytest

from drill.footage import make_footage
from drill.pictures import fetch_pictures

DATA_DIR = Path(__file__).parents[3] / "var"


@pytest.fixture(scope="session")
def pictures():
    return fetch_pictures(DATA_DIR)


@pytest.fixture(scope="session")
def footage():
    return make_footage(DATA_DIR)
