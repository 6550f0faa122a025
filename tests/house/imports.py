"""Who may import whom, which outside library is touched where, what a domain may know, who reads the environment."""

import ast
import re
import sys
from collections.abc import Iterator

from tests.house.sources import House, Import, Source

# What talks to the world outside the process -> the words of which one stands in the name or the docstring of each
# file that imports it, so that a reader knows from the outside that this file is where that peer is met.
WORDS_OF = {
    "cv2": r"opencv|cv2|codec|camera|video|clip|footage|picture",
    "dlib": r"dlib",
    "docker": r"docker|container",
    "face_recognition": r"face_recognition",
    "face_recognition_models": r"face_recognition",
    "multipart": r"multipart|form",
    "onnx": r"onnx",
    "onnxruntime": r"onnx",
    "paho": r"mqtt|broker",
    "redis": r"redis",
    "requests": r"requests|http|server|receiver|cloudlet|relay",
    "rq": r"\brq\b|queue|worker",
    "sqlite3": r"sqlite|spool|ledger|on disk",
    "subprocess": r"process|subprocess|child|command|sandbox|program|fork|pip",
    "websockets": r"websocket",
}
STARTS_PROCESSES = {"create_subprocess_exec", "create_subprocess_shell", "fork", "forkpty", "posix_spawn", "system"}
INSIDE = re.compile(r"(^|/)domain/|/(handlers\w*|service\w*|app|settings|__init__|__main__)\.py$")
"""Where decisions, wiring and what comes in stand: no peer is talked to from there."""
CLOCKS_AND_CHANCE = {"time", "random", "secrets"}
FILES = {"os", "io", "shutil", "tempfile", "sqlite3", "logging"}
NETWORK = {"socket", "ssl", "http", "urllib.request", "select", "selectors", "signal"}
WORK_BESIDE = {"threading", "asyncio", "subprocess", "multiprocessing", "concurrent"}
CLOCKS_AND_IO = CLOCKS_AND_CHANCE | FILES | NETWORK | WORK_BESIDE
CALLS_OF_IO = {"open", "print", "input"}
METHODS_OF_IO = {"now", "today", "utcnow", "read_text", "read_bytes", "write_text", "write_bytes", "iterdir", "mkdir"}
DOMAIN_LIBRARIES = {"numpy"}
DOMAIN_BACKBONE = ("backbone.wire", "backbone.errors")
DEVICE_LIBRARIES = {"requests", "websockets", "cv2", "paho"}
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb"}


def packages_that_know_too_much(house: House) -> list[str]:
    """Roles know the libraries of the house only, tools know all but devices, everyone else nobody but themselves."""
    libraries = house.packages - house.roles - house.tools - house.devices
    allowed = {package: {package} for package in house.packages}
    for role in house.roles:
        allowed[role] |= libraries
    for tool in house.tools:
        allowed[tool] |= libraries | house.roles | house.tools
    return [
        f"{source.path}:{name.line} imports {name.module}"
        for source in house.sources
        for name in source.imports
        if name.library in house.packages - allowed[source.package]
    ]


def relative_imports(house: House) -> list[str]:
    """An import says from where; one by a name that is made up at run time cannot be judged at all."""
    return [
        f"{source.path}:{name.line} imports {name.module}"
        for source in house.sources
        for name in source.imports
        if name.module.startswith((".", "?"))
    ]


def libraries_out_of_place(house: House) -> list[str]:
    """Outside libraries are met in files that are named, or tell, what they talk to; never where things are decided."""
    found = []
    for source in house.sources:
        title = f"{source.path}\n{source.docstring}".replace("_", " ").lower()
        for library, line in sorted(_outside(source)):
            words = WORDS_OF[library].replace("_", " ")
            if INSIDE.search(source.path):
                found.append(f"{source.path}:{line} uses {library}: not the place to talk to the outside")
            elif not re.search(words, title):
                found.append(f"{source.path}:{line} uses {library} and says nowhere that it does (one of {words})")
    return found


