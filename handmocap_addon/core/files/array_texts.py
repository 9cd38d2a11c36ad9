"""Texts in arrays, which numpy takes as any numbers and finds out too late to be none."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_LAST_POINT: Final = 0x10FFFF


def with_real_texts(array: NDArray[Any]) -> NDArray[Any]:
    """The same array.

    Raises:
        ValueError: its texts have characters that there are not, at which Python breaks off when they are looked at.
    """
    if array.dtype.kind == "U" and array.dtype.itemsize and array.size:
        native = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("="), copy=False))
        points: NDArray[np.uint32] = native.reshape(-1).view(np.uint32)
        if np.max(points) > _LAST_POINT:
            raise ValueError("a text of characters that there are not")
    return array
