"""Batches that become smaller when the memory is used up."""

from __future__ import annotations

import pytest

from handmocap_addon.core.errors import HandmocapError
from handmocap_addon.worker.estimators.halving_batch import HalvingBatch


class OutOfMemoryError(RuntimeError):
    """Named as torch's own."""


class Machine:
    """Doubles numbers, as many at once as it has room for."""

    def __init__(self, room, error):
        self.room, self.error = room, error
        self.tried, self.freed = [], 0

    def work(self, items):
        self.tried.append(len(items))
        if len(items) > self.room:
            raise self.error
        return [2 * item for item in items]

    def free(self):
        self.freed += 1


@pytest.mark.parametrize(
    "error",
    [
        OutOfMemoryError("no more"),
        RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate(handle)"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_a_batch_without_memory_is_halved_and_stays_small(error):
    machine = Machine(3, error)
    batch = HalvingBatch(8, machine.free)

    assert batch.run(list(range(10)), machine.work) == [2 * number for number in range(10)]
    assert machine.tried == [8, 4, 2, 2, 2, 2, 2] and machine.freed == 2
    assert batch.run([1, 2, 3], machine.work) == [2, 4, 6]
    assert machine.tried[7:] == [2, 1]


def test_a_short_batch_halves_from_its_own_length():
    machine = Machine(2, OutOfMemoryError())
    assert HalvingBatch(64, machine.free).run([1, 2, 3], machine.work) == [2, 4, 6]
    assert machine.tried == [3, 1, 1, 1]


def test_no_memory_for_one_is_said_in_a_sentence():
    machine = Machine(0, OutOfMemoryError())
    with pytest.raises(HandmocapError, match="not enough memory") as caught:
        HalvingBatch(2, machine.free).run([1, 2], machine.work)
    assert "--device cpu" in caught.value.sentence()


def test_another_error_is_not_taken_for_missing_memory():
    machine = Machine(0, RuntimeError("expected scalar type Half but found Float"))
    with pytest.raises(RuntimeError, match="expected scalar type"):
        HalvingBatch(4, machine.free).run([1, 2], machine.work)
    assert machine.tried == [2]


def test_nothing_asks_for_nothing():
    machine = Machine(0, OutOfMemoryError())
    assert HalvingBatch(4, machine.free).run([], machine.work) == []
    assert machine.tried == []
