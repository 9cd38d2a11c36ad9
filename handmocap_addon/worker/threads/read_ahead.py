"""An iterator that works ahead on a thread of its own, so that decoding and estimating do not wait for each other."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")

# Longer than one picture takes to decode; whatever hangs beyond this is left behind, on a thread that holds up no exit.
_CLOSING_SECONDS = 0.4


class ReadAhead(Generic[Item]):
    """The items of an iterator in their order, up to `depth` of them made before they are asked for.

    The iterator runs on the thread alone, and is closed there when it can be. What it raises comes out of `next` after the
    items before it. `close` ends the thread at the iterator's next item and must be called; until then the thread waits.
    """

    def __init__(self, items: Iterator[Item], depth: int) -> None:
        self._items = items
        self._depth = depth
        self._ready: deque[Item] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._ended = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        """Raises StopIteration at the end, the iterator's own error, or RuntimeError once this is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self._ended or self._closed)
            if self._closed:
                # Not an end: whoever still reads would take the items so far for all.
                raise RuntimeError("What is read from here was closed")
            if self._ready:
                item = self._ready.popleft()
                self._changed.notify_all()
                return item
            if self._error is not None:
                raise self._error
            raise StopIteration

    def close(self) -> None:
        """Forget what is ready and end the thread; waits for it less than half a second. May be called more than once."""
        with self._changed:
            self._closed = True
            self._ready.clear()
            self._changed.notify_all()
        self._thread.join(_CLOSING_SECONDS)

    def _work(self) -> None:
        error: BaseException | None = None
        try:
            while self._has_room():
                # Only now, so that no more than `depth` items are ever kept here.
                item = next(self._items)
                with self._changed:
                    if not self._closed:
                        self._ready.append(item)
                    self._changed.notify_all()
                del item
        except StopIteration:
            pass
        except BaseException as raised:  # passed on to the thread that reads
            error = raised
        try:
            close = getattr(self._items, "close", None)
            if close is not None:
                close()
        finally:
            with self._changed:
                self._error, self._ended = error, True
                self._changed.notify_all()

    def _has_room(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._ready) < self._depth)
            return not self._closed
