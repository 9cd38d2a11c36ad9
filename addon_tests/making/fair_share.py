"""A process of tests stays one among others on its machine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def as_a_program_among_others() -> Iterator[None]:
    """Takes back a real-time priority that a library gives its caller.

    SVT-AV1's encoder does so in a process of root's: from then on it and its children went before all others, and whatever
    ran beside the tests stood still.
    """
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)
