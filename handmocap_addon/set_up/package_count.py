"""Counts packages in what an installer prints."""

from __future__ import annotations

import re
from typing import Final

from .reporting import Listener, Pace

_WHEEL: Final = re.compile(r"^(?:Downloading|Using cached|Processing) \S*?([^\s/\\]+)\.whl(?:\s|$)")
_ALREADY: Final = re.compile(r"^Requirement already satisfied: (\S+)")


class PackageCount:
    """Progress of one installer's run, from pip's lines. uv names packages only when it has all of them."""

    def __init__(self, listener: Listener, stage: str, total: int) -> None:
        self._seen: set[str] = set()
        self._total = total
        self._pace = Pace(listener, stage, total)

    def read(self, line: str) -> None:
        """Take in a line; a package that is only now being downloaded does not count yet."""
        begun = _WHEEL.match(line)
        finished = _ALREADY.match(line)
        if begun or finished:
            self._seen.add((begun or finished)[1])  # type: ignore[index]
            self._pace.reach(len(self._seen) - (1 if begun else 0))

    def finish(self) -> None:
        """All of it is installed."""
        self._pace.reach(self._total)


def packages_in(lines: list[str]) -> list[str]:
    """`name==version` of each line of a list of packages that holds on every system."""
    plain = [line.split("#")[0].split(" --hash")[0].strip() for line in lines]
    return [line for line in plain if line and ";" not in line]
