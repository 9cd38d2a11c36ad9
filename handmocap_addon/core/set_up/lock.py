"""One set-up at a time in a folder."""

from __future__ import annotations

import contextlib
import errno
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

from ..atomic_files import output_error

_LOCK_SECONDS: Final = 0.1


@contextlib.contextmanager
def locked(folder: Path, say: Callable[[str], None]) -> Iterator[None]:
    """One maker at a time, and a word where another one is waited for; the system frees the lock when a process dies.

    Raises:
        OutputError: the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / ".lock").open("a+")
    except OSError as error:
        raise output_error(folder, error) from error
    with handle:
        has_said = False
        while not _try_to_lock(handle):
            if not has_said:
                say(f"Waiting for another set-up in {folder} to end")
                has_said = True
            time.sleep(_LOCK_SECONDS)
        yield


def _try_to_lock(handle: IO[str]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            handle.seek(0)
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            return False
        raise
    return True
