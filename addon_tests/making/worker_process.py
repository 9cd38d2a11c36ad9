"""Runs the worker as Blender does: a child process started by path, with an open stdin, its stdout read as a job's lines."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from addon_tests.making.patience import COMMAND_PATIENCE, Stopwatch

REPOSITORY = Path(__file__).parents[2]


def copy_package(target: Path) -> Path:
    """A copy of the package under another name and place, as Blender's folder of extensions has it."""
    shutil.copytree(REPOSITORY / "handmocap_addon", target, ignore=shutil.ignore_patterns("__pycache__"))
    return target


@dataclass(frozen=True)
class Finished:
    """A worker that has ended."""

    exit_code: int
    stdout: str
    stderr: str
    seconds_to_end: float  # of a machine with a core to spare, from the moment it was asked to end, where it was

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every line of stdout; a line that is no JSON object fails."""
        events = [json.loads(line) for line in self.stdout.splitlines()]
        assert all(isinstance(event, dict) for event in events)
        return events

    def last(self, kind: str) -> dict[str, Any]:
        """The one event of a kind, which has to be the last of all."""
        assert [event["event"] for event in self.events].count(kind) == 1
        assert self.events[-1]["event"] == kind
        return self.events[-1]


class Worker:
    """A running worker. Its output goes to files, so that no full pipe can hold it up."""

    def __init__(self, package: Path, arguments: Sequence[str | Path], folder: Path, stdin: int = subprocess.PIPE) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._stdout, self._stderr = folder / "stdout.txt", folder / "stderr.txt"
        # Not the test's own surroundings: nothing of the checkout may be importable by luck.
        environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONUTF8")}
        with self._stdout.open("wb") as stdout, self._stderr.open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, str(package / "worker"), *map(str, arguments)],
                stdin=stdin, stdout=stdout, stderr=stderr, cwd=folder, env=environment,
            )  # fmt: skip
        self._asked: Stopwatch | None = None

    def wait_for(self, kind: str) -> None:
        """Wait until the worker has printed an event of a kind."""
        deadline = time.monotonic() + COMMAND_PATIENCE
        while f'"event": "{kind}"' not in self._stdout.read_text(encoding="utf-8"):
            assert self.process.poll() is None, self._stderr.read_text(encoding="utf-8")
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def close_stdin(self) -> None:
        """What a parent that dies does."""
        assert self.process.stdin is not None
        self._asked = Stopwatch()
        self.process.stdin.close()

    def send_signal(self, number: int) -> None:
        self._asked = Stopwatch()
        self.process.send_signal(number)

    def finished(self) -> Finished:
        """Wait for the end."""
        try:
            exit_code = self.process.wait(COMMAND_PATIENCE)
            seconds = self._asked.stop() if self._asked else 0.0
        finally:
            self.process.kill()
            if self.process.stdin is not None:
                self.process.stdin.close()
        return Finished(
            exit_code, self._stdout.read_text(encoding="utf-8"), self._stderr.read_text(encoding="utf-8"), seconds
        )
