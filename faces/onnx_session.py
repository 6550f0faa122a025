"""A graph that can be run, on the execution provider that really runs it; the only file that imports `onnxruntime`.

A session may be run by several threads at once. It does not survive a fork: make it in the process that uses it.

ONNX Runtime from 1.29 on sends telemetry, and leaves a file in TMPDIR, unless a variable says no before it is imported.
It is set here, whatever it was, and ONNX Runtime imported with the first session: this product talks to nobody.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from faces.errors import BadGraph

ProviderName = Literal["auto", "cpu", "cuda", "tensorrt"]
_NAMES = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
_ERRORS_ONLY = 3


class Session:
    """One loaded graph.

    Attributes:
        notes: what the graph says of itself.
        provider: "cpu", "cuda" or "tensorrt": the one in use, which may be less than was asked for.
    """

    def __init__(self, path: Path, *, threads: int = 1, provider: ProviderName = "auto") -> None:
        """Load a graph.

        Args:
            path: the file.
            threads: most threads that one run computes on, the caller's included.
            provider: what to run on; "auto" takes the fastest one that is there. Where it is missing, the next
                slower one is taken: see `provider`.

        Raises:
            BadGraph: the file is not a graph that can be run.
        """
        _stay_silent()
        import onnxruntime  # noqa: PLC0415 - only now

        _share_memory()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = _ERRORS_ONLY
        options.enable_mem_pattern = False  # pictures of all sizes: a plan for each would only grow
        options.add_session_config_entry("session.use_env_allocators", "1")
        # Idle threads of one session must not take the core from the next one.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=_wanted(provider))
        except Exception as fault:  # onnxruntime has a class for each status, none in common
            raise BadGraph(f"{path.name}: expected a graph that ONNX Runtime can load, got: {fault}") from fault
        _give_back_memory()
        in_use = self._session.get_providers()[0]
        self.provider = next((name for name, full in _NAMES.items() if full == in_use), in_use)
        self.notes: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)

    def run(self, inputs: Mapping[str, NDArray[np.generic]]) -> NDArray[np.float32]:
        """Return the graph's only output."""
        return self.run_all(inputs)[0]

    def run_all(self, inputs: Mapping[str, NDArray[np.generic]]) -> list[NDArray[np.float32]]:
        """Return all outputs of the graph, in its order."""
        outputs: list[NDArray[np.float32]] = self._session.run(None, dict(inputs))
        return outputs


def _stay_silent() -> None:
    """Tell ONNX Runtime, which is not imported yet, to talk to nobody; its C++ reads the variable."""
    os.putenv("ORT_DISABLE_TELEMETRY", "1")


@cache
def _share_memory() -> None:
    """Let all sessions of this process compute in the same memory, which grows by no more than is asked for.

    Each for itself takes powers of two (detecting and encoding in 1000x714 pixels: 40 to 60 MB more).
    """
    import onnxruntime  # noqa: PLC0415 - see `_stay_silent`

    place = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    any_size, as_asked = -1, 1
    onnxruntime.create_and_register_allocator(place, onnxruntime.OrtArenaCfg(0, as_asked, any_size, any_size))


def _give_back_memory() -> None:
    """Return what loading took and left to the system, where the C library can (glibc; 45 MB for the encoder)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _wanted(provider: ProviderName) -> list[str]:
    """Return the providers from the wanted one down to the CPU, those that this build has."""
    import onnxruntime  # noqa: PLC0415 - see `_stay_silent`

    there = onnxruntime.get_available_providers()
    names = list(_NAMES)
    first = 0 if provider == "auto" else names.index(provider)
    return [_NAMES[name] for name in names[first:] if _NAMES[name] in there]
