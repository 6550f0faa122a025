"""Sorts the flags in a role's `--help`: its own come first, those that it has from its bases follow. Parses nothing."""

import argparse
from typing import Any

from pydantic_settings import BaseSettings


class FlagGroups:
    """The groups of a parser, one for each class that settings are made of, by the class's docstring.

    The nearest base comes last: what every role can be told stands before what only roles with an HTTP server can.
    """

    def __init__(self, parser: argparse.ArgumentParser, settings_type: type[BaseSettings]) -> None:
        self._parser = parser
        self._places: list[str] = []
        self._groups: dict[str, argparse._ArgumentGroup] = {}
        for base in reversed(settings_type.__mro__[1:]):
            fields = vars(base).get("__annotations__", {}).keys() & settings_type.model_fields.keys()
            if fields and issubclass(base, BaseSettings):
                title = (base.__doc__ or base.__name__).strip().partition("\n")[0].rstrip(".")
                self._groups |= dict.fromkeys(fields - self._groups.keys(), parser.add_argument_group(title))

    def add(self, _parser: object, *names: str, **told: Any) -> None:  # noqa: ANN401 - argparse's many types
        """Add an argument to the group of the class that names its field."""
        if not names[0].startswith("-"):
            self._places.append(f"[{told['metavar']}]" if told.get("nargs") == "?" else str(told["metavar"]))
        group = self._groups.get(told.get("dest", names[0]).replace("-", "_"), self._parser)
        group.add_argument(*names, **told)

    @property
    def usage(self) -> str:
        """One line on how the program is called; the flags stand below it."""
        return " ".join(["%(prog)s [options]", *self._places])