def _outside(source: Source) -> Iterator[tuple[str, int]]:
    for name in source.imports:
        if name.library in WORDS_OF:
            yield name.library, name.line
    for node in source.nodes:
        called = node.func if isinstance(node, ast.Call) else None
        if not isinstance(called, ast.Attribute) or _root(called) not in {"os", "asyncio"}:
            continue
        if called.attr in STARTS_PROCESSES or called.attr.startswith(("exec", "spawn")):
            yield "subprocess", called.lineno


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def domains_that_know_too_much(house: House) -> list[str]:
    """A domain imports the standard library without clocks and I/O, numpy, messages, errors, itself and the like."""
    found = []
    for source in house.sources:
        if "domain" in source.folder.split("/"):
            found += _unfit_for_domain(house, source, {source.path})
    return found


def _unfit_for_domain(house: House, source: Source, seen: set[str]) -> list[str]:
    """Return what a file does, or knows, that no domain may."""
    own = f"{source.folder}/".partition("/domain/")[0].replace("/", ".") + ".domain"
    called = ((node.lineno, _io_called(node.func)) for node in source.nodes if isinstance(node, ast.Call))
    return [
        *(
            f"{source.path}:{name.line} imports {name.module}"
            for name in source.imports
            if not _fit_for_domain(f"{name.module}.{name.name}", own=own) and not _pure_library(house, name, seen)
        ),
        *(f"{source.path}:{line} calls {told}" for line, told in called if told),
    ]


def _fit_for_domain(dotted: str, *, own: str) -> bool:
    library = dotted.partition(".")[0]
    if any(f"{dotted}.".startswith(f"{banned}.") for banned in CLOCKS_AND_IO):
        return False
    ours = any(f"{dotted}.".startswith(f"{known}.") for known in (own, *DOMAIN_BACKBONE))
    return ours or library in sys.stdlib_module_names or library in DOMAIN_LIBRARIES


def _pure_library(house: House, name: Import, seen: set[str]) -> bool:
    """Whether an import takes from a file of one of our libraries that could stand in a domain itself."""
    if name.library in house.roles | house.tools | house.devices:
        return False
    source = house.by_path.get(house.file_of(name))
    if source is not None and source.stem == "__init__":  # where the package hands it on from
        handed_on = (each for each in source.imports if name.name and each.name == name.name)
        source = house.by_path.get(house.file_of(next(handed_on, name)))
    if source is None:
        return False
    return source.path in seen or not _unfit_for_domain(house, source, seen | {source.path})


def _io_called(called: ast.expr) -> str:
    if isinstance(called, ast.Name) and called.id in CALLS_OF_IO:
        return called.id
    if isinstance(called, ast.Attribute) and called.attr in METHODS_OF_IO:
        return called.attr
    return ""


def devices_that_need_too_much(house: House) -> list[str]:
    """What runs on a phone or a Pi needs Python, itself, and a few small libraries."""
    allowed = {*sys.stdlib_module_names, *DEVICE_LIBRARIES}
    return [
        f"{source.path}:{name.line} imports {name.module}"
        for source in house.sources
        if source.package in house.devices
        for name in source.imports
        if name.library not in allowed | {source.package}
    ]


def readers_of_the_environment(house: House) -> list[str]:
    """Files named settings or options read the environment; others may only hand all of it to a child, as `env=`."""
    found = []
    for source in house.sources:
        if re.search(r"(^|_)(settings|options)$", source.stem):
            continue
        handed_on = {id(node) for call in source.nodes for node in _handed_on(call)}
        found += [
            f"{source.path}:{node.lineno} reads the environment"
            for node in source.nodes
            if isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT and id(node) not in handed_on
        ]
        found += [
            f"{source.path}:{name.line} imports {name.name}" for name in source.imports if name.name in ENVIRONMENT
        ]
    return found


def _handed_on(call: ast.AST) -> Iterator[ast.expr]:
    """Yield what an `env=` of a call takes as a whole: `os.environ`, `{**os.environ, ...}`, `os.environ | more`."""
    for keyword in call.keywords if isinstance(call, ast.Call) else ():
        if keyword.arg != "env":
            continue
        match keyword.value:
            case ast.Dict(keys=keys, values=values):
                yield from (value for key, value in zip(keys, values, strict=True) if key is None)
            case ast.BinOp(left=left, right=right):
                yield from (left, right)
            case whole:
                yield whole
