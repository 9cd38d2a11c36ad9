"""Ctrl-C while a script waits. Without bpy."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def ctrl_c_interrupts() -> Iterator[None]:
    """Within this block Ctrl-C raises KeyboardInterrupt, also in a background Blender, which keeps SIGINT for itself.

    Blender sets its handler past Python, so that Python knows of none; it is put back as it was. A handler that somebody set
    in Python, and a signal that is ignored on purpose, stay.
    """
    if signal.getsignal(signal.SIGINT) is not None or threading.current_thread() is not threading.main_thread():
        yield
        return
    read, write = ctypes.pythonapi.PyOS_getsig, ctypes.pythonapi.PyOS_setsig
    read.restype = write.restype = ctypes.c_void_p
    read.argtypes, write.argtypes = [ctypes.c_int], [ctypes.c_int, ctypes.c_void_p]
    handler = read(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        write(signal.SIGINT, handler)
