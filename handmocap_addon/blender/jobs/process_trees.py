"""Starting a child apart from everything else, and ending it with all that it started. Without bpy."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from typing import Any

if sys.platform == "win32":
    from .windows_job_object import JobObject

# From the Windows headers; `subprocess` has the names on Windows alone.
_CREATE_NEW_PROCESS_GROUP = 0x00000200
_CREATE_NO_WINDOW = 0x08000000


def start_options(platform: str = sys.platform) -> dict[str, Any]:
    """For `child_processes.start`: a group of its own and no console window."""
    # A Ctrl-C in the terminal goes to a whole group: it must reach the parent alone, which then ends the child in order.
    if platform == "win32":
        return {"creationflags": _CREATE_NEW_PROCESS_GROUP | _CREATE_NO_WINDOW}
    return {"start_new_session": True}


def no_window(platform: str = sys.platform) -> int:
    """`creationflags` for a child that stays in its parent's group and opens no console."""
    return _CREATE_NO_WINDOW if platform == "win32" else 0


class ProcessTree:
    """A child that was started with `start_options`, and whatever it starts.

    On Windows they share a job object, which the system ends when this process does, however that comes about. Elsewhere
    nothing of the kind exists: the child ends when its stdin closes.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        if sys.platform == "win32":
            self._job = JobObject(process)

    def terminate(self) -> None:
        """Ask once more, by SIGTERM. Windows has no such word for a process without a window; there it is the end."""
        if sys.platform == "win32":
            self._job.terminate()
        else:
            self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """The end for every one of them; harmless where all are gone."""
        if sys.platform == "win32":
            self._job.terminate()
        else:
            self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
