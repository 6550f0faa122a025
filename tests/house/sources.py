"""Every source of every package, parsed once, and what each package is. Judges nothing."""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ON_DEVICES = ("phone", "Raspberry Pi")
"""What the first sentence of a package says when it runs on a device."""

SEVERAL = 2


@dataclass(frozen=True)
class Import:
    """One imported name: `module` as it is written, `name` of it where it is `from module import name`."""

    module: str
    name: str
    line: int

    @property
    def library(self) -> str:
        return self.module.partition(".")[0]


@dataclass(frozen=True)
class Source:
    """One file; `path` is relative to the root, with slashes."""

    path: str
    text: str
    tree: ast.Module = field(repr=False)

    @property
    def package(self) -> str:
        return self.path.partition("/")[0]

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]

    @property
    def stem(self) -> str:
        return self.path.rpartition("/")[2].removesuffix(".py")

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @cached_property
    def docstring(self) -> str:
        return ast.get_docstring(self.tree) or ""

    @cached_property
    def imports(self) -> list[Import]:
        """All imports wherever in the file, by statement or by a call with the name as a text."""
        return list(self._imports())

    def _imports(self) -> Iterator[Import]:
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from (Import(name.name, "", node.lineno) for name in node.names)
            elif isinstance(node, ast.ImportFrom):
                module = "." * node.level + (node.module or "")
                yield from (Import(module, name.name, node.lineno) for name in node.names)
            elif isinstance(node, ast.Call) and _last_name(node.func) in {"import_module", "__import__"}:
                named = node.args[0] if node.args else None
                text = named.value if isinstance(named, ast.Constant) else "?"
                yield Import(str(text), "", node.lineno)


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


class House:
    """The packages under a root: every folder with an `__init__.py`, but for the tests."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.packages = {path.parent.name for path in root.glob("*/__init__.py")} - {"tests"}
        self.sources = [
            Source(str(path.relative_to(root)), text := path.read_text(encoding="utf-8"), ast.parse(text))
            for package in sorted(self.packages)
            for path in sorted((root / package).rglob("*.py"))
        ]
        self.by_path = {source.path: source for source in self.sources}
        self.folders = {source.folder for source in self.sources}
        self.roles = {package for package in self.packages if f"{package}/app.py" in self.by_path}
        self.devices = {package for package in self.packages if self._runs_on_devices(package)}
        self.tools = self._tools()

    def of(self, package: str) -> list[Source]:
        return [source for source in self.sources if source.package == package]

    def used_by(self, package: str) -> set[str]:
        """Return the other packages that a package imports."""
        used = {name.library for source in self.of(package) for name in source.imports}
        return (used & self.packages) - {package}

    def _runs_on_devices(self, package: str) -> bool:
        sentence = self.by_path[f"{package}/__init__.py"].docstring.partition("\n")[0]
        return all(word in sentence for word in ON_DEVICES)

    def _tools(self) -> set[str]:
        """Return what imports roles, or such a tool, and is no library, which several roles know."""
        users = Counter(used for role in self.roles for used in self.used_by(role))
        others = {package for package in self.packages - self.roles - self.devices if users[package] < SEVERAL}
        tools: set[str] = set()
        while more := {package for package in others - tools if self.used_by(package) & (self.roles | tools)}:
            tools |= more
        return tools

    def file_of(self, name: Import) -> str:
        """Return the path of the file of ours that an import takes from, empty when it is a library's."""
        dotted = name.module.replace(".", "/")
        for path in (f"{dotted}/{name.name}.py", f"{dotted}/{name.name}/__init__.py", f"{dotted}.py"):
            if path in self.by_path:
                return path
        return f"{dotted}/__init__.py" if f"{dotted}/__init__.py" in self.by_path else ""
