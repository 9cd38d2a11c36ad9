"""What a run has finished, kept beside its target until the target is in place, so that a run that was killed goes on."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from numpy.typing import NDArray

from ...core.errors import OutputError
from ...core.files.atomic_files import output_error
from ...core.files.file_locks import try_to_lock
from ...core.files.keyed_arrays import read_keyed_arrays, write_keyed_arrays
from ...core.files.partial_folder import PART_SUFFIX, partial_folder

Array = NDArray[Any]

_LOCK_NAME = "lock"
_LOCK_SECONDS = 0.1
_PATIENCE_SECONDS = 5.0  # for a folder that comes and goes


class PartialResults:
    """Arrays by name and by key: what they were made from. Only one process has a target's at a time."""

    def __init__(self, folder: Path, lock: IO[Any]) -> None:
        self._folder = folder
        self._lock = lock

    def read(self, name: str, key: str) -> dict[str, Array] | None:
        """What was written with the same key, or None; whatever else has that name is of no use any more."""
        return read_keyed_arrays(self._folder / (name + PART_SUFFIX), key)

    def write(self, name: str, key: str, arrays: dict[str, Array]) -> None:
        """Write arrays in one step.

        Raises:
            OutputError: the place cannot be written.
        """
        write_keyed_arrays(self._folder / (name + PART_SUFFIX), key, arrays)

    def remove(self) -> None:
        """Forget everything: the result is there, or there will be none."""
        for path in self._folder.glob("*" + PART_SUFFIX):
            with contextlib.suppress(OSError):
                path.unlink()

    def close(self) -> None:
        """Let another process have it; the folder goes when nothing is in it."""
        for path in self._folder.glob(".*"):  # what a killed process had not finished to write
            with contextlib.suppress(OSError):
                path.unlink()
        if not any(self._folder.glob("*" + PART_SUFFIX)):
            self._remove_lock()
            self._lock.close()
            if sys.platform == "win32":  # which removes no open file
                self._remove_lock()
            with contextlib.suppress(OSError):
                self._folder.rmdir()
        self._lock.close()

    def _remove_lock(self) -> None:
        with contextlib.suppress(OSError):
            (self._folder / _LOCK_NAME).unlink()


@contextlib.contextmanager
def partial_results(target: Path, say: Callable[[str], None], check: Callable[[], None]) -> Iterator[PartialResults]:
    """The partial results of a target; where another process works on it, that one is waited for.

    `check` is called while waiting, to end it.

    Raises:
        OutputError: the place cannot be written.
    """
    folder = partial_folder(target)
    lock = _locked(folder, say, check)
    partial = PartialResults(folder, lock)
    try:
        yield partial
    finally:
        partial.close()


def _locked(folder: Path, say: Callable[[str], None], check: Callable[[], None]) -> IO[Any]:
    has_said, tries = False, 0
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle = (folder / _LOCK_NAME).open("a+b")
        except FileNotFoundError:  # the process that had it has just removed the folder, or the drive is gone
            check()
            tries += 1
            if tries * _LOCK_SECONDS > _PATIENCE_SECONDS:
                raise OutputError(f"{folder} cannot be made", "look whether its drive is there") from None
            time.sleep(_LOCK_SECONDS)
            continue
        except OSError as error:
            raise output_error(folder, error) from error
        try:
            if try_to_lock(handle) and _is_still_there(handle, folder / _LOCK_NAME):
                return handle
        except OSError as error:
            # Some network drives know no locks. Writes are whole all the same, so that two runs only do the work twice.
            where = f"{folder.parent} is on a drive that knows no locks ({error.strerror})"
            say(f"{where}: start no other run of {folder.name.removesuffix('.partial')} meanwhile")
            return handle
        handle.close()
        if not has_said:
            say(f"Another run works on {folder.name.removesuffix('.partial')}; waiting for it to end")
            has_said = True
        check()
        time.sleep(_LOCK_SECONDS)


def _is_still_there(handle: IO[Any], path: Path) -> bool:
    """Whether the file that was locked is the one that others will find."""
    try:
        return os.path.samestat(os.fstat(handle.fileno()), path.stat())
    except FileNotFoundError:
        return False
