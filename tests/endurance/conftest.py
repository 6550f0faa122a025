"""Endurance runs take minutes: they run when they are named on the command line, not with `pytest` alone."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave this folder out unless an argument names it."""
    asked = [Path(argument.partition("::")[0]).absolute() for argument in config.invocation_params.args]
    return None if any(path == HERE or HERE in path.parents for path in asked) else True
