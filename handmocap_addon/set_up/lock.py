"""One set-up at a time in a folder."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

from ..core.files.atomic_files import output_error
from ..core.files.file_locks import try_to_lock
from .trusted_folders import make_own_folder

_LOCK_SECONDS: Final = 0.1


@contextlib.contextmanager
def locked(folder: Path, say: Callable[[str], None]) -> Iterator[None]:
    """One maker at a time, and a word where another one is waited for; the system frees the lock when a process dies.

    Raises:
        OutputError: the folder cannot be made or written.
    """
    try:
        make_own_folder(folder)
        handle = (folder / ".lock").open("a+")
    except OSError as error:
        raise output_error(folder, error) from error
    with handle:
        has_said = False
        while not _is_mine(handle, folder, say):
            if not has_said:
                say(f"Waiting for another set-up in {folder} to end")
                has_said = True
            time.sleep(_LOCK_SECONDS)
        yield


def _is_mine(handle: IO[str], folder: Path, say: Callable[[str], None]) -> bool:
    try:
        return try_to_lock(handle)
    except OSError as error:
        # Some network drives know no locks; there a person has to see to it that one set-up runs at a time.
        say(f"{folder} is on a drive that knows no locks ({error.strerror}): start no other set-up in it meanwhile")
        return True
