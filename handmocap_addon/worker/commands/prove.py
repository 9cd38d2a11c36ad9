"""The `prove` command: a line of stdin names a file's expectation, and one event answers it."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from pathlib import Path
from typing import TextIO

from ...core.bake.expectation import FileExpectation
from ...core.errors import ExitCode, HandmocapError
from ..events import EventWriter
from ..proof.comparison import prove


def prove_files(stdin: TextIO, events: EventWriter) -> None:
    """Answer each line; the end of stdin ends the process, also in the middle of a file."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(stdin, lines), daemon=True).start()
    # The libraries take a while to load, and the first file is being written meanwhile.
    with contextlib.suppress(ImportError):
        from ..proof import alembic_reader, usd_reader  # noqa: F401
    while True:
        path = Path(lines.get())
        try:
            events.emit("result", **prove(FileExpectation.load(path)))
        except HandmocapError as error:
            events.emit("error", code=error.code, message=error.message, hint=error.hint)


def _listen(stdin: TextIO, lines: queue.SimpleQueue[str]) -> None:
    with contextlib.suppress(OSError, ValueError):
        for line in stdin:
            lines.put(line.rstrip("\n"))
    os._exit(ExitCode.DONE)
