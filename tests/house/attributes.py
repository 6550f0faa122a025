"""Attributes that are set on an object from outside, which only its own methods may do. See `foreign` for who may."""

import ast
from collections.abc import Iterator

from tests.house.foreign import Foreign
from tests.house.sources import House, Source

SETTERS = {"setattr", "delattr"}
RAW_SETTERS = {"__setattr__", "__delattr__"}


def attributes_set_from_outside(house: House) -> list[str]:
    """Return each place where an attribute of anything but the object itself is set, unless a library wants it so."""
    return [
        f"{source.path}:{line} sets {told}"
        for source in house.sources
        for line, told in _set_in(source, house.packages)
    ]


def _set_in(source: Source, packages: set[str]) -> Iterator[tuple[int, str]]:
    foreign = Foreign(source, packages)
    for node in source.nodes:
        for owner in _owners(node, foreign):
            if not foreign.is_own(owner) and not foreign.is_foreign(owner):
                yield getattr(node, "lineno", 0), ast.unparse(node)


def _owners(node: ast.AST, foreign: Foreign) -> Iterator[ast.expr]:
    """Yield the objects of which a node sets an attribute, in whatever way."""
    match node:
        case ast.Attribute(value=owner, ctx=ast.Store() | ast.Del()):
            yield owner
        case ast.Call(func=ast.Name(id=name), args=[owner, *_]) if name in SETTERS:
            yield owner
        case ast.Call(func=ast.Attribute(attr=name, value=by), args=[owner, *_]) if name in RAW_SETTERS:
            # In __post_init__ of a frozen dataclass there is no other way; elsewhere it is a way around `frozen`.
            made = getattr(foreign.scope_of(node), "name", "") == "__post_init__" and foreign.is_own(owner)
            if not made:
                yield by
        case ast.Attribute(attr="__dict__", value=owner, ctx=ast.Load()):
            yield owner
