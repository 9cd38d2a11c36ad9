"""A lock that the system itself frees when the process that holds it dies. Standard library only."""

from __future__ import annotations

import errno
import os
import sys
from typing import IO, Any


def try_to_lock(handle: IO[Any] | int) -> bool:
    """Take the lock on an open file, or on the one of a number, until it is closed; False where another one has it.

    Raises:
        OSError: this place knows no locks, as some network drives.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            number = handle if isinstance(handle, int) else handle.fileno()
            os.lseek(number, 0, os.SEEK_SET)
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            return False
        raise
    return True
