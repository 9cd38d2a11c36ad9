"""Clips that Blender and the worker read in different ways, in a folder: `python -m addon_tests.making.clip_kinds FOLDER`.

For the tests in Blender, whose Python writes no videos. `KINDS` says of each what the worker finds in it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field
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


# What the worker finds in these is written beside them, as `NAME.json`: `Reading`'s fields.
READ = (
    "damaged.mp4", "covered.mp4", "covered_same_size.mp4", "two_films.mp4", "later.mp4", "after_a_pause.mp4", "sizes.ts",
    "mirrored.mp4", "exif_6", "exif_3", "by_twos",
)  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """A clip as the worker reads it: its entry in `meta`, the seconds of its rows, and what number each picture has."""

    clip: dict[str, Any]
    times: list[float]
    numbers: list[int]


def reading_of(path: Path) -> Reading:
    """What `write_all` found in a clip."""
    return Reading(**json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8")))


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
    _write_hostile(folder)
    for name in READ:
        reading = _reading(folder / name)
        (folder / f"{name}.json").write_text(json.dumps(asdict(reading)), encoding="utf-8")


def _write_hostile(folder: Path) -> None:
    from addon_tests.making import hostile_clips
    from addon_tests.making.clips import write_clip, write_image, write_image_folder
    from addon_tests.making.numbered_pictures import picture

    # Of key frames alone, so that nothing is smeared behind the damage.
    write_clip(folder / "sound.mp4", COUNT, g="1", bf="0")
    hostile_clips.damage_packets(folder / "sound.mp4", (9,), folder / "damaged.mp4")
    hostile_clips.write_with_cover(folder / "covered.mp4", (320, 192), flagged=True, frame_count=COUNT)
    hostile_clips.write_with_cover(folder / "covered_same_size.mp4", (160, 96), flagged=True, frame_count=COUNT)
    hostile_clips.write_two_films(folder / "two_films.mp4", [(160, 96), (320, 192)], [COUNT, COUNT])
    for name, skipped, empty in (("later.mp4", 7 / float(NTSC), 0.0), ("after_a_pause.mp4", 0.0, 0.5)):
        write_clip(folder / name, COUNT)
        hostile_clips.set_edit(folder / name, skipped, empty)
    hostile_clips.write_sizes(folder / "sizes.ts", [(160, 96), (320, 192)], each=8)
    write_clip(folder / "mirrored.mp4", COUNT)
    hostile_clips.set_matrix(folder / "mirrored.mp4", -1, 0, 0, 1)
    for orientation, turns in ((6, 1), (3, 2)):
        target = folder / f"exif_{orientation}"
        target.mkdir()
        for number in range(1, 9):
            path = target / f"photo.{number:04}.jpg"
            write_image(path, np.rot90(picture(number), turns))
            path.write_bytes(hostile_clips.with_exif_orientation(path.read_bytes(), orientation))
    write_image_folder(folder / "by_twos", range(1, 1 + 2 * COUNT, 2), "frame_{:04}.png")


def _reading(path: Path) -> Reading:
    from addon_tests.making.numbered_pictures import number_in
    from handmocap_addon.core.clip.frame_marks import FrameMark
    from handmocap_addon.worker.clip.sentences import clip_entries
    from handmocap_addon.worker.clip.timing import clip_timing
    from handmocap_addon.worker.video import probe_clip, read_frames, stored_picture

    clip = probe_clip(path)
    frames = list(read_frames(clip, "rgb"))
    times, marks = np.array([frame.time for frame in frames]), np.array([int(frame.marks) for frame in frames], np.uint8)
    timing = clip_timing(clip.declared_fps, times)
    height, width = frames[0].pixels.shape[:2]
    entry = {
        "name": path.name,
        "size": [width, height],
        "frames": len(frames),
        "fps": [timing.fps.numerator, timing.fps.denominator],
        "variable_frame_rate": timing.variable_frame_rate,
        **clip_entries(clip, stored_picture(clip), marks),
    }
    numbers = [-1 if frame.marks & FrameMark.LOST else number_in(frame.pixels) for frame in frames]
    return Reading(entry, times.tolist(), numbers)


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
