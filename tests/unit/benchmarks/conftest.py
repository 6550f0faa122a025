from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drill.pictures import fetch_pictures

DATA_DIR = Path(__file__).parents[3] / "var"


@pytest.fixture(scope="session")
def pictures():
    return {path.stem: np.asarray(Image.open(path).convert("RGB")) for path in fetch_pictures(DATA_DIR).values()}
