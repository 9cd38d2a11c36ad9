"""One set-up at a time in a folder."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from ..atomic_files import output_error
from ..file_locks import try_to_lock

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
        while not try_to_lock(handle):
            if not has_said:
                say(f"Waiting for another set-up in {folder} to end")
                has_said = True
            time.sleep(_LOCK_SECONDS)
        yield
