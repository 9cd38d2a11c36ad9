"""How every command line of ours is read. Standard library only."""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from ..errors import BadUsageError


class OptionParser(argparse.ArgumentParser):
    """Takes options by their whole names alone, here and in its commands, and raises instead of leaving the process.

    An abbreviation that one program takes and the one that looks at the options first does not, is two different orders.
    """

    def __init__(self, *arguments: Any, see: str = "", **named: Any) -> None:
        """`see` is the program whose --help tells more, by default this one."""
        super().__init__(*arguments, **{**named, "allow_abbrev": False})
        self._see = see
        self._words: list[str] = []

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # as argparse names them
        self._words = list(sys.argv[1:] if args is None else args)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        # A slip is why something lacks.
        slips = [word.partition("=")[0] for word in itertools.takewhile("--".__ne__, self._words) if word.startswith("--")]
        unknown = [name for name in slips if name not in self._option_string_actions]
        if unknown and message.startswith("the following arguments are required"):
            message = f"unrecognized arguments: {' '.join(unknown)}"
        raise BadUsageError(message, f"see {self._see or self.prog} --help")


def named_file(*suffixes: str) -> Callable[[str], Path]:
    """The type of an option that names a file to write, which must end as one of its kind."""

    def path_of(text: str) -> Path:
        path = Path(text)
        if path.suffix.lower() not in suffixes:
            raise argparse.ArgumentTypeError(f"{text} does not end in {' or '.join(suffixes)}")
        return path

    return path_of
