"""Tasks that are shared out among threads, while the main thread counts what is done and can stop them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Task = TypeVar("Task")
# A thread: the tasks that it takes, one after the other, and a call that says how many frames are done.
Work = Callable[[Iterator[Task], Callable[[int], None]], None]

_LOOK_SECONDS = 0.1
# Longer than a network's run over one frame; whatever hangs beyond this is left behind, on a thread that holds up no exit.
_CLOSING_SECONDS = 1.0


class _StoppedError(Exception):
    """Raised in a thread whose work is no longer wanted."""


def share_out(tasks: Iterable[Task], work: Work[Task], threads: int, on_step: Callable[[int], None]) -> None:
    """Run `work` on `threads` threads until all tasks are taken and done.

    Every thread takes the next task in order when it has done its last. What it passes to its second argument reaches
    `on_step` on the calling thread, which is also called with 0 now and then; what `on_step` or a thread raises ends all.
    """
    if threads == 1:
        work(iter(tasks), on_step)
        return
    waiting, taking = iter(tasks), threading.Lock()
    stopping = threading.Event()
    said: queue.SimpleQueue[int | BaseException | None] = queue.SimpleQueue()

    def taken() -> Iterator[Task]:
        while not stopping.is_set():
            with taking:
                try:
                    task = next(waiting)
                except StopIteration:
                    return
            yield task

    def step(count: int) -> None:
        if stopping.is_set():
            raise _StoppedError
        if count:
            said.put(count)

    def run() -> None:
        try:
            work(taken(), step)
        except BaseException as error:  # passed on to the thread that waits
            said.put(error)
        else:
            said.put(None)

    running = [threading.Thread(target=run, daemon=True) for _ in range(threads)]
    for thread in running:
        thread.start()
    ended = 0
    try:
        while ended < threads:
            try:
                message = said.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                on_step(0)
                continue
            if message is None:
                ended += 1
            elif isinstance(message, int):
                on_step(message)
            else:
                raise message
    finally:
        stopping.set()
        for thread in running:
            thread.join(_CLOSING_SECONDS)
