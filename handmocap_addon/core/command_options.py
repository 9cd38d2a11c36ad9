"""How every command line of ours is read. Standard library only."""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from .errors import BadUsageError

_OPTION: Final = re.compile(r"--[a-z][a-z0-9-]*")


class OptionParser(argparse.ArgumentParser):
    """Takes options by their whole names alone, here and in its commands, and raises instead of leaving the process.

    An abbreviation that one program takes and the one that looks at the options first does not, is two different orders.
    """

    def __init__(self, *arguments: Any, see: str = "", **named: Any) -> None:
        """`see` is the program whose --help tells more, by default this one."""
        super().__init__(*arguments, **{**named, "allow_abbrev": False})
        self._see = see

    def error(self, message: str) -> NoReturn:
        raise BadUsageError(message, f"see {self._see or self.prog} --help")


def named_options(*sources: Path) -> frozenset[str]:
    """The options that some programs' sources add to their parsers, found without running them."""
    found = set()
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _OPTION.fullmatch(node.value):
                found.add(node.value)
            # Each of these has its opposite.
            if isinstance(node, ast.Call) and any("BooleanOptionalAction" in ast.unparse(word) for word in node.keywords):
                found |= {f"--no-{str(word.value)[2:]}" for word in node.args if isinstance(word, ast.Constant)}
    return frozenset(found)


def check_options(options: Sequence[str], known: Iterable[str], see: str) -> None:
    """Refuse an option that nobody knows, as a slip or an abbreviation, before anything is made for it.

    Raises:
        BadUsageError: there is one.
    """
    names = {*known, "-h", "--help"}
    for word in options:
        if word == "--":
            return
        # A value may begin with one dash, as -5 does.
        name = word.partition("=")[0]
        if name.startswith("--") and name not in names:
            raise BadUsageError(f"unrecognized arguments: {name}", f"see {see} --help")
