"""What the receiving side of a bake asks for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal, get_args

from ..errors import BadUsageError

Geometry = Literal["skinned", "exact", "skeleton"]
Part = Literal["body", "hands", "camera"]
Unit = Literal["metres", "centimetres"]
UpAxis = Literal["y", "z"]

GEOMETRIES: Final[tuple[Geometry, ...]] = get_args(Geometry)
PARTS: Final[tuple[Part, ...]] = get_args(Part)
UNITS: Final[tuple[Unit, ...]] = get_args(Unit)
UP_AXES: Final[tuple[UpAxis, ...]] = get_args(UpAxis)
UNITS_PER_METRE: Final[dict[Unit, float]] = {"metres": 1.0, "centimetres": 100.0}
BAKE_SUFFIXES: Final = (".abc", ".usdc", ".usda", ".usd")
OVER_ORIGIN: Final = "origin"
PART_FIELD: Final = "{part}"
MOST_SAMPLES = 64
MOST_HANDLES = 10_000


@dataclass(frozen=True)
class BakeFile:
    """One file of a bake, its parts, and its first and last whole frame, handles included."""

    path: Path
    parts: tuple[Part, ...]
    first_frame: int
    last_frame: int


@dataclass(frozen=True)
class BakeOptions:
    """One bake's options. The defaults bake the skinned mesh over the scene's range as each format usually has it.

    Attributes:
        geometry: skinned: meshes as the scene evaluates them; exact: the SMPL-X surface with pose correctives; skeleton: a
            UsdSkel with its animation and its meshes, for USD alone.
        parts: what is written. The hands are the body's mesh cut down to them.
        apart: a file for each part instead of one for all.
        first_frame, last_frame: whole frames, both included; None for the scene's.
        handles: frames before and after these.
        piece_frames: frames a file, so that a long range is cut in pieces of which finished ones are kept; None: one file.
        samples: samples a frame, for motion blur.
        shutter: where the first sample of a frame stands and where the next one after its last would, in frames from it.
        up_axis: None for the format's usual one, y in Alembic and z in USD.
        frame_rate: frames a second that the file is to have; None for the scene's. Frames keep their numbers.
        offset: metres in Blender's axes that all is moved by; `origin` puts the pelvis of the first frame over the origin
            and leaves its height.

    Raises:
        BadUsageError: a value is none of those that there are, or out of its range.
    """

    geometry: Geometry = "skinned"
    parts: tuple[Part, ...] = ("body",)
    apart: bool = False
    first_frame: int | None = None
    last_frame: int | None = None
    handles: int = 0
    piece_frames: int | None = None
    samples: int = 1
    shutter: tuple[float, float] = (0.0, 1.0)
    unit: Unit = "metres"
    up_axis: UpAxis | None = None
    normals: bool = False
    uvs: bool = True
    frame_rate: Fraction | None = None
    offset: tuple[float, float, float] | Literal["origin"] | None = None

    def __post_init__(self) -> None:
        _check_choice("geometry", self.geometry, GEOMETRIES)
        for part in self.parts:
            _check_choice("part", part, PARTS)
        if not self.parts or len(set(self.parts)) != len(self.parts):
            raise BadUsageError("A bake needs each of its parts once", f"choose from {', '.join(PARTS)}")
        _check_choice("unit", self.unit, UNITS)
        if self.up_axis is not None:
            _check_choice("up axis", self.up_axis, UP_AXES)
        if None not in (self.first_frame, self.last_frame) and self.last_frame < self.first_frame:  # type: ignore[operator]
            raise BadUsageError(f"The range {self.first_frame}-{self.last_frame} ends before it begins", "turn it round")
        if not 0 <= self.handles <= MOST_HANDLES:
            raise BadUsageError(f"{self.handles} is no number of handle frames", f"give 0 to {MOST_HANDLES}")
        if self.piece_frames is not None and self.piece_frames < 1:
            raise BadUsageError(f"{self.piece_frames} is no number of frames for a piece", "give 1 or more")
        if not 1 <= self.samples <= MOST_SAMPLES:
            raise BadUsageError(f"{self.samples} is no number of samples a frame", f"give 1 to {MOST_SAMPLES}")
        shutter_open, shutter_close = self.shutter
        if not -1.0 <= shutter_open < shutter_close <= 1.0:
            raise BadUsageError(f"The shutter cannot open at {shutter_open:g} and close at {shutter_close:g}",
                                "give two numbers from -1 to 1, the smaller one first")  # fmt: skip
        if self.frame_rate is not None and not 1 <= self.frame_rate <= 1000:
            raise BadUsageError(f"{self.frame_rate} is no frame rate", "give one such as 24 or 24000/1001")
        if isinstance(self.offset, str):
            _check_choice("offset", self.offset, (OVER_ORIGIN,))
        elif self.offset is not None and not (len(self.offset) == 3 and all(math.isfinite(value) for value in self.offset)):
            raise BadUsageError("The offset is no place", "give three numbers x,y,z in metres, or origin")

    def frames(self, scene_first: int, scene_last: int) -> tuple[int, int]:
        """First and last frame to bake, handles included, for a scene with this range.

        Raises:
            BadUsageError: the range ends before it begins.
        """
        first = scene_first if self.first_frame is None else self.first_frame
        last = scene_last if self.last_frame is None else self.last_frame
        if last < first:
            raise BadUsageError(f"The range {first}-{last} ends before it begins", "choose frames of the scene's range")
        return first - self.handles, last + self.handles

    def files(self, target: Path) -> tuple[tuple[Path, tuple[Part, ...]], ...]:
        """The files of a target with the parts of each: body.abc, hands.abc … side by side, shot.abc as shot_body.abc …

        `{part}` in the target's name is where the part stands, which for several in one file is the body.
        """
        pattern = target.name
        if self.apart and PART_FIELD not in pattern:
            before = "" if target.stem in PARTS else f"{target.stem}_"
            pattern = f"{before}{PART_FIELD}{target.suffix}"
        if self.apart:
            return tuple((target.with_name(pattern.replace(PART_FIELD, part)), (part,)) for part in self.parts)
        whole = self.parts[0] if len(self.parts) == 1 else "body"
        return ((target.with_name(pattern.replace(PART_FIELD, whole)), self.parts),)

    def files_over(self, target: Path, first_frame: int, last_frame: int) -> tuple[BakeFile, ...]:
        """The files of a target over frames as `frames` gives them: with pieces body.0001-0500.abc, body.0501-1000.abc …"""
        if self.piece_frames is None:
            return tuple(BakeFile(path, parts, first_frame, last_frame) for path, parts in self.files(target))
        starts = range(first_frame, last_frame + 1, self.piece_frames)
        pieces = [(first, min(first + self.piece_frames - 1, last_frame)) for first in starts]
        return tuple(
            BakeFile(path.with_name(f"{path.stem}.{first:04d}-{last:04d}{path.suffix}"), parts, first, last)
            for path, parts in self.files(target)
            for first, last in pieces
        )

    def up_axis_of(self, suffix: str) -> UpAxis:
        """The axis that points up in a file with this suffix."""
        return self.up_axis or ("y" if suffix.lower() == ".abc" else "z")


def _check_choice(what: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise BadUsageError(f"{value} is no {what} of a bake", f"choose from {', '.join(choices)}")
