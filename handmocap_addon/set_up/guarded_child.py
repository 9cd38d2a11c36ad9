"""Runs one command that must not outlive its parent: `python guarded_child.py COMMAND …`. Standard library only.

The parent holds a pipe to this process's stdin and never writes to it. When the parent dies, by SIGKILL too, the system
closes the pipe, and the command is ended with everything that it started. It works alike on every system.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from typing import Any

_ENDED = 130


def _own_group() -> dict[str, Any]:
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def _end_group(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        # taskkill /T takes the tree; kill would leave what the command started.
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False)
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def main(command: list[str]) -> int:
    """Run the command to its end or to that of stdin, and return its exit code."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **_own_group())

    def end_with_the_parent() -> None:
        with contextlib.suppress(OSError, ValueError):
            while os.read(0, 4096):
                pass
        _end_group(process)
        os._exit(_ENDED)

    threading.Thread(target=end_with_the_parent, daemon=True).start()
    code = process.wait()
    # A program that failed may leave its own children behind, which nobody else would end.
    _end_group(process)
    return code


if __name__ == "__main__":
    # Nobody else may change what an installer puts down, however wide the person's own mask is.
    os.umask(os.umask(0o077) | 0o022)
    sys.exit(main(sys.argv[1:]))
