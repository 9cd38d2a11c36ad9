"""Reads GVHMR's `hmr4d_results.pt`, and what its relatives write instead, GEM-SMPL among them, into a BodyMotion."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from ..errors import BodyMotionFileError
from ..files.array_files import FileContent, read_array_file
from ..maths.rotations import Array
from .body_choices import RESULT_NAME
from .gaps import without_gaps
from .gem_segments import video_frames
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
from .gvhmr_layouts import LENS_NAME, WORLD_NAME, RawPerson, people_in
from .gvhmr_mistaken import what_it_is, which_to_choose
from .makers import GEM_SMPL, GVHMR_LICENCE, BodyMaker
from .motion import BodyMotion, BodyTrack
from .smpl_bodies import on_average_smplx

# GVHMR's copy of the clip, beside its result.
CLIP_NAME = "0_input_video.mp4"
__all__ = ["CLIP_NAME", "GVHMR_LICENCE", "RESULT_NAME", "gvhmr_motion", "no_body_in", "read_gvhmr_result"]
_SPACES: Final = {"world": "the body in the world", "camera": "the body before the camera"}
_SMPLX_JOINTS: Final = 22
# Metres and radians by which two tracks that are the same may differ.
_SAME: Final = 1e-6


def read_gvhmr_result(path: Path) -> BodyMotion:
    """World and camera motion, shape and intrinsics of one person; what had to be mended is in its warnings.

    Raises:
        BodyMotionFileError: unreadable, unsafe, without what a GVHMR result holds, or several people's.
    """
    path = Path(path)
    content = read_array_file(path)
    motion = gvhmr_motion(path, content)
    if motion is None:
        raise no_body_in(path, content)
    return motion


def gvhmr_motion(path: Path, content: FileContent) -> BodyMotion | None:
    """The motion in what a file of GVHMR's relatives holds, or None where it is none of theirs.

    Raises:
        BodyMotionFileError: it is theirs, and not whole, or several people's.
    """
    people = people_in(content.value)
    if not people or content.unknown:
        return None
    if len(people) > 1:
        raise _several(path, len(people))
    try:
        return _Reading(path, people[0]).motion()
    except SeveralPeopleError as error:
        raise _several(path, error.args[0]) from error


class _Reading:
    """One person's parts on their way to a motion."""

    def __init__(self, path: Path, person: RawPerson) -> None:
        self._path, self._person = path, person

    def motion(self) -> BodyMotion:
        for space, meaning in _SPACES.items():
            if getattr(self._person, space) is None:
                raise self._refused(f"is not a whole {self._maker.name} result, it has no {self._name(space)} ({meaning})")
        if "identity_coeffs" in (self._person.world or {}):
            raise self._refused("holds the motion of a SOMA body (GEM-X), whose joints are not SMPL-X's", "run GEM-SMPL")
        body = self._form("world", "body_pose", body_rotations)
        if len(body) == 0:
            raise BodyMotionFileError(f"{self._path.name} holds no frames", self._maker.again)
        joint_count = body.shape[1]
        tracks = {space: self._track(space, body) for space in _SPACES}
        roots = [track.orient_quat_wxyz for track in tracks.values()]
        body = self._called("body_pose", "world", without_root, body, roots)
        self._check_camera_s_body(body, roots)
        lens = numbers(self._person.intrinsics)
        if lens is None:
            raise self._refused(f"is not a whole {self._maker.name} result, it has no {LENS_NAME} (the camera's lens)")
        intrinsics = self._called(LENS_NAME, None, places, lens, len(body), 3, 3)
        betas = self._form("world", "betas", shape_parameters, len(body))
        motion = BodyMotion(body, tracks["world"], tracks["camera"], betas, intrinsics, str(self._path), maker=self._maker)
        if self._maker == GEM_SMPL:
            motion = self._of_the_video(motion)
            # Its network is SMPL-X's, whose 21 joints it writes; with SMPL's two hands it is a file of SMPL's.
            motion = on_average_smplx(motion, "SMPL") if joint_count > _SMPLX_JOINTS else motion
        return self._checked(without_gaps(motion, self._path.name))

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
                f"does not fit together: {self._name('world')} has {len(body)} frames and {self._name('camera')} has "
                f"{len(other)}"
            )
        self._called("body_pose", "camera", without_root, other, roots)

    def _checked(self, motion: BodyMotion) -> BodyMotion:
        world, seen = motion.world, motion.seen()
        camera, lens = seen.track, seen.intrinsics
        if np.allclose(world.orient_quat_wxyz, camera.orient_quat_wxyz, atol=_SAME) and np.allclose(
            world.translation, camera.translation, atol=_SAME
        ):
            names = f"{self._name('camera')} is a copy of {self._name('world')}"
            raise self._refused(f"has lost what the camera saw: {names}")
        if (lens[:, (0, 1, 0, 1), (0, 1, 2, 2)] <= 0.0).any() or np.abs(lens[:, 2] - (0.0, 0.0, 1.0)).max() > 1e-3:
            raise self._refused(f"has a {LENS_NAME} that is no camera's lens", self._maker.again)
        return motion

    def _form(self, space: str, key: str, function: Any, *arguments: Any) -> Array:
        value = numbers(self._person.parameter(space, key))
        if value is None:
            raise self._refused(f"is not a whole {self._maker.name} result, {self._name(space)} has no {key}")
        return self._called(key, space, function, value, *arguments)

    def _called(self, key: str, space: str | None, function: Any, *arguments: Any) -> Array:
        try:
            return np.asarray(function(*arguments))
        except UnclearArrayError as error:
            where = f" in {self._name(space)}" if space is not None else ""
            raise self._refused(f"cannot be read for certain: {key}{where} {error}") from error

    def _of_the_video(self, motion: BodyMotion) -> BodyMotion:
        """Without what was made up from a text."""
        part = video_frames(self._person.segments, motion.frame_count)
        if part is None:
            raise self._refused(
                "holds several videos one after the other, or none", "run GEM-SMPL on the one clip that is wanted"
            )
        if (part.start, part.stop) == (0, motion.frame_count):
            return motion
        told = f"{self._path.name} has {motion.frame_count} frames, and those that were made up from a text are left out"
        return motion.taken(part).with_warning(told)

    @property
    def _maker(self) -> BodyMaker:
        return self._person.maker

    def _name(self, space: str) -> str:
        return self._person.world_name if space == "world" else self._person.camera_name

    def _refused(self, what: str, hint: str = "") -> BodyMotionFileError:
        own = RESULT_NAME if self._maker != GEM_SMPL else "smpl_params.pt"
        return BodyMotionFileError(
            f"{self._path.name} {what}", hint or f"use the {own} that {self._maker.name} itself wrote"
        )


