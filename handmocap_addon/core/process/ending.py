"""The end that is asked for from outside: a signal, or a parent that is gone. Standard library only."""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TextIO

from ..errors import ExitCode

# A child job takes up to 2.2 seconds to be ended.
_PATIENCE_SECONDS = 2.6
_LOOK_SECONDS = 0.02


class Ending:
    """Turns SIGINT, SIGTERM, SIGHUP and a closed stdin into one KeyboardInterrupt, and into the end where nobody takes it.

    Python delivers a signal between two of its own instructions, so a render that takes a minute would be waited for. The
    byte that Python writes for every signal (`signal.set_wakeup_fd`) is written at once and wakes a thread.
    """

    def __init__(self, patience_seconds: float = _PATIENCE_SECONDS) -> None:
        """`patience_seconds`: after this the process goes without having unwound."""
        # Before an end that does not unwind: what is said, and what goes.
        self.last_words: Callable[[], None] = lambda: None
        self.last_act: Callable[[], None] = lambda: None
        self._patience_seconds = patience_seconds
        self._asked = False
        self._abandonable = False
        self._is_put_off = False
        self._lock = threading.Lock()
        self._woken, self._wakes = socket.socketpair()

    def watch(self, stdin: TextIO | None = None) -> None:
        """Start to listen, to `stdin` only where it is given. Only the main thread may call this.

        Someone who starts a Blender from a shell or from cron may well have closed stdin: only a parent that holds a pipe
        open as long as it lives can ask for it to be watched.
        """
        self._wakes.setblocking(False)
        signal.set_wakeup_fd(self._wakes.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._interrupt)
        for name in ("SIGINT", "SIGHUP"):
            number = getattr(signal, name, None)
            # A shell's background job and nohup ignore these on purpose.
            if number is not None and signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._interrupt)
        threading.Thread(target=self._force, daemon=True).start()
        if stdin is not None:
            threading.Thread(target=self._wait_for_end_of, args=(stdin,), daemon=True).start()

    @contextlib.contextmanager
    def abandonable(self) -> Iterator[None]:
        """Within this block, the end does not wait: `last_words`, and the process is gone in the middle of what it does.

        For long calls into libraries, which would also print and forget a KeyboardInterrupt that is raised within them.
        """
        self._abandonable = True
        try:
            yield
        finally:
            # Waits for ever if the end is already under way.
            with self._lock:
                self._abandonable = False
            if self._asked:
                raise KeyboardInterrupt

    @contextlib.contextmanager
    def put_off(self) -> Iterator[None]:
        """Within this block nothing is interrupted: for what takes a moment and would be left behind half made."""
        self._is_put_off = True
        try:
            yield
        finally:
            self._is_put_off = False
            if self._asked:
                raise KeyboardInterrupt

    def over(self) -> None:
        """The work has come to its own end; nothing may change its exit code any more."""
        self._asked = True
        self._lock.acquire()

    def _interrupt(self, *_: object) -> None:
        if not self._asked:
            self._asked = True
            if not (self._abandonable or self._is_put_off):
                raise KeyboardInterrupt

    def _wait_for_end_of(self, stdin: TextIO) -> None:
        with contextlib.suppress(OSError, ValueError):
            while stdin.readline():
                pass
        _thread.interrupt_main(signal.SIGTERM)

    def _force(self) -> None:
        self._woken.recv(1)
        until = time.monotonic() + self._patience_seconds
        while True:
            with self._lock:
                if self._abandonable or time.monotonic() > until:
                    try:
                        self.last_words()
                        sys.stderr.flush()
                        self.last_act()
                    finally:
                        os._exit(ExitCode.CANCELLED)
            time.sleep(_LOOK_SECONDS)
