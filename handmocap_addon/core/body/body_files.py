"""The one door for motions of bodies: whatever kind of file it is, told by its content, it becomes a `BodyMotion`.

A further kind of another program's is one line of `_KINDS`; this program's own `body_motion.npz` has a reader of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from ..errors import BadUsageError, HandmocapError
from ..files.array_files import FileContent, read_array_file
from .amass_file import amass_motion
from .body_motion_file import is_body_motion, read_body_motion
from .gvhmr_file import gvhmr_motion, no_body_in
from .motion import BodyMotion
from .prompt_hmr_file import prompt_hmr_motion
from .smpl_codec_file import smpl_codec_motion

# Each gives None for a file that is not of its kind, and an error for one that is and cannot be read.
_KINDS: Final[tuple[Callable[[Path, FileContent], BodyMotion | None], ...]] = (
    gvhmr_motion,
    prompt_hmr_motion,
    smpl_codec_motion,
    amass_motion,
)


def read_body(path: Path) -> BodyMotion:
    """One person's motion; what was mended or taken for granted is in its warnings.

    Raises:
        BodyMotionFileError: unreadable, unsafe, of no known kind, not whole, or several people's.
        MissingSetupError: the rest joints of SMPL-X are needed and not there.
    """
    path = Path(path)
    if is_body_motion(path):
        return read_body_motion(path).motion
    content = read_array_file(path)
    for read in _KINDS:
        motion = read(path, content)
        if motion is not None:
            return motion
    raise no_body_in(path, content)


def read_bodies(paths: Sequence[Path]) -> list[BodyMotion]:
    """The motions of several people, who must be several: hands near one body given twice would be split between the two.

    Raises:
        BodyMotionFileError, MissingSetupError: as for one.
        BadUsageError: two are of the same body, or of several nobody can tell where they are in the picture.
    """
    motions = [read_body(path) for path in paths]
    for (first, motion), (second, other) in itertools.combinations(zip(paths, motions, strict=True), 2):
        if _is_one(motion, other):
            raise BadUsageError(f"{first} and {second} are the same person's", "name one GVHMR result for each person")
    unseen = next((path for path, motion in zip(paths, motions, strict=True) if not motion.is_seen), None)
    if unseen is not None and len(motions) > 1:
        raise BadUsageError(
            f"{unseen} has no camera, so nothing tells whose hands are whose", "name it alone, or bodies that a camera saw"
        )
    return motions


def _is_one(motion: BodyMotion, other: BodyMotion) -> bool:
    place, other_place = (
        one.camera.translation if one.camera is not None else one.world.translation for one in (motion, other)
    )
    return np.array_equal(motion.body_quat_wxyz, other.body_quat_wxyz) and np.array_equal(place, other_place)


def body_licences(path: Path) -> tuple[str, ...]:
    """The licence lines of a body's motion, by what its file holds."""
    path = Path(path)
    try:
        if is_body_motion(path):
            licences = read_body_motion(path).meta.get("licences")
            return tuple(map(str, licences)) if isinstance(licences, list) else ()
        return (read_body(path).maker.licence,)
    except HandmocapError:
        return (f"The body's motion ({path.name}): its maker's licence",)
