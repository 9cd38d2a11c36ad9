"""The sentence for a child process that a signal ended."""

from __future__ import annotations

import signal
from pathlib import Path

from ...core.errors import WorkerFailedError

# Those that somebody sends: a person, a farm, the system that is short of memory. All others a process brings on itself.
FROM_OUTSIDE = ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP")
_LONGEST = 200  # letters of the log's last line


def died_of(number: int, log_path: Path) -> WorkerFailedError:
    """`number` is the signal's."""
    name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
    if name in FROM_OUTSIDE:
        return WorkerFailedError(
            f"The background process was stopped from outside ({name})",
            f"run it again, with more free memory if that happens twice; see {log_path}",
        )
    said = _last_line(log_path)
    return WorkerFailedError(
        f"The background process broke off by itself ({name}{f': {said}' if said else ''})",
        f"run Doctor, or see {log_path}",
    )


def _last_line(log_path: Path) -> str:
    """The last thing that it wrote for people; "" where it wrote nothing."""
    try:
        lines = log_path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    spoken = [line.strip() for line in lines if line.strip() and not line.startswith("{")]
    return spoken[-1][:_LONGEST].rstrip(" .:") if spoken else ""
