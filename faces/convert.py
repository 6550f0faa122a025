"""Turns dlib's weights into ONNX graphs, once: by `python -m faces.convert [DIR]` or when one is asked for; runs none.

A graph is named by its kind, the digest of its weights and the version of this conversion, so that another file of
weights never meets an old graph. Graphs shipped in `SHIPPED` (made at image build time) need neither the weights nor
the package `onnx`; all others are kept under the user's cache folder.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from faces.dlib_network import Network, read_network
from faces.errors import ConverterMissing
from faces.weights import CNN_DETECTOR, ENCODER, weights_path

Kind = Literal["encoder", "detector", "resize"]
KINDS: tuple[Kind, ...] = ("encoder", "detector", "resize")
SHIPPED = Path(__file__).parent / "graphs"
# Raise it whenever a graph changes: old files are then left alone and new ones made.
_VERSION = 3
_WEIGHTS = {"encoder": ENCODER, "detector": CNN_DETECTOR}


def find_graph(kind: Kind, *, cache: Path | None = None, shipped: Path = SHIPPED) -> Path:
    """Return the file of a graph, converted now when there is none.

    Args:
        kind: which.
        cache: where graphs are kept; None: `~/.cache/searchlight/graphs`.
        shipped: looked at first.

    Raises:
        WeightsMissing: there is neither a graph nor the weights that it is made of.
        BadWeights: the weights cannot be read.
        ConverterMissing: the graph is not there and the package `onnx` is not either.
    """
    ready = sorted(shipped.glob(f"{kind}-*-v{_VERSION}.onnx"))
    if ready:
        return ready[0]
    path = (cache or Path("~/.cache/searchlight/graphs").expanduser()) / _file_name(kind)
    if not path.is_file():
        write_graph(kind, path)
    return path


def write_graph(kind: Kind, path: Path) -> None:
    """Convert and write one graph; whoever reads meanwhile sees the old file or the new one, never a part.

    Raises:
        WeightsMissing, BadWeights, ConverterMissing: as `find_graph`.
    """
    content = _drawn(kind)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _file_name(kind: Kind) -> str:
    digest = _digest(weights_path(_WEIGHTS[kind]))[:12] if kind in _WEIGHTS else "bilinear"
    return f"{kind}-{digest}-v{_VERSION}.onnx"


def _drawn(kind: Kind) -> bytes:
    try:
        from faces import detector_graph, encoder_graph  # noqa: PLC0415 - `onnx` is needed here and nowhere else
    except ModuleNotFoundError as missing:
        if missing.name != "onnx":
            raise
        raise ConverterMissing(
            f"expected the package onnx, or the graph {kind} in {SHIPPED}, found neither; "
            "install it, or run `python -m faces.convert` where it is installed and copy the graphs"
        ) from None
    if kind == "resize":
        return detector_graph.resize_graph({})
    weights = weights_path(_WEIGHTS[kind])
    network = read_network(weights)
    notes = {"weights": weights.name, "sha256": _digest(weights), **_options(network)}
    draw = encoder_graph.encoder_graph if kind == "encoder" else detector_graph.detector_graph
    return draw(network, notes)


def _options(network: Network) -> dict[str, str]:
    """Return what a detector has to know beside its scores, as the notes of its graph."""
    if network.options is None:
        return {}
    options = network.options
    return {
        "means": " ".join(repr(float(mean)) for mean in network.means),
        "window": f"{options.window[0]} {options.window[1]}",
        "overlap": f"{options.same_iou!r} {options.same_cover!r}",
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main(arguments: Sequence[str] | None = None) -> int:
    """Write all graphs to a folder; return 0."""
    parser = argparse.ArgumentParser(prog="python -m faces.convert", description="Converts dlib's weights to ONNX.")
    parser.add_argument("folder", type=Path, nargs="?", default=SHIPPED, help=f"where to (default: {SHIPPED})")
    folder: Path = parser.parse_args(arguments).folder
    for kind in KINDS:
        path = folder / _file_name(kind)
        write_graph(kind, path)
        sys.stdout.write(f"{path} {path.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
