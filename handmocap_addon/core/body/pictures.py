"""Whether a body was seen in a clip's pictures, by the size that its lens is of; brought over where it is exact."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import BelongingError
from ..maths.rotations import quat_wxyz_multiply, quat_wxyz_to_rotmat
from .motion import BodyMotion, BodyTrack
from .stand_in import load_stand_in_body

Array = NDArray[Any]
Size = tuple[int, int]
# Coders round a size up to 8 or 16, 1080 to 1088, and half precision rounds a lens.
_SAME_SIZE: Final = 0.0085
_SAME_ASPECT: Final = 0.01
_LEAST_PIXELS: Final = 2.0
# Blender's lenses are as long across as along; a lens that is not is of a picture whose pixels are not square.
_SQUARE_LENS: Final = 0.02
# GVHMR's own guess of a lens has the picture's diagonal as focal length and its middle as principal point.
_GUESSED_LENS: Final = 0.01
# A principal point may lie so far off the middle, in widths and heights: measured lenses by a few hundredths, cuts by more.
_FARTHEST_PRINCIPAL_POINT: Final = 0.3
# No proxy is so near to its clip's size.
_NEAR_SIZE: Final = 0.08
# Sine of the angle between the way a camera looks and the world's down from which on the picture has an up.
_LEAST_TILT: Final = 0.5


@dataclass(frozen=True)
class PictureFacts:
    """The pictures of a clip as hands are found in them, and as they are stored."""

    name: str
    size: Size  # width and height upright with square pixels
    stored_size: Size | None = None
    rotation: int = 0  # degrees clockwise by which the stored picture is turned
    pixel_aspect: Fraction = Fraction(1)


def lens_size(motion: BodyMotion) -> tuple[float, float]:
    """Width and height of the pictures that a motion's lens is of: GVHMR puts the principal point into their middle.

    Raises:
        BadUsageError: no camera saw it.
    """
    lens = motion.seen().intrinsics[0]
    return float(2.0 * lens[0, 2]), float(2.0 * lens[1, 2])


def seen_in(motion: BodyMotion, pictures: PictureFacts) -> BodyMotion:
    """The motion with the lens of the clip's own pictures, in the axes of its upright camera; as it is without a camera.

    Raises:
        BelongingError: it was made from other pictures, and cannot be brought over exactly.
    """
    if not motion.is_seen:
        return motion
    saw, size, maker = lens_size(motion), pictures.size, motion.maker
    if _is_same(saw, size):
        return motion
    is_guessed = abs(motion.seen().intrinsics[0, 0, 0] / np.hypot(*saw) - 1.0) <= _GUESSED_LENS
    if not is_guessed and all(abs(one / other - 1.0) <= _NEAR_SIZE for one, other in zip(saw, size, strict=True)):
        return _off_the_middle(motion, pictures)
    told = f"{maker.name}'s result was made from pictures of {_in_words(saw)} and {pictures.name} has {_in_words(size)}"
    if _has_aspect(saw, size):
        scaled = with_lens_scaled(motion, saw, size)
        return scaled.with_warning(f"{told}; its camera was scaled to the clip's size")
    lying = size[::-1]
    swaps = pictures.rotation in (90, 270)
    if swaps and _has_aspect(saw, lying):
        turned = turned_upright(with_lens_scaled(motion, saw, lying), lying, pictures.rotation)
        if _lies(turned):
            raise BelongingError(
                f"{maker.name}'s result was made from the lying pictures that {pictures.name} stores, and took them for "
                "upright: the body lies in the world",
                f"write a copy of the clip that is upright without its file saying so, and run {maker.name} on that",
            )
        return turned.with_warning(
            f"{maker.name}'s result was made from the lying pictures that {pictures.name} stores; its camera was turned "
            f"upright by the {pictures.rotation} degrees that the clip's file asks for"
        )
    stored = pictures.stored_size
    if pictures.pixel_aspect != 1 and stored is not None:
        for squeezed, squared, turns in ((stored, lying if swaps else size, swaps), (stored[::-1], size, False)):
            if _has_aspect(saw, squeezed) and (swaps or squeezed == stored):
                return _unsqueezed(motion, pictures, squared, turns)
    if _has_aspect(saw, lying):
        raise BelongingError(f"{told}: they lie where the clip stands, or the other way round", maker.own_clip)
    off = (abs(one / other - 1.0) / 2.0 for one, other in zip(saw, size, strict=True))
    if not is_guessed and all(share <= _FARTHEST_PRINCIPAL_POINT for share in off):
        return _off_the_middle(motion, pictures)
    raise BelongingError(told, f"{maker.own_clip}, or run {maker.name} on this clip")


def _off_the_middle(motion: BodyMotion, pictures: PictureFacts) -> BodyMotion:
    """Of these very pictures, by a lens that was measured, or of a part of larger ones; where hands are seen, they tell."""
    x, y = (float(motion.seen().intrinsics[0, axis, 2]) for axis in (0, 1))
    maker = motion.maker
    return motion.with_warning(
        f"{maker.name}'s lens has its middle at {x:.0f}, {y:.0f} in the {_in_words(pictures.size)} of {pictures.name}, and "
        f"the camera is shifted by that: if {maker.name} saw other pictures, {maker.own_clip}"
    )


def with_lens_scaled(motion: BodyMotion, saw: tuple[float, float], size: Size) -> BodyMotion:
    """The motion with the lens of the same pictures in another size."""
    scale = np.array((size[0] / saw[0], size[1] / saw[1], 1.0))
    return replace(motion, intrinsics=motion.seen().intrinsics * scale[:, None])


def turned_upright(motion: BodyMotion, lying: Size, degrees: int) -> BodyMotion:
    """The motion before a camera whose pictures of the size `lying` are turned clockwise by 90, 180 or 270 degrees."""
    x, y = {90: (0.0, 1.0), 180: (-1.0, 0.0), 270: (0.0, -1.0)}[degrees]
    turn = np.array(((x, -y, 0.0), (y, x, 0.0), (0.0, 0.0, 1.0)))
    half = np.radians(degrees) / 2.0
    quat = np.array((np.cos(half), 0.0, 0.0, np.sin(half)))
    # The body turns about the camera, and its translation is what is added to the pelvis at rest.
    pelvis = load_stand_in_body(motion.betas).rest_joints[0]
    seen = motion.seen()
    translation = (seen.track.translation + pelvis) @ turn.T - pelvis
    orient = quat_wxyz_multiply(np.broadcast_to(quat, seen.track.orient_quat_wxyz.shape), seen.track.orient_quat_wxyz)
    corner = {90: (lying[1], 0.0), 180: (lying[0], lying[1]), 270: (0.0, lying[0])}[degrees]
    picture = turn.copy()
    picture[:2, 2] = corner
    # As the camera's axes turn, so do the picture's: x' = P K x is P K R^-1 R x.
    intrinsics = picture @ seen.intrinsics @ turn.T
    return replace(motion, camera=BodyTrack(orient, translation), intrinsics=intrinsics)


def _unsqueezed(motion: BodyMotion, pictures: PictureFacts, squared: Size, turns: bool) -> BodyMotion:
    saw = lens_size(motion)
    wide, maker = with_lens_scaled(motion, saw, squared), motion.maker
    told = f"{maker.name}'s result was made from the pictures of {_in_words(saw)} in {pictures.name}"
    told += ", whose pixels are not square"
    lens = wide.seen().intrinsics[0]
    across, along = lens[0, 0], lens[1, 1]
    if abs(across / along - 1.0) > _SQUARE_LENS:
        raise BelongingError(
            f"{told}: it took a squeezed person for a thin or a stout one",
            f"write a copy of {_in_words(pictures.size)} with square pixels and run {maker.name} on that",
        )
    wide = wide.with_warning(f"{told}; its camera was scaled to square ones")
    return turned_upright(wide, squared, pictures.rotation) if turns else wide


def _lies(motion: BodyMotion) -> bool:
    """Whether the world's down is to a side of the pictures, on most frames of which it can be told."""
    world, camera = (quat_wxyz_to_rotmat(track.orient_quat_wxyz) for track in (motion.world, motion.seen().track))
    # The camera's axes in the world are the columns; down is along -y there, and along +y in the picture.
    down = -(world @ np.swapaxes(camera, -1, -2))[:, 1, :2]
    tells = np.linalg.norm(down, axis=1) > _LEAST_TILT
    return bool(tells.any() and np.median(down[tells, 1] - np.abs(down[tells, 0])) < 0.0)


def _is_same(saw: tuple[float, float], size: Size) -> bool:
    return all(abs(one - other) <= max(_LEAST_PIXELS, _SAME_SIZE * other) for one, other in zip(saw, size, strict=True))


def _has_aspect(saw: tuple[float, float], size: Size) -> bool:
    return abs(saw[0] * size[1] / (saw[1] * size[0]) - 1.0) <= max(_SAME_ASPECT, _LEAST_PIXELS / min(saw))


def _in_words(size: tuple[float, float]) -> str:
    return f"{round(size[0])}x{round(size[1])}"
