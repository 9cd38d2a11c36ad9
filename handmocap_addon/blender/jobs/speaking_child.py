"""Children of a background Blender, whose lines it reads. Without bpy."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Sequence
from typing import Any

from ...core.process.child_processes import start
from .process_trees import no_window


def start_speaking(command: Sequence[str]) -> subprocess.Popen[Any]:
    """Start a child in this process's own group, so that whoever ends it ends both; its words for people go to the same log.

    Raises:
        OSError: it cannot be started.
    """
    return start(command, stdout=subprocess.PIPE, encoding="utf-8", errors="replace", creationflags=no_window())


def end_speaking(process: subprocess.Popen[Any], seconds: float) -> None:
    """Close the child's stdin, which asks it to end; after `seconds` it is ended. Who reads its lines comes to their end."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
