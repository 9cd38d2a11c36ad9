"""Bounds that the system holds this process to, where it can: a decoder that a hostile clip leads astray ends here.

Addresses are not bounded: libraries reserve many times what they use, and graphics drivers a thousand times. What may be
written to is bounded instead (`RLIMIT_DATA`, on Linux), which is near what is used.
"""

from __future__ import annotations

import contextlib
import importlib
from typing import Any, Final

# The built-in estimator has some 0.7 GiB, and of films of 8K some more.
MOST_MEMORY: Final = 16 << 30
# The hands of 600,000 frames and their slices have less than one.
MOST_FILE: Final = 8 << 30


def bound_process(command: str, estimator: str) -> None:
    """From now on take no more memory, and write no larger files, than a command needs.

    WiLoR has no bound on memory: torch and the drivers of graphics cards take what differs from card to card.
    """
    if command in ("estimate", "proxy") and estimator != "wilor":
        _bound("RLIMIT_DATA", MOST_MEMORY)
    if command == "estimate":
        _bound("RLIMIT_FSIZE", MOST_FILE)


def _bound(name: str, most: int) -> None:
    """A lower bound that is there already stays, and whoever started this process may lift ours again."""
    try:
        resource: Any = importlib.import_module("resource")
    except ImportError:  # Windows
        return
    with contextlib.suppress(AttributeError, OSError, ValueError):
        kind = getattr(resource, name)
        soft, hard = resource.getrlimit(kind)
        bounds = [most, *(limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY)]
        resource.setrlimit(kind, (min(bounds), hard))
