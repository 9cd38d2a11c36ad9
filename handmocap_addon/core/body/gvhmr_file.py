"""Reads GVHMR's `hmr4d_results.pt`, and what the programs made from GVHMR write instead, into a BodyMotion."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..errors import BadUsageError, BodyMotionFileError
from ..files.array_files import read_array_file
from ..maths.frame_words import frames_in_words
from ..maths.rotations import Array
from .body_motion_file import is_body_motion, read_body_motion
from .gaps import broken_frames, can_be_filled, filled
from .gvhmr_arrays import (
    SeveralPeopleError,
    UnclearArrayError,
    body_rotations,
    numbers,
    places,
    root_rotations,
    shape_parameters,
    without_root,
)
from .gvhmr_layouts import CAMERA_NAME, LENS_NAME, WORLD_NAME, RawPerson, people_in
from .gvhmr_mistaken import RESULT_NAME, what_it_is, which_to_choose
from .motion import BodyMotion, BodyTrack

# GVHMR's copy of the clip, beside its result.
CLIP_NAME = "0_input_video.mp4"
GVHMR_LICENCE = "GVHMR results: non-commercial research only, by GVHMR's licence"
__all__ = ["CLIP_NAME", "GVHMR_LICENCE", "RESULT_NAME", "read_gvhmr_result", "read_gvhmr_results"]
_AGAIN: Final = "run GVHMR on the clip again"
_SPACES: Final = {"world": (WORLD_NAME, "the body in the world"), "camera": (CAMERA_NAME, "the body before the camera")}
# Metres and radians by which two tracks that are the same may differ.
_SAME: Final = 1e-6


def read_gvhmr_result(path: Path) -> BodyMotion:
    """World and camera motion, shape and intrinsics of one person; what had to be mended is in its warnings.

    A `body_motion.npz` stands wherever a GVHMR result does.

    Raises:
        BodyMotionFileError: unreadable, unsafe, without what a GVHMR result holds, or several people's.
    """
    path = Path(path)
    if is_body_motion(path):
        return read_body_motion(path).motion
    content = read_array_file(path)
    people = people_in(content.value)
    if not people or content.unknown:
        raise _no_result(path, content.value, content.unknown)
    if len(people) > 1:
        raise _several(path, len(people))
    try:
        return _Reading(path, people[0]).motion()
    except SeveralPeopleError as error:
        raise _several(path, error.args[0]) from error


def read_gvhmr_results(paths: Sequence[Path]) -> list[BodyMotion]:
    """The motions of several people, who must be several: hands near one body given twice would be split between the two.

    Raises:
        BodyMotionFileError: as for one.
        BadUsageError: two results are of the same body.
    """
    motions = [read_gvhmr_result(path) for path in paths]
    for (first, motion), (second, other) in itertools.combinations(zip(paths, motions, strict=True), 2):
        if all(
            np.array_equal(part, other_part)
            for part, other_part in (
                (motion.body_quat_wxyz, other.body_quat_wxyz),
                (motion.camera.translation, other.camera.translation),
            )
        ):
            raise BadUsageError(f"{first} and {second} are the same person's", "name one GVHMR result for each person")
    return motions


class _Reading:
    """One person's parts on their way to a motion."""

    def __init__(self, path: Path, person: RawPerson) -> None:
        self._path, self._person = path, person

    def motion(self) -> BodyMotion:
        for space, (name, meaning) in _SPACES.items():
            if getattr(self._person, space) is None:
                raise self._refused(f"is not a whole GVHMR result, it has no {name} ({meaning})")
        body = self._form("world", "body_pose", body_rotations)
        if len(body) == 0:
            raise BodyMotionFileError(f"{self._path.name} holds no frames", _AGAIN)
        tracks = {space: self._track(space, body) for space in _SPACES}
        roots = [track.orient_quat_wxyz for track in tracks.values()]
        body = self._called("body_pose", "world", without_root, body, roots)
        self._check_camera_s_body(body, roots)
        lens = numbers(self._person.intrinsics)
        if lens is None:
            raise self._refused(f"is not a whole GVHMR result, it has no {LENS_NAME} (the camera's lens)")
        intrinsics = self._called(LENS_NAME, None, places, lens, len(body), 3, 3)
        betas = self._form("world", "betas", shape_parameters, len(body))
        motion = BodyMotion(body, tracks["world"], tracks["camera"], betas, intrinsics, str(self._path))
        return self._checked(self._without_gaps(motion))

    def _track(self, space: str, body: Array) -> BodyTrack:
        count = len(body)
        if getattr(self._person, space).get("global_orient") is None and body.shape[1] in (22, 24):
            orient = body[:, 0]  # the pelvis comes first, and nowhere else
        else:
            orient = self._form(space, "global_orient", root_rotations, count)
        return BodyTrack(orient, self._form(space, "transl", places, count, 3))

    def _check_camera_s_body(self, body: Array, roots: list[Array]) -> None:
        """Both spaces have one body pose; a file in which they differ in length was put together of two."""
        other = self._form("camera", "body_pose", body_rotations)
        if len(other) != len(body):
            raise self._refused(
                f"does not fit together: {WORLD_NAME} has {len(body)} frames and {CAMERA_NAME} has {len(other)}"
            )
        self._called("body_pose", "camera", without_root, other, roots)

    def _without_gaps(self, motion: BodyMotion) -> BodyMotion:
        tracks = [part for track in (motion.world, motion.camera) for part in (track.orient_quat_wxyz, track.translation)]
        broken = broken_frames(motion.body_quat_wxyz, motion.intrinsics, *tracks)
        if not broken.any():
            return motion
        told = f"{self._path.name} has numbers that are not finite on {frames_in_words(np.flatnonzero(broken))}"
        if not can_be_filled(broken):
            raise BodyMotionFileError(f"{told} of {motion.frame_count}, too many to fill", _AGAIN)
        return filled(motion, broken).with_warning(f"{told}; the body there is filled from the frames beside")

    def _checked(self, motion: BodyMotion) -> BodyMotion:
        world, camera = motion.world, motion.camera
        if np.allclose(world.orient_quat_wxyz, camera.orient_quat_wxyz, atol=_SAME) and np.allclose(
            world.translation, camera.translation, atol=_SAME
        ):
            raise self._refused(f"has lost what the camera saw: {CAMERA_NAME} is a copy of {WORLD_NAME}")
        lens = motion.intrinsics
        if (lens[:, (0, 1, 0, 1), (0, 1, 2, 2)] <= 0.0).any() or np.abs(lens[:, 2] - (0.0, 0.0, 1.0)).max() > 1e-3:
            raise self._refused(f"has a {LENS_NAME} that is no camera's lens", _AGAIN)
        return motion

    def _form(self, space: str, key: str, function: Any, *arguments: Any) -> Array:
        value = numbers(self._person.parameter(space, key))
        if value is None:
            raise self._refused(f"is not a whole GVHMR result, {_SPACES[space][0]} has no {key}")
        return self._called(key, space, function, value, *arguments)

    def _called(self, key: str, space: str | None, function: Any, *arguments: Any) -> Array:
        try:
            return np.asarray(function(*arguments))
        except UnclearArrayError as error:
            where = f" in {_SPACES[space][0]}" if space is not None else ""
            raise self._refused(f"cannot be read for certain: {key}{where} {error}") from error

    def _refused(self, what: str, hint: str = "") -> BodyMotionFileError:
        return BodyMotionFileError(f"{self._path.name} {what}", hint or "use the hmr4d_results.pt that GVHMR itself wrote")


