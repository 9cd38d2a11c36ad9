"""Starts programs that must not outlive this process, with all that they start. Standard library only."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ..core.process.child_processes import start

_GUARD: Final = Path(__file__).with_name("guarded_child.py")


def start_guarded(
    command: Sequence[str], environment: Mapping[str, str] | None = None, **options: Any
) -> subprocess.Popen[Any]:
    """Start a program whose words all come from the returned process's stdout; it ends when that one's stdin is closed.

    `options` are those of `Popen`; a program that the system ended has 256 less the number of the signal as its exit code.

    Raises:
        OSError: it cannot be started.
    """
    return start(
        [sys.executable, "-I", "-S", str(_GUARD), *command],
        environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **_beside_this_group(),
        **options,
    )


def _beside_this_group() -> dict[str, Any]:
    """The guard must still be there when this process's group is ended: it then ends the program."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}
