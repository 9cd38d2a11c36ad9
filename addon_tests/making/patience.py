"""Time in tests. A loaded machine makes everything slower and must not turn a test red."""

from __future__ import annotations

import threading
import time
from typing import Any

# Until a test fails instead of hanging, seconds. Nothing is slower for being allowed so much.
PATIENCE = 120.0
# The same for a whole command, which may estimate a clip and bake it.
COMMAND_PATIENCE = 1200.0


class Stopwatch:
    """Counts the seconds that one thread is given on this machine from now on.

    They are those of the clock on a machine that has a core to spare, and fewer where programs wait for each other: what
    is to take three seconds may then take longer.
    """

    def __init__(self) -> None:
        self._seconds = 0.0
        self._stopped = False
        self._thread = threading.Thread(target=self._count, daemon=True)
        self._thread.start()

    def _count(self) -> None:
        while not self._stopped:
            sum(range(2000))
            self._seconds = time.thread_time()

    def stop(self) -> float:
        """The seconds since the start."""
        self._stopped = True
        self._thread.join()
        return self._seconds

    def __enter__(self) -> Stopwatch:
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()

    @property
    def seconds(self) -> float:
        return self._seconds
