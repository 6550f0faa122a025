from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import faces
from drill.pictures import fetch_pictures

DATA_DIR = Path(__file__).parents[3] / "var"


@pytest.fixture(scope="session")
def pictures():
    paths = fetch_pictures(DATA_DIR)
    return {path.stem: np.asarray(Image.open(path).convert("RGB")) for path in paths.values()}


@pytest.fixture(scope="session")
def hog():
    return faces.load_engine("hog")


@pytest.fixture(scope="session")
def cnn():
    return faces.load_engine("cnn")
