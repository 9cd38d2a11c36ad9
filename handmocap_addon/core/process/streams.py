"""Standard streams that hold, whatever a shell or a farm has done to them. Standard library only."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import NoReturn, TextIO


class _LastingStream(io.TextIOWrapper):
    """Goes on without a word where whoever read it has gone, as after `| head -1`: the work is wanted all the same."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except BrokenPipeError:
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except (BrokenPipeError, ValueError):
            return


def ready_streams() -> None:
    """Open what is closed, or what is opened next would be taken for it; and show bytes of file names that are no text."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDONLY if number == 0 else os.O_WRONLY)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            # What is opened is not handed on by itself, and the children would have theirs closed again.
            os.set_inheritable(number, True)
        if number == 0:
            if sys.stdin is None:
                sys.stdin = os.fdopen(0, encoding="utf-8", errors="replace", closefd=False)
            continue
        stream = getattr(sys, name)
        buffer = os.fdopen(number, "wb", closefd=False) if stream is None else getattr(stream, "buffer", None)
        if buffer is not None:
            encoding = stream.encoding if stream is not None else "utf-8"
            setattr(sys, name, _LastingStream(buffer, encoding, "backslashreplace", line_buffering=True))


def leave(code: int) -> NoReturn:
    """End this process with what it has said: neither a signal nor a library's own way out changes the code any more."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


@contextlib.contextmanager
def protocol_stdout() -> Iterator[TextIO]:
    """The real stdout for events alone; what libraries print, even from C, goes to stderr."""
    sys.stdout.flush()
    # File names may hold bytes that are no text; both pipes show them escaped, which JSON reads as well.
    protocol = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace")
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors="backslashreplace")
    os.dup2(2, 1)
    try:
        yield protocol
    finally:
        with contextlib.suppress(BrokenPipeError):
            protocol.close()
