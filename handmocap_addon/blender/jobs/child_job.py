"""The doorway to child processes: starts one, reads its events without ever blocking, and ends it with all its children.

Works without Blender's window and even without bpy: the panel polls it from a timer, scripts wait for it.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from ...core.errors import HandmocapError, OutputError, WorkerFailedError
from ...core.files.atomic_files import output_error
from ...core.files.replaced_files import FilesBefore, links_among
from ...core.files.temporary_folders import TemporaryFolder
from ...core.job_protocol import JobEvent, Progress, parse_event
from ...core.process.child_processes import start
from .death_by_signal import died_of
from .interruptible import ctrl_c_interrupts
from .process_trees import ProcessTree, start_options

# How long a child may take to end by itself after its stdin closed, and after a request to terminate.
_POLITE_SECONDS = 1.5
_TERMINATE_SECONDS = 0.7
# What a child wrote has been read soon after its end, unless somebody else has its pipes and keeps them open.
_LAST_WORDS_SECONDS = 1.0
_LOOK_SECONDS = 0.02


class ReportedError(HandmocapError):
    """A failure that a child process reported, with its own code, sentence and exit code."""

    def __init__(self, code: str, message: str, hint: str, exit_code: int) -> None:
        super().__init__(message, hint)
        self.code = code
        self.exit_code = exit_code  # type: ignore[assignment]


def _opened_log(path: Path) -> IO[str]:
    """The log of a job, empty.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # What a link leads to is somebody else's.
        if path.is_symlink():
            path.unlink()
        return path.open("w", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise output_error(path.parent, error) from error


def _own_folder() -> TemporaryFolder | None:
    """None where there is no place for it: whether the child needs one is found out by the child."""
    try:
        return TemporaryFolder()
    except OutputError:
        return None


class ChildJob:
    """One child process that speaks the job protocol.

    Two threads drain its pipes, so it can never stall on a full one; they touch nothing but this object's own fields and the
    log. `targets` are the files that it is to write, so that a cancelled one can say which of them it had finished. Its
    temporary files lie in `folder`, which its maker removes, or else in a folder that goes when it has ended.
    """

    def __init__(
        self,
        command: Sequence[str],
        log_path: Path,
        targets: Sequence[Path] = (),
        folder: TemporaryFolder | None = None,
    ) -> None:
        """Start it.

        Raises:
            OutputError: the log cannot be written; nothing was started.
            WorkerFailedError: it cannot be started.
        """
        self.log_path = log_path
        self._files = FilesBefore(targets)
        self.warnings = links_among(targets)  # about what it is to replace
        self.progress: Progress | None = None
        self.note = ""  # what it last said to people
        self.result: dict[str, Any] | None = None
        self._error: JobEvent | None = None
        self.is_cancelled = False
        self._ended_at: float | None = None
        self._log = _opened_log(log_path)
        self._own_folder = _own_folder() if folder is None else None
        place = folder or self._own_folder
        self._log_lock = threading.Lock()
        try:
            self._process = start(
                command,
                {**os.environ, **(place.variables() if place is not None else {})},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                **start_options(),
            )
        except OSError as error:
            self._log.close()
            self._remove_own_folder()
            raise WorkerFailedError(f"{command[0]} cannot be started ({error.strerror})", "set it up again") from error
        self._tree = ProcessTree(self._process)
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
                if event is not None and event.kind == "progress":
                    with contextlib.suppress(TypeError, ValueError):
                        self.progress = Progress.of(event.data)
                    continue
                if event is not None and event.kind == "log":
                    self.note = str(event.data.get("message", ""))
                elif event is not None and event.kind == "result":
                    self.result = event.data
                elif event is not None and event.kind == "error":
                    self._error = event
                self._write_log(line)

    def _write_log(self, line: str) -> None:
        # A log that no longer fits on the disk must not stop the reading, or the child stalls on its pipe.
        with self._log_lock, contextlib.suppress(OSError, ValueError):
            self._log.write(line)
            self._log.flush()

    def poll(self) -> bool:
        """True while the child runs or its last words are on their way. Never waits."""
        if self._process.poll() is None:
            return True
        if self._ended_at is None:
            self._ended_at = time.monotonic()
            # Whatever the child itself started must not outlive it, nor keep its pipes open.
            self._tree.kill()
        has_more = any(reader.is_alive() for reader in self._readers)
        if has_more and time.monotonic() - self._ended_at < _LAST_WORDS_SECONDS:
            return True
        self._close()
        return False

    def cancel(self) -> None:
        """Ask the child to end, then make it: at most three seconds until it and its children are gone."""
        if self.is_cancelled or self._process.poll() is not None:
            return
        self.is_cancelled = True
        with contextlib.suppress(OSError, ValueError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        threading.Thread(target=self._escalate, daemon=True).start()

    def _escalate(self) -> None:
        for wait, go_on in ((_POLITE_SECONDS, self._tree.terminate), (_TERMINATE_SECONDS, self._tree.kill)):
            try:
                self._process.wait(wait)
                break
            except subprocess.TimeoutExpired:
                go_on()
        self._tree.kill()

    def wait(self, on_progress: Callable[[Progress], None] | None = None) -> dict[str, Any]:
        """Block until the end and return the result, for scripts. Ctrl-C cancels.

        Raises:
            HandmocapError: as `outcome`.
            KeyboardInterrupt: Ctrl-C came when the work was done.
        """
        shown: Progress | None = None
        try:
            with ctrl_c_interrupts():
                while self.poll():
                    if on_progress is not None and self.progress is not None and self.progress != shown:
                        shown = self.progress
                        on_progress(shown)
                    time.sleep(_LOOK_SECONDS)
        except KeyboardInterrupt:
            self.cancel()
            self.wait_for_the_end()
            self.outcome()
            # It had done its work already, but whoever waits for it is to stop.
            raise
        except BaseException:
            self.cancel()
            self.wait_for_the_end()
            raise
        return self.outcome()

    def wait_for_the_end(self) -> None:
        """Block until a child that was cancelled is gone; an impatient Ctrl-C does not leave it behind."""
        while self.poll():
            with contextlib.suppress(KeyboardInterrupt):
                time.sleep(_LOOK_SECONDS)

    def outcome(self) -> dict[str, Any]:
        """The result of a child that has ended.

        Raises:
            CancelledError: it was cancelled.
            ReportedError: it reported an error.
            WorkerFailedError: it ended without a word, for example killed by the system.
        """
        code = self._process.returncode
        # One that had done its work when it was cancelled has changed what it was to change.
        if self.is_cancelled and (code != 0 or self.result is None):
            raise self._files.cancelled()
        if self._error is not None:
            data = self._error.data
            kind = str(data.get("code", "failed"))
            # A failure that nobody foresaw has its trace in the log and nowhere else.
            hint = f"see {self.log_path}" if kind == "failed" else str(data.get("hint", ""))
            raise ReportedError(kind, str(data.get("message", "")), hint, code or 5)
        if code < 0:
            raise died_of(-code, self.log_path)
        if code != 0 or self.result is None:
            raise WorkerFailedError(f"The background process ended without a result (exit {code})", f"see {self.log_path}")
        return self.result

    def _close(self) -> None:
        for pipe, reader in zip((self._process.stdout, self._process.stderr), self._readers, strict=True):
            # To close a pipe that is being read would wait for the reader.
            if pipe is not None and not reader.is_alive():
                pipe.close()
        with contextlib.suppress(OSError, ValueError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        with self._log_lock, contextlib.suppress(OSError):
            self._log.close()
        self._remove_own_folder()

    def _remove_own_folder(self) -> None:
        if self._own_folder is not None:
            self._own_folder.remove()