def _several(path: Path, count: int) -> BodyMotionFileError:
    return BodyMotionFileError(
        f"{path.name} holds the motions of {count} people, and one file is one person's here",
        f"save each person's part as a {RESULT_NAME} in a folder of its own (mocap/<person>/) and choose one",
    )


def no_body_in(path: Path, content: FileContent) -> BodyMotionFileError:
    """What to say of a file without anybody's motion in it."""
    value, unknown = content.value, content.unknown
    words = what_it_is(value, unknown)
    if words is not None:
        return BodyMotionFileError(f"{path.name} is not a GVHMR result, it holds {words}", which_to_choose(path))
    if unknown:
        return BodyMotionFileError(
            f"{path.name} was not opened, since it asks for {unknown[0]} and a GVHMR result holds only tensors",
            "use a file that GVHMR itself wrote",
        )
    held = f"a {type(value).__name__}"
    if isinstance(value, dict):
        held = f"no {WORLD_NAME} but " + (", ".join(_word(key) for key in list(value)[:5]) or "nothing")
    return BodyMotionFileError(f"{path.name} is not a GVHMR result, it holds {held}", which_to_choose(path))


def _word(key: Any) -> str:
    """A key in a sentence; a number of thousands of digits would not even become text."""
    is_short = not isinstance(key, int) or abs(key) < 10**9
    return str(key)[:40] if is_short else "a number"
