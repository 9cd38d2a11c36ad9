"""Clips of the demo's person in other views: parts of the picture, turned, squeezed, or walking out of it.

    python -m addon_tests.making.person_clips TARGET

writes one of two hands that fill the picture.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from addon_tests.making.clips import set_rotation

Array = NDArray[Any]
DEMO: Path = Path(__file__).parents[2] / "demo"
FPS = Fraction(24000, 1001)
# Left, top, right and bottom of what is in the demo's pictures all the time.
A_HAND = (50, 60, 210, 220)
OTHER_HAND = (430, 60, 590, 220)
HEAD = (230, 0, 410, 170)


def demo_pictures(every: int = 1) -> list[Array]:
    """Every so many of the demo's pictures (480, 640, 3) uint8 RGB."""
    with av.open(str(DEMO / "clip.mp4")) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)][::every]


def part(picture: Array, box: tuple[int, int, int, int], size: tuple[int, int]) -> Array:
    """A part of a picture, as large as `size` (width, height)."""
    left, top, right, bottom = box
    return np.asarray(cv2.resize(picture[top:bottom, left:right], size, interpolation=cv2.INTER_CUBIC))


def moved_right(picture: Array, pixels: int) -> Array:
    """The picture with its background on the left, and without what goes out of it on the right."""
    moved = np.empty_like(picture)
    moved[:] = picture[5, 5]
    if pixels < picture.shape[1]:
        moved[:, pixels:] = picture[:, : picture.shape[1] - pixels]
    return moved


def write_pictures(
    path: Path, pictures: Sequence[Array], fps: Fraction = FPS, rotation: int = 0, pixel_aspect: Fraction = Fraction(1)
) -> Path:
    """A clip of pictures as they are stored; `rotation` is by how many degrees clockwise a player has to turn them."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "6", "preset": "ultrafast"}
        stream.codec_context.sample_aspect_ratio = pixel_aspect
        for pixels in pictures:
            for packet in stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    if rotation:
        set_rotation(path, rotation // 90)
    return path


def hands_alone(*boxes: tuple[int, int, int, int]) -> list[Array]:
    """36 pictures of hands that fill them, side by side."""
    return [np.hstack([part(one, box, (480, 480)) for box in boxes]) for one in demo_pictures()[:36]]


if __name__ == "__main__":
    # For tests whose Python has no coder of films.
    write_pictures(Path(sys.argv[1]), hands_alone(A_HAND, OTHER_HAND))
