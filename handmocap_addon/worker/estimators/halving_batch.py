"""Work in batches that become smaller when the memory is used up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from ...core.audience import way_out
from ...core.errors import HandmocapError


class Items(Protocol):
    """What can be cut into batches: a list, or an array with an item a row."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> Any: ...


SomeItems = TypeVar("SomeItems", bound=Items)
# CUDA's own message, cuBLAS when it cannot have its workspace, and torch's allocator of main memory.
_OUT_OF_MEMORY = ("out of memory", "alloc_failed", "can't allocate memory")


class HalvingBatch:
    """Runs work on many items, `size` of them at once; a batch for which there is no memory is halved, and stays so."""

    def __init__(self, size: int, free: Callable[[], None]) -> None:
        """`free` gives back what the failed batch had taken."""
        self.size = size
        self._free = free

    def run(self, items: SomeItems, work: Callable[[SomeItems], Sequence[Any]]) -> list[Any]:
        """One answer of `work` for every item, in order.

        Raises:
            HandmocapError: there is no memory even for one item.
        """
        answers: list[Any] = []
        while len(answers) < len(items):
            batch = items[len(answers) : len(answers) + self.size]
            try:
                answers += work(batch)
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                if len(batch) == 1:
                    raise HandmocapError(
                        "There is not enough memory to estimate one hand",
                        "close other programs, or choose "
                        + way_out("the processor as Device in the preferences", "--device cpu"),
                    ) from error
                self.size = len(batch) // 2
            else:
                continue
            # Here the error is gone, and with it the frames that hold on to the batch.
            self._free()
        return answers


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether an error of torch says that memory is used up, by its class or, from older versions, by its words."""
    return type(error).__name__ == "OutOfMemoryError" or any(words in str(error).lower() for words in _OUT_OF_MEMORY)
