"""Pictures that say which they are.

Each has its frame number as eight black or white blocks along its top, lowest bit first, and is red at the bottom left and
blue at the bottom right. So a test can tell which frame it was given, whether it is upright, and in which order its
channels are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

WIDTH, HEIGHT = 160, 96
_BITS = 8


def picture(number: int, width: int = WIDTH, height: int = HEIGHT) -> Array:
    """The picture (height, width, 3) RGB of a frame, whose number is taken modulo 256."""
    pixels = np.zeros((height, width, 3), np.uint8)
    block = width // _BITS
    for bit in range(_BITS):
        pixels[: height // 2, bit * block : (bit + 1) * block] = 235 if number >> bit & 1 else 16
    pixels[height // 2 :, : width // 2] = (220, 20, 20)
    pixels[height // 2 :, width // 2 :] = (20, 20, 220)
    return pixels


def number_in(pixels: Array) -> int:
    """The frame number in the top of an upright picture."""
    height, width = pixels.shape[:2]
    block = width // _BITS
    top = pixels[height // 8 : height * 3 // 8]
    middles = [top[:, bit * block + block // 4 : bit * block + block * 3 // 4].mean() for bit in range(_BITS)]
    return sum(1 << bit for bit, brightness in enumerate(middles) if brightness > 127)


def bottom_colours(pixels: Array) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Mean colours of the picture's bottom left and bottom right, in the picture's own channel order."""
    height, width = pixels.shape[:2]
    bottom = pixels[height * 5 // 8 : height * 7 // 8]
    left, right = bottom[:, width // 8 : width * 3 // 8], bottom[:, width * 5 // 8 : width * 7 // 8]
    return tuple(map(round, left.mean(axis=(0, 1)))), tuple(map(round, right.mean(axis=(0, 1))))
