"""Which tests run the real pip, venv or uv: those with the mark `installs`. Another one fails where it starts one itself."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

MARK = "installs"


def is_install(command: Sequence[Any]) -> bool:
    """Whether a command makes an environment or installs packages; to ask for a version is none."""
    words = [os.fsdecode(word) for word in command]
    for before, word in itertools.pairwise(words):
        if before == "-m" and word == "venv":
            return True
        if (before == "-m" and word == "pip") or Path(before).stem == "uv":
            return not {"--version", "-V"} & set(words)
    return False


class OnlyMarkedTestsInstall:
    """A plugin of pytest that hears of every child which a test starts."""

    def __init__(self) -> None:
        self._unmarked: str | None = None
        sys.addaudithook(self._heard)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._unmarked = None if item.get_closest_marker(MARK) else item.nodeid
        try:
            return (yield)
        finally:
            self._unmarked = None

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "subprocess.Popen" or self._unmarked is None:
            return
        command = arguments[1]
        if not isinstance(command, str | bytes) and is_install(command):
            pytest.fail(f"{self._unmarked} runs the real pip, venv or uv and has no mark {MARK!r}")
