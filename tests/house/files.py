"""What each file and each folder owes: doors, a docstring, a length that fits the eye, tests in the same place."""

import ast
from pathlib import PurePosixPath

from tests.house.sources import House

MOST_LINES = 320
MOST_FUNCTION_LINES = 50
MOST_DOOR_LINES = 5
DECIDED_AT_IMPORT = {"__name__ == '__main__'", "TYPE_CHECKING"}
BANNED_TEXTS = ("pose_predictor_model_location", "shape_predictor_68")
"""How the 68-point predictor is opened, which is not free to use."""


def roles_without_a_door(house: House) -> list[str]:
    """Every role has the same rooms: `__main__`, `app`, `settings`, a `domain`, and handlers somewhere."""
    found = []
    for role in sorted(house.roles):
        paths = [PurePosixPath(source.path) for source in house.of(role)]
        top = {path.stem for path in paths if len(path.parts) == 2}
        found += [f"{role} has no {door}.py" for door in sorted({"__main__", "app", "settings"} - top)]
        if not any(path.stem.startswith("handlers") for path in paths):
            found.append(f"{role} has no handlers")
        if f"{role}/domain" not in house.folders:
            found.append(f"{role} has no domain")
        if "__main__" in top:
            lines = [line for line in house.by_path[f"{role}/__main__.py"].text.splitlines() if line.strip()]
            if len(lines) > MOST_DOOR_LINES:
                found.append(f"{role}/__main__.py has {len(lines)} lines")
    return found


def doings_at_import(house: House) -> list[str]:
    """A module that is imported defines, and does nothing."""
    found = []
    for source in house.sources:
        for node in source.tree.body:
            does = isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)
            if does or isinstance(node, ast.For | ast.While | ast.With | ast.Delete | ast.Try):
                found.append(f"{source.path}:{node.lineno} does something at import")
            elif isinstance(node, ast.If) and ast.unparse(node.test) not in DECIDED_AT_IMPORT:
                found.append(f"{source.path}:{node.lineno} decides something at import")
    return found


def files_not_told(house: House) -> list[str]:
    """Each file says what it is for."""
    return [f"{source.path} has no docstring" for source in house.sources if not source.docstring]


def too_long(house: House) -> list[str]:
    """Files and functions that no eye takes in."""
    found = []
    for source in house.sources:
        if (lines := len(source.text.splitlines())) > MOST_LINES:
            found.append(f"{source.path} has {lines} lines")
        for node in source.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > MOST_FUNCTION_LINES:
                    found.append(f"{source.path}:{node.lineno} {node.name} has {lines} lines")
    return found


def openers_of_the_68_point_predictor(house: House) -> list[str]:
    """Nobody opens the model that is not free to use."""
    return [source.path for source in house.sources if any(text in source.text for text in BANNED_TEXTS)]


def tests_out_of_place(house: House) -> list[str]:
    """`tests/unit` mirrors the folders of the sources: each folder of tests has sources, each of sources has tests."""
    unit = house.root / "tests" / "unit"
    tested = {str(path.parent.relative_to(unit)) for path in unit.rglob("test_*.py")} - {"."}
    with_code = {source.folder for source in house.sources if source.stem not in {"__init__", "__main__"}}
    return [
        *(f"tests/unit/{folder} has tests and no folder of sources" for folder in sorted(tested - house.folders)),
        *(f"{folder} has code and no tests/unit/{folder}" for folder in sorted(with_code - tested)),
    ]
