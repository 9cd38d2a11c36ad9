"""Where the memory, or the addresses, that a process may have are used up, Python says so in several ways: here in one."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

# A loader of libraries (glibc's words), and CPython's threading.
_LOADER: Final = re.compile("failed to map segment|cannot allocate memory", re.IGNORECASE)
_NO_THREAD: Final = re.compile("can't (start|allocate lock for) new thread|can't allocate lock", re.IGNORECASE)


@contextmanager
def as_memory_error() -> Iterator[None]:
    """Whatever says within that there is no memory left leaves as a MemoryError; everything else as it is.

    Raises:
        MemoryError: there is none for an object, a library or the stack of a thread.
    """
    try:
        yield
    except (ImportError, RuntimeError, OSError) as error:
        if _is_shortage(error):
            raise MemoryError(str(error)) from error
        raise


def _is_shortage(error: ImportError | RuntimeError | OSError) -> bool:
    if isinstance(error, ImportError):
        return _LOADER.search(str(error)) is not None
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM or _LOADER.search(str(error)) is not None
    return _NO_THREAD.search(str(error)) is not None
