from __future__ import annotations

import threading
import time

import pytest

from addon_tests.making.patience import PATIENCE
from handmocap_addon.worker.threads.sharing_out import share_out


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    before = set(threading.enumerate())
    yield
    end = time.monotonic() + PATIENCE
    while set(threading.enumerate()) - before:
        assert time.monotonic() < end, "a thread goes on"
        time.sleep(0.001)


@pytest.mark.parametrize("threads", [1, 3])
def test_every_task_is_done_once_and_every_step_is_counted(threads):
    done, steps = [], []

    def work(tasks, step):
        for task in tasks:
            for _ in range(task):
                step(1)
            done.append(task)

    share_out(range(20), work, threads, steps.append)
    assert sorted(done) == list(range(20))
    assert sum(steps) == sum(range(20))


def test_tasks_run_at_once_on_threads_and_steps_arrive_on_the_caller_s():
    together = threading.Barrier(3, timeout=PATIENCE)
    heard_on = set()

    def work(tasks, step):
        for _ in tasks:
            together.wait()
            step(1)

    share_out(range(3), work, 3, lambda _count: heard_on.add(threading.current_thread()))
    assert heard_on == {threading.current_thread()}


@pytest.mark.parametrize("threads", [1, 2])
def test_what_a_thread_raises_comes_out_and_ends_the_others(threads):
    def work(tasks, step):
        for task in tasks:
            if task == 1:
                raise KeyError("one")
            while True:
                step(1)
                time.sleep(0.001)

    with pytest.raises(KeyError, match="one"):
        share_out([1] if threads == 1 else [0, 1], work, threads, lambda _count: None)


@pytest.mark.parametrize("threads", [1, 2])
def test_what_the_caller_raises_ends_the_work(threads):
    def work(tasks, step):
        for _ in tasks:
            while True:
                step(1)
                time.sleep(0.001)

    def on_step(_count):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        share_out(range(4), work, threads, on_step)


def test_the_caller_is_asked_while_nothing_is_counted():
    asked = []

    def work(tasks, step):
        for _ in tasks:
            while True:
                step(0)
                time.sleep(0.001)

    def on_step(count):
        asked.append(count)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        share_out(range(2), work, 2, on_step)
    assert asked == [0]
