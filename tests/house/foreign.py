"""Which expressions are objects of a library, so that setting their attributes is that library's way of being told.

Asks for evidence and takes no name's word: an object is foreign when everything that is ever bound to it is a class of
a library, a call of such a class, something annotated with one (the type checker keeps that honest), or an attribute
or item of such an object. What a library's function returns counts only where no object of ours went in, as it may come
out again; what the standard library's functions return never does (a queue gives back what was put in long ago).
"""

import ast
import sys
from collections.abc import Iterator
from functools import cached_property

from tests.house.sources import Source

PASS_ON = {"typing", "types", "collections", "dataclasses", "abc", "copy", "functools", "weakref", "contextvars"}
"""Modules that hold no objects of their own: what comes from them is ours in another wrapping."""
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Foreign:
    """The evidence of one file.

    Args:
        packages: the names of our own packages.
    """

    def __init__(self, source: Source, packages: set[str]) -> None:
        self._source = source
        self._packages = packages
        self._parents = {id(child): node for node in source.nodes for child in ast.iter_child_nodes(node)}
        self._nodes = source.nodes
        self._libraries = set(_names_of_libraries(source, packages))

    @cached_property
    def _third_party(self) -> "Foreign":
        """The same evidence where the standard library counts as ours."""
        return Foreign(self._source, self._packages | sys.stdlib_module_names)

    def scope_of(self, node: ast.AST) -> ast.AST:
        """Return the function that a node stands in, or the module."""
        while (above := self._parents.get(id(node))) is not None:
            if isinstance(above, Function) and node not in _outside_of_body(above):
                return above
            node = above
        return node

    def class_of(self, node: ast.AST) -> ast.ClassDef | None:
        """Return the class that a node stands in."""
        above = self._parents.get(id(node))
        while above is not None and not isinstance(above, ast.ClassDef):
            above = self._parents.get(id(above))
        return above

    def is_own(self, node: ast.expr) -> bool:
        """Whether an expression is the object itself: the first argument of a method that it stands in."""
        if not isinstance(node, ast.Name):
            return False
        scope = self.scope_of(node)
        while isinstance(scope, Function):
            arguments = [*scope.args.posonlyargs, *scope.args.args]
            if any(argument.arg == node.id for argument in (*arguments, *scope.args.kwonlyargs)):
                first = bool(arguments) and arguments[0].arg == node.id
                return first and isinstance(self._parents[id(scope)], ast.ClassDef) and not _is_static(scope)
            scope = self.scope_of(scope)
        return False

    def is_foreign(self, node: ast.expr, seen: frozenset[str] = frozenset()) -> bool:
        """Whether an expression is an object, a class or a module of a library."""
        match node:
            case ast.Name(id=name):
                return self._is_foreign_name(node, name, seen)
            case ast.Attribute(value=ast.Name() as own, attr=attr) if self.is_own(own):
                return self._is_foreign_attribute(node, attr, seen)
            case ast.Attribute(value=value) | ast.Subscript(value=value) | ast.Await(value=value):
                return self.is_foreign(value, seen)
            case ast.NamedExpr(value=value):
                return self.is_foreign(value, seen)
            case ast.Call(func=called):
                if _is_class(called):
                    return self.is_foreign(called, seen)
                if (returned := self._return_annotation(called)) is not None:
                    return self._is_foreign_type(returned, seen)
                return self._third_party.is_foreign(called) and not self._takes_objects(node, seen)
            case ast.IfExp(body=one, orelse=other):
                return self.is_foreign(one, seen) and self.is_foreign(other, seen)
            case ast.BoolOp(values=values):
                return all(self.is_foreign(value, seen) for value in values)
        return False

    def _takes_objects(self, call: ast.Call, seen: frozenset[str]) -> bool:
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        return not all(isinstance(value, ast.Constant) or self.is_foreign(value, seen) for value in given)

    def _is_foreign_name(self, node: ast.expr, name: str, seen: frozenset[str]) -> bool:
        scope = self.scope_of(node)
        while True:
            key = f"{id(scope)} {name}"
            if key in seen:  # bound to itself: the other bindings decide
                return True
            bound = list(self._bindings(scope, name))
            if bound:
                told = [binding for binding in bound if not _is_none(binding)]
                return bool(told) and all(self._is_foreign_binding(binding, seen | {key}) for binding in told)
            if isinstance(scope, ast.Module):
                return name in self._libraries
            scope = self.scope_of(scope)

    def _return_annotation(self, called: ast.expr) -> ast.expr | None:
        """Return what a function of this file, or a method of the object itself, says that it returns."""
        match called:
            case ast.Name(id=name):
                owner: ast.AST | None = self._source.tree
            case ast.Attribute(value=ast.Name() as own, attr=name) if self.is_own(own):
                owner = self.class_of(called)
            case _:
                return None
        for each in getattr(owner, "body", ()):
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name == name:
                return each.returns
        return None

    def _is_foreign_binding(self, binding: ast.AST | None, seen: frozenset[str]) -> bool:
        if isinstance(binding, ast.arg | ast.AnnAssign):
            return self._is_foreign_type(binding.annotation, seen)
        return isinstance(binding, ast.expr) and self.is_foreign(binding, seen)

    def _bindings(self, scope: ast.AST, name: str) -> Iterator[ast.AST | None]:
        """Yield what a name is bound to in a scope: an expression, an argument, or None for what tells nothing."""
        if isinstance(scope, Function):
            arguments = scope.args
            extra = [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
            for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *extra):
                if argument.arg == name:
                    yield argument
        for node in self._nodes:
            if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store):
                if self.scope_of(node) is scope:
                    yield self._bound_to(node)
            elif self._is_definition(node, name) and self.scope_of(node) is scope:
                yield None

    def _is_definition(self, node: ast.AST, name: str) -> bool:
        """Whether a node defines a class or a function of that name, other than a method."""
        defines = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name
        return defines and not isinstance(self._parents[id(node)], ast.ClassDef)

    def _bound_to(self, target: ast.expr) -> ast.AST | None:
        match self._parents[id(target)]:
            case ast.AnnAssign() as annotated:
                return annotated
            case ast.Assign(value=value, targets=targets) if target in targets:
                return value
            case ast.NamedExpr(value=value):
                return value
            case ast.withitem(context_expr=value) | ast.For(iter=value, target=_) | ast.AsyncFor(iter=value, target=_):
                return value
            case ast.comprehension(iter=value):
                return value
        return None

    def _is_foreign_attribute(self, node: ast.expr, attr: str, seen: frozenset[str]) -> bool:
        """Whether all that a class binds to one of its attributes is foreign; None does no harm."""
        owner = self.class_of(node)
        key = f"{id(owner)} .{attr}"
        if key in seen:
            return True
        bound: list[ast.AST | None] = []
        for each in ast.walk(owner) if owner is not None else ():
            if isinstance(each, ast.Attribute) and each.attr == attr and isinstance(each.ctx, ast.Store):
                if self.is_own(each.value):
                    bound.append(self._bound_to(each))
            elif isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name) and each.target.id == attr:
                bound.append(each)
        told = [binding for binding in bound if not _is_none(binding)]
        return bool(told) and all(self._is_foreign_binding(binding, seen | {key}) for binding in told)

    def _is_foreign_type(self, annotation: ast.expr | None, seen: frozenset[str]) -> bool:
        match annotation:
            case ast.Constant(value=str(text)):
                return self._is_foreign_type(ast.parse(text, mode="eval").body, seen)
            case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Constant(value=None)):
                return self._is_foreign_type(left, seen)
            case ast.Subscript(value=ast.Name(id="list" | "tuple" | "type"), slice=item):
                return self._is_foreign_type(item, seen)
            case ast.Subscript(value=value):
                return self._is_foreign_type(value, seen)
            case ast.Attribute(value=value):
                return self._is_foreign_type(value, seen)
            case ast.Name(id=name):
                return name in self._libraries
        return False


def _names_of_libraries(source: Source, packages: set[str]) -> Iterator[str]:
    ours = packages | PASS_ON
    for node in source.nodes:
        if isinstance(node, ast.Import):
            tops = ((name.asname, name.name.partition(".")[0]) for name in node.names)
            yield from (known_as or top for known_as, top in tops if top not in ours)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] not in ours | {""}:
            yield from (name.asname or name.name for name in node.names)


def _is_class(called: ast.expr) -> bool:
    """Whether what is called is a class, or makes one of its objects (`Redis.from_url`), by the way it is written."""
    last = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    return last[:1].isupper() or (isinstance(called, ast.Attribute) and _is_class(called.value))


def _is_none(binding: ast.AST | None) -> bool:
    return isinstance(binding, ast.Constant) and binding.value is None


def _is_static(function: ast.AST) -> bool:
    decorators = getattr(function, "decorator_list", [])
    return any(isinstance(each, ast.Name) and each.id == "staticmethod" for each in decorators)


def _outside_of_body(function: Function) -> list[ast.AST]:
    """Return what belongs to a function and is not evaluated in it."""
    return [
        *getattr(function, "decorator_list", []),
        *([function.returns] if getattr(function, "returns", None) else []),
    ]
