from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import faces
from drill.pictures import fetch_pictures
from faces.cnn_detector import CnnDetector
from faces.detector_network import DetectorNetwork
from faces.graph_files import find_graph
from faces.onnx_session import Session

DATA_DIR = Path(__file__).parents[3] / "var"


@pytest.fixture(scope="session")
def pictures():
    paths = fetch_pictures(DATA_DIR)
    return {path.stem: np.asarray(Image.open(path).convert("RGB")) for path in paths.values()}


@pytest.fixture(scope="session")
def sface():
    return faces.load_engine()


@pytest.fixture(scope="session")
def hog():
    return faces.load_engine("hog")


@pytest.fixture(scope="session")
def cnn():
    return faces.load_engine("cnn")


@pytest.fixture(scope="session")
def thorough():
    """The CNN detector that searches all levels at once."""
    return CnnDetector(DetectorNetwork(Session(find_graph("detector")), Session(find_graph("resize"))), thorough=True)


@pytest.fixture(scope="session")
def quick():
    """The CNN detector that searches coarse first."""
    return CnnDetector(DetectorNetwork(Session(find_graph("detector")), Session(find_graph("resize"))), thorough=False)