def _several(path: Path, count: int) -> BodyMotionFileError:
    return BodyMotionFileError(
        f"{path.name} holds the motions of {count} people, and one file is one person's here",
        f"save each person's part as a {RESULT_NAME} in a folder of its own (mocap/<person>/) and choose one",
    )


def _no_result(path: Path, content: Any, unknown: tuple[str, ...]) -> BodyMotionFileError:
    words = what_it_is(content, unknown)
    if words is not None:
        return BodyMotionFileError(f"{path.name} is not a GVHMR result, it holds {words}", which_to_choose(path))
    if unknown:
        return BodyMotionFileError(
            f"{path.name} was not opened, since it asks for {unknown[0]} and a GVHMR result holds only tensors",
            "use a file that GVHMR itself wrote",
        )
    held = f"a {type(content).__name__}"
    if isinstance(content, dict):
        held = f"no {WORLD_NAME} but " + (", ".join(_word(key) for key in list(content)[:5]) or "nothing")
    return BodyMotionFileError(f"{path.name} is not a GVHMR result, it holds {held}", which_to_choose(path))


def _word(key: Any) -> str:
    """A key in a sentence; a number of thousands of digits would not even become text."""
    is_short = not isinstance(key, int) or abs(key) < 10**9
    return str(key)[:40] if is_short else "a number"
