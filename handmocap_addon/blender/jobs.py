"""The doorway to child processes: starts one, reads its events without ever blocking, and ends it with all its children.

Works without Blender's window and even without bpy: the panel polls it from a timer, scripts wait for it.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from ..core.errors import HandmocapError, WorkerFailedError
from ..core.job_protocol import JobEvent, Progress, parse_event
from ..core.replaced_files import FilesBefore

# How long a child may take to end by itself after its stdin closed, and after a request to terminate.
_POLITE_SECONDS = 1.5
_TERMINATE_SECONDS = 0.7


class ReportedError(HandmocapError):
    """A failure that a child process reported, with its own code, sentence and exit code."""

    def __init__(self, code: str, message: str, hint: str, exit_code: int) -> None:
        super().__init__(message, hint)
        self.code = code
        self.exit_code = exit_code  # type: ignore[assignment]


class ChildJob:
    """One child process that speaks the job protocol.

    Two threads drain its pipes, so it can never stall on a full one; they touch nothing but queues and the log. `targets`
    are the files that it is to write, so that a cancelled one can say which of them it had finished.
    """

    def __init__(
        self,
        command: Sequence[str],
        log_path: Path,
        environment: Mapping[str, str] | None = None,
        targets: Sequence[Path] = (),
    ) -> None:
        self.log_path = log_path
        self._files = FilesBefore(targets)
        self.progress: Progress | None = None
        self.result: dict[str, Any] | None = None
        self._error: JobEvent | None = None
        self._cancelled = False
        self._events: queue.SimpleQueue[JobEvent] = queue.SimpleQueue()
        log_path.parent.mkdir(parents=True, exist_ok=True)
        self._log = log_path.open("w", encoding="utf-8", errors="replace")
        self._log_lock = threading.Lock()
        try:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(os.environ if environment is None else environment),
                encoding="utf-8",
                errors="replace",
                **_own_process_group(),
            )
        except OSError as error:
            self._log.close()
            raise WorkerFailedError(f"{command[0]} cannot be started ({error.strerror})", "set it up again") from error
        self._readers = [
            threading.Thread(target=self._read, args=(self._process.stdout, True), daemon=True),
            threading.Thread(target=self._read, args=(self._process.stderr, False), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def process_id(self) -> int:
        return self._process.pid

    def _read(self, pipe: IO[str], is_protocol: bool) -> None:
        with contextlib.suppress(ValueError, OSError):
            for line in pipe:
                event = parse_event(line) if is_protocol else None
                if event is not None:
                    self._events.put(event)
                if event is None or event.kind != "progress":
                    self._write_log(line)

    def _write_log(self, line: str) -> None:
        # A log that no longer fits on the disk must not stop the reading, or the child stalls on its pipe.
        with self._log_lock, contextlib.suppress(OSError, ValueError):
            self._log.write(line)
            self._log.flush()

    def poll(self) -> bool:
        """Take in what arrived; True while the child runs. Never waits."""
        running = self._process.poll() is None or any(reader.is_alive() for reader in self._readers)
        while True:
            try:
                event = self._events.get_nowait()
            except queue.Empty:
                break
            if event.kind == "progress":
                self.progress = Progress.of(event.data)
            elif event.kind == "result":
                self.result = event.data
            elif event.kind == "error":
                self._error = event
        if not running:
            self._close()
        return running

    def cancel(self) -> None:
        """Ask the child to end, then make it: at most three seconds until it and its children are gone."""
        self._cancelled = True
        if self._process.poll() is None:
            with contextlib.suppress(OSError, ValueError):
                assert self._process.stdin is not None
                self._process.stdin.close()
            threading.Thread(target=self._escalate, daemon=True).start()

    def _escalate(self) -> None:
        for wait, action in ((_POLITE_SECONDS, "terminate"), (_TERMINATE_SECONDS, "kill")):
            try:
                self._process.wait(wait)
                break
            except subprocess.TimeoutExpired:
                _signal_group(self._process, action)
        # Whatever the child itself started must not outlive it.
        _signal_group(self._process, "kill")

    def wait(self, on_progress: Callable[[Progress], None] | None = None) -> dict[str, Any]:
        """Block until the end and return the result, for scripts.

        Raises:
            HandmocapError: as `outcome`.
        """
        shown: Progress | None = None
        try:
            while self.poll():
                if on_progress is not None and self.progress is not None and self.progress != shown:
                    shown = self.progress
                    on_progress(shown)
                time.sleep(0.02)
        except KeyboardInterrupt:
            self.cancel()
            while self.poll():
                time.sleep(0.02)
        return self.outcome()

    def outcome(self) -> dict[str, Any]:
        """The result of a child that has ended.

        Raises:
            CancelledError: it was cancelled.
            ReportedError: it reported an error.
            WorkerFailedError: it ended without a word, for example killed by the system.
        """
        code = self._process.returncode
        if self._cancelled:
            raise self._files.cancelled()
        if self._error is not None:
            data = self._error.data
            kind = str(data.get("code", "failed"))
            # A failure that nobody foresaw has its trace in the log and nowhere else.
            hint = f"see {self.log_path}" if kind == "failed" else str(data.get("hint", ""))
            raise ReportedError(kind, str(data.get("message", "")), hint, code or 5)
        if code != 0 or self.result is None:
            raise WorkerFailedError(f"The background process ended without a result (exit {code})", f"see {self.log_path}")
        return self.result

    def _close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with contextlib.suppress(OSError, ValueError):
                if pipe is not None:
                    pipe.close()
        with self._log_lock, contextlib.suppress(OSError):
            self._log.close()


def _own_process_group() -> dict[str, Any]:
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def _signal_group(process: subprocess.Popen[str], action: str) -> None:
    if sys.platform == "win32":
        # taskkill /T takes the tree; Popen.kill would leave grandchildren.
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False)
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM if action == "terminate" else signal.SIGKILL)
