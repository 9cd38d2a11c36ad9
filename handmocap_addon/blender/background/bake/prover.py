"""The process that opens baked files with other readers than Blender's, while Blender writes the next one."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from pathlib import Path
from typing import IO, Any

from ....core.errors import BakeError, MissingSetupError, PointsDifferError, WorkerFailedError
from ....core.job_protocol import parse_event
from ....core.process.child_processes import python_command
from ...jobs.speaking_child import end_speaking, start_speaking

_WORKER = Path(__file__).resolve().parents[3] / "worker"


class Prover:
    """One process for all files of a bake; it loads its libraries while the first one is written."""

    def __init__(self, python: Path) -> None:
        self._process = start_speaking(python_command(python, _WORKER, "prove"))
        # What it says, line by line, and None at its end.
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True).start()

    def _listen(self, pipe: IO[str]) -> None:
        with contextlib.suppress(OSError, ValueError), pipe:
            for line in pipe:
                self._lines.put(line)
        self._lines.put(None)

    def begin(self, expectation: Path) -> None:
        """Have the file of an expectation looked at; one at a time."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(f"{expectation}\n")
            self._process.stdin.flush()

    def answer(self, seconds: float) -> dict[str, Any]:
        """What the file of the last `begin` holds.

        Raises:
            BakeError: not what the scene had.
            PointsDifferError: perhaps not; that can be told if the scene's points are kept.
            MissingSetupError: it could not be looked at, or not within the seconds.
            WorkerFailedError: the readers died of it.
        """
        until = time.monotonic() + seconds
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise MissingSetupError(
                    f"The readers said nothing about the file for {seconds:.0f} seconds", "run doctor, and the bake again"
                ) from None
            if line is None:
                raise WorkerFailedError("The readers ended while they looked at the file", "look at the log")
            event = parse_event(line)
            if event is None or event.kind not in ("result", "error"):
                continue
            if event.kind == "result":
                return event.data
            kinds = {kind.code: kind for kind in (BakeError, PointsDifferError, MissingSetupError)}
            kind = kinds.get(event.data["code"], WorkerFailedError)
            raise kind(event.data["message"], event.data["hint"])

    def close(self) -> None:
        """End it."""
        end_speaking(self._process, 2.0)
