"""The worker's side of the job protocol: events on stdout, and the end when stdin closes or a signal comes."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from ..core.errors import CancelledError, ExitCode
from ..core.files.atomic_files import remove_temporaries_of
from ..core.files.partial_folder import partial_folder
from ..core.job_protocol import EventKind, JobEvent

# The loop looks at the flag once a frame; a library call that hangs longer than this is abandoned.
_PATIENCE_SECONDS = 1.0
_PROGRESS_INTERVAL_SECONDS = 0.1


class Cancellation:
    """Asked for by SIGINT, SIGTERM or a closed stdin: whoever started the worker is gone or wants it to stop."""

    def __init__(self, targets: Iterable[Path] = ()) -> None:
        """`targets` are the files that the work writes: what lies unfinished beside them goes where the end is forced."""
        self._requested = threading.Event()
        self._folders = {folder for target in targets for folder in (target.parent, partial_folder(target))}

    def watch(self, stdin: TextIO) -> None:
        """Start to listen. Only the main thread may call this."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.request())
        threading.Thread(target=self._wait_for_end_of, args=(stdin,), daemon=True).start()

    def _wait_for_end_of(self, stdin: TextIO) -> None:
        try:
            while stdin.readline():
                pass
        except (OSError, ValueError):
            pass
        self.request()

    def request(self) -> None:
        """Ask for the end, and force it if the work does not notice."""
        if self._requested.is_set():
            return
        self._requested.set()

        def force() -> None:
            time.sleep(_PATIENCE_SECONDS)
            for folder in self._folders:
                remove_temporaries_of(os.getpid(), folder)
            os._exit(ExitCode.CANCELLED)

        threading.Thread(target=force, daemon=True).start()

    def check(self) -> None:
        """Raise CancelledError if the end was asked for."""
        if self._requested.is_set():
            raise CancelledError("Cancelled; nothing was changed")


class EventWriter:
    """Prints events, and measures the speed of a stage for its progress."""

    def __init__(self, stdout: TextIO | None = None) -> None:
        self._stdout = stdout or sys.stdout
        self._stage = ""
        self._started = 0.0
        self._last = 0.0
        self._before = 0

    def emit(self, kind: EventKind, **data: Any) -> None:
        # Whoever listened may be gone; then stdin has closed as well, and the work ends in its own order.
        with contextlib.suppress(BrokenPipeError):
            print(JobEvent(kind, data).line(), file=self._stdout, flush=True)

    def log(self, message: str) -> None:
        """Say something to people, in the panel and on stderr."""
        self.emit("log", message=message)
        print(message, file=sys.stderr)

    def progress(self, stage: str, done: int, total: int) -> None:
        """Report a stage's progress, at most ten times a second and always at its end."""
        now = time.monotonic()
        if stage != self._stage:
            # The first step also loads and warms up, so the speed is measured from its end.
            self._stage, self._started, self._last, self._before = stage, now, 0.0, done
        if now - self._last < _PROGRESS_INTERVAL_SECONDS and done != total:
            return
        self._last = now
        elapsed = now - self._started
        fps = (done - self._before) / elapsed if elapsed > 0 else 0.0
        eta = (total - done) / fps if fps else None
        self.emit(
            "progress", stage=stage, done=done, total=total, fps=round(fps, 2), eta_s=None if eta is None else round(eta, 1)
        )
