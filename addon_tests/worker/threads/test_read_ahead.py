"""Reading ahead on a thread: order, bound, errors and ends."""

from __future__ import annotations

import threading
import time

import pytest

from addon_tests.making.patience import PATIENCE
from handmocap_addon.core.errors import ClipError
from handmocap_addon.worker.threads.read_ahead import ReadAhead


@pytest.fixture
def read(request):
    """Makes readers and closes them."""
    readers = []

    def make(items, depth=3):
        readers.append(ReadAhead(items, depth))
        return readers[-1]

    yield make
    for reader in readers:
        reader.close()


def _wait_until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


@pytest.mark.parametrize("depth", [1, 4, 100])
def test_items_come_in_order_and_end(read, depth):
    reader = read(iter(range(20)), depth)
    assert list(reader) == list(range(20))
    assert list(reader) == []


def test_works_ahead_as_far_as_its_depth_and_no_farther(read):
    made = []

    def items():
        for number in range(20):
            made.append(number)
            yield number

    reader = read(items(), 3)
    _wait_until(lambda: len(made) == 3)
    time.sleep(0.05)
    assert made == [0, 1, 2]
    assert next(reader) == 0
    _wait_until(lambda: len(made) == 4)


def test_an_error_comes_after_the_items_before_it(read):
    def items():
        yield "first"
        raise ClipError("the rest is missing")

    reader = read(items())
    assert next(reader) == "first"
    for _ in range(2):
        with pytest.raises(ClipError, match="the rest is missing"):
            next(reader)


def test_close_ends_the_thread_and_the_generator_in_it(read):
    closed_on = []

    def items():
        try:
            while True:
                yield 1
        finally:
            closed_on.append(threading.current_thread())

    reader = read(items())
    next(reader)
    reader.close()
    reader.close()

    assert not reader._thread.is_alive()
    assert closed_on == [reader._thread]


def test_a_closed_reader_does_not_look_like_one_at_its_end(read):
    reader = read(iter(range(5)))
    reader.close()
    with pytest.raises(RuntimeError, match="closed"):
        next(reader)


def test_closing_does_not_wait_for_a_source_that_hangs(read):
    go_on = threading.Event()

    def items():
        go_on.wait(PATIENCE)
        yield 1

    reader = read(items())
    reader.close()
    assert not go_on.is_set() and reader._thread.is_alive()
    go_on.set()
    reader._thread.join(PATIENCE)
    assert not reader._thread.is_alive()


def test_closing_wakes_a_thread_that_reads(read):
    go_on = threading.Event()

    def items():
        go_on.wait(PATIENCE)
        yield 1

    slow = read(items())
    outer = read(iter(slow))
    slow.close()
    outer._thread.join(PATIENCE)
    assert not outer._thread.is_alive()
    go_on.set()
