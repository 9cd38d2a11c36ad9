"""Clips that Blender and the worker read in different ways, in a folder: `python -m addon_tests.making.clip_kinds FOLDER`.

For the tests in Blender, whose Python writes no videos. `KINDS` says of each what the worker finds in it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

COUNT = 24
NTSC = Fraction(30000, 1001)


@dataclass(frozen=True)
class Kind:
    """A clip's rate, the seconds of its rows (None: by the rate), its size as it is shown, and its notes in `meta`."""

    fps: Fraction = NTSC
    times: tuple[float, ...] | None = None
    size: tuple[int, int] = (160, 96)
    notes: dict[str, Any] = field(default_factory=dict)


def _holding(count: int) -> tuple[float, ...]:
    """Now 1/60 s and now 3/60 s long, as screens and phones record."""
    steps = np.where(np.arange(count) % 5 < 3, 1, 3)
    return tuple((np.cumsum(steps) - steps[0]).astype(float) / 60.0)


_FOLDER = {"kind": "images", "stored_size": [160, 96]}
KINDS = {
    "plain.mp4": Kind(),
    "varying.mp4": Kind(Fraction(60), _holding(COUNT), notes={"variable_frame_rate": True}),
    "turned_90.mp4": Kind(notes={"rotation": 90, "stored_size": [96, 160]}),
    "turned_180.mp4": Kind(notes={"rotation": 180, "stored_size": [160, 96]}),
    "wide_pixels.mp4": Kind(size=(240, 96), notes={"pixel_aspect": [3, 2], "stored_size": [160, 96]}),
    "lost.mp4": Kind(notes={"lost_frames": [7, 8]}),
    "plate": Kind(Fraction(24), notes=_FOLDER | {"first_number": 1001, "pattern": "plate.####.png"}),
    "unpadded": Kind(Fraction(24), notes=_FOLDER | {"first_number": 1, "pattern": "frame#.png"}),
    "gap": Kind(Fraction(24), notes=_FOLDER | {"first_number": 1, "pattern": "frame_####.png", "lost_frames": [9, 10]}),
    "tagged": Kind(Fraction(24), notes=_FOLDER | {"first_number": 1, "pattern": "####_beauty.png"}),
    "version_behind": Kind(Fraction(24), notes=_FOLDER | {"first_number": 1, "pattern": "####_v3.png"}),
}


def write_all(folder: Path) -> None:
    """Write all of them."""
    from addon_tests.making.clips import write_clip, write_image_folder

    write_clip(folder / "plain.mp4", COUNT)
    write_clip(folder / "lost.mp4", COUNT)
    write_clip(folder / "varying.mp4", COUNT, Fraction(60), times=_holding(COUNT))
    write_clip(folder / "turned_90.mp4", COUNT, rotation=90)
    write_clip(folder / "turned_180.mp4", COUNT, rotation=180)
    _write_wide_pixels(folder / "wide_pixels.mp4")
    write_image_folder(folder / "plate", range(1001, 1001 + COUNT), "plate.{:04}.png")
    write_image_folder(folder / "unpadded", range(1, 1 + COUNT), "frame{}.png")
    write_image_folder(folder / "gap", [n for n in range(1, 1 + COUNT) if n not in (10, 11)], "frame_{:04}.png")
    write_image_folder(folder / "tagged", range(1, 1 + COUNT), "{:04}_beauty.png")
    write_image_folder(folder / "version_behind", range(1, 1 + COUNT), "{:04}_v3.png")


def number_of(name: str, row: int) -> int:
    """What stands in the picture of a row, as `numbered_pictures` writes it."""
    notes = KINDS[name].notes
    number = row * notes.get("number_step", 1) + notes.get("first_number", 0)
    return int(number) % 256


def _write_wide_pixels(path: Path) -> None:
    """A pixel aspect of 3:2."""
    import av

    from addon_tests.making.numbered_pictures import picture

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=NTSC)
        stream.width, stream.height, stream.pix_fmt, stream.options = 160, 96, "yuv420p", {"crf": "12"}
        stream.codec_context.sample_aspect_ratio = Fraction(3, 2)
        for number in range(COUNT):
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture(number), format="rgb24")):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))
