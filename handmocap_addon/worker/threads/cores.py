"""How much of the machine may be used."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """The processor's cores that this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # Windows and macOS
        return os.cpu_count() or 1
