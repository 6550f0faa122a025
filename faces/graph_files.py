"""Which file a graph is in, made when it is not there yet; it runs no graph.

A graph is named by its kind, the digest of its weights and the version of this conversion, so that another file of
weights never meets an old graph. Graphs shipped in `SHIPPED` (made at image build time) need neither the weights nor
the package `onnx`; all others are kept under the user's cache folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from faces.dlib_network import Network, read_network
from faces.errors import ConverterMissing
from faces.weights import CNN_DETECTOR, ENCODER, SFACE, YUNET, locked_weights, verified_path, weights_path
from faces.whole_file import write_whole

Kind = Literal["encoder", "detector", "resize", "yunet", "yunet_2x", "sface"]
KINDS: tuple[Kind, ...] = get_args(Kind)
SHIPPED = Path(__file__).parent / "graphs"
# Raise it whenever a graph changes: old files are then left alone and new ones made.
_VERSION = 4
_WEIGHTS: dict[Kind, str] = {
    "encoder": ENCODER,
    "detector": CNN_DETECTOR,
    "yunet": YUNET,
    "yunet_2x": YUNET,
    "sface": SFACE,
}


def find_graph(kind: Kind, *, cache: Path | None = None, shipped: Path = SHIPPED) -> Path:
    """Return the file of a graph, converted now when there is none.

    Args:
        kind: which.
        cache: where graphs are kept; None: `~/.cache/searchlight/graphs`.
        shipped: looked at first.

    Raises:
        WeightsMissing: there is neither a graph nor the weights that it is made of.
        BadWeights: the weights are not those of the lock.
        ConverterMissing: the graph is not there and the package `onnx` is not either.
    """
    name = graph_name(kind)
    ready = shipped / name
    if ready.is_file():
        return ready
    path = (cache or Path("~/.cache/searchlight/graphs").expanduser()) / name
    if not path.is_file():
        write_graph(kind, path)
    return path


def graph_name(kind: Kind) -> str:
    """Return the name of a graph's file."""
    digest = locked_weights()[_WEIGHTS[kind]].sha256[:12] if kind in _WEIGHTS else "bilinear"
    return f"{kind}-{digest}-v{_VERSION}.onnx"


def write_graph(kind: Kind, path: Path) -> None:
    """Convert and write one graph.

    Raises:
        WeightsMissing, BadWeights, ConverterMissing: as `find_graph`.
    """
    if kind in _WEIGHTS:
        weights_path(_WEIGHTS[kind])  # what is missing is said before what could convert it
    write_whole(path, _drawn(kind))


def _drawn(kind: Kind) -> bytes:
    try:
        # `onnx` is needed by these and nowhere else.
        from faces import detector_graph, encoder_graph, onnx_source, sface_graph, yunet_graph  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        if missing.name != "onnx":
            raise
        raise ConverterMissing(
            f"expected the package onnx, or the graph {kind} in {SHIPPED}, found neither; "
            "install it, or run `python -m faces.prepare` where it is installed and copy the graphs"
        ) from None
    if kind == "resize":
        return detector_graph.resize_graph({})
    weights = verified_path(_WEIGHTS[kind])
    notes = {"weights": weights.name, "sha256": locked_weights()[_WEIGHTS[kind]].sha256}
    if kind in {"yunet", "yunet_2x"}:
        return yunet_graph.yunet_graph(onnx_source.Network(weights), notes, doubled=kind == "yunet_2x")
    if kind == "sface":
        return sface_graph.sface_graph(onnx_source.Network(weights), notes)
    network = read_network(weights)
    draw = encoder_graph.encoder_graph if kind == "encoder" else detector_graph.detector_graph
    return draw(network, notes | _options(network))


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
