"""Reads PromptHMR's `results.pkl`: everybody in a video in one world, and the camera that saw them.

Its fingers are no measurement (its own code has zeros in their place) and are left out. Of its camera `Rcw` and `Tcw` are
taken, by which it projects; its last step writes other values into `Twc`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import BodyMotionFileError
from ..files.array_files import FileContent, read_array_file
from ..maths.rotations import quat_wxyz_multiply, rotmat_to_quat_wxyz
from .gaps import can_be_filled, filled, without_gaps
from .gvhmr_arrays import UnclearArrayError, numbers
from .makers import PROMPT_HMR
from .motion import BodyMotion, BodyTrack
from .pose_arrays import BODY_JOINTS, PoseFile
from .stand_in import load_stand_in_body

Array = NDArray[Any]
PROMPT_HMR_NAME: Final = "results.pkl"
_TO_ITS_END: Final = "let PromptHMR run to its end"
_MOST_PEOPLE: Final = 1000
_MATRIX_TOLERANCE: Final = 1e-3
_FINGERS: Final = "PromptHMR's fingers are no measurement and are left out"
# By which a person's own file and the one of all differ at most, metres and cosines: both are in single precision.
_SAME: Final = 1e-4


def prompt_hmr_motion(path: Path, content: FileContent) -> BodyMotion | None:
    """The motion of the one person in PromptHMR's results, or None where a file is none of its.

    Raises:
        BodyMotionFileError: it is, and not whole, or several people's.
    """
    file, people = PoseFile(path, PROMPT_HMR), _people_of(content)
    if people is None:
        if _is_unfinished(content):
            raise BodyMotionFileError(f"{file.path.name} has no camera_world (the camera in the world)", _TO_ITS_END)
        return None
    if not people:
        raise BodyMotionFileError(f"{file.path.name} holds nobody's motion", "choose a clip in which somebody is seen")
    if len(people) > 1:
        raise BodyMotionFileError(
            f"{file.path.name} holds the motions of {len(people)} people",
            "choose the subject-<number>.smpl of the person who is wanted and leave it beside this file",
        )
    return _Person(file, people[0]).motion(content.value["camera_world"])


def person_like(path: Path, body_quat_wxyz: Array, world: BodyTrack) -> BodyMotion | None:
    """The person with this motion in PromptHMR's results, where that file is there, can be read and has such a person.

    Args:
        path: of the results.
        body_quat_wxyz: (L, 21, 4) on the frames on which the person was seen.
        world: the pelvis on these frames.
    """
    try:
        content = read_array_file(path) if path.is_file() else FileContent(None)
        for one in _people_of(content) or ():
            person = _Person(PoseFile(path, PROMPT_HMR), one)
            if person.is_like(body_quat_wxyz, world):
                return person.motion(content.value["camera_world"])
    except BodyMotionFileError:
        # The person's own file is whole; only the camera is not to be had.
        return None
    return None


def _people_of(content: FileContent) -> list[dict[Any, Any]] | None:
    value = content.value
    if content.unknown or not isinstance(value, dict):
        return None
    people = value.get("people")
    if not isinstance(people, dict) or not isinstance(value.get("camera_world"), dict) or len(people) > _MOST_PEOPLE:
        return None
    return [person for person in people.values() if isinstance(person, dict)]


def _is_unfinished(content: FileContent) -> bool:
    """Whether PromptHMR wrote it before its last steps."""
    value = content.value
    people = value.get("people") if isinstance(value, dict) and not content.unknown else None
    first = next(iter(people.values()), None) if isinstance(people, dict) else None
    return isinstance(first, dict) and bool({"smplx_cam", "smplx_world"} & first.keys())


@dataclass(frozen=True, eq=False)
class _Camera:
    """From the world to OpenCV's axes on every frame of the video: (N, 3, 3) and (N, 3), with the lens (3, 3)."""

    rotmat: Array
    translation: Array
    lens: Array


class _Person:
    """One person's part of the file on its way to a motion."""

    def __init__(self, file: PoseFile, person: dict[Any, Any]) -> None:
        world = person.get("smplx_world")
        if not isinstance(world, dict):
            raise BodyMotionFileError(f"{file.path.name} has no smplx_world (the body in the world)", _TO_ITS_END)
        self._file, self._person, self._world = file, person, world
        self._pose = file.pose(world.get("pose"), "pose")[:, :BODY_JOINTS]
        self._translation = file.vectors(world.get("trans"), "trans", len(self._pose), 3)

    def is_like(self, body_quat_wxyz: Array, world: BodyTrack) -> bool:
        """Whether it is this motion."""
        if len(self._pose) != len(body_quat_wxyz) or not np.allclose(self._translation, world.translation, atol=_SAME):
            return False
        turned = np.concatenate((world.orient_quat_wxyz[:, None], body_quat_wxyz), axis=1)
        return bool(np.allclose(np.abs(np.sum(self._pose * turned, axis=-1)), 1.0, atol=_SAME))

    def motion(self, camera_world: dict[Any, Any]) -> BodyMotion:
        file, world = self._file, BodyTrack(self._pose[:, 0], self._translation)
        betas = file.betas(self._world.get("shape"), "shape", len(self._pose))
        motion = BodyMotion(self._pose[:, 1:], world, None, betas, None, str(file.path), maker=PROMPT_HMR)
        camera = self._camera(camera_world)
        motion = self._on_all_frames(without_gaps(motion, file.path.name), len(camera.rotmat))
        return _before(camera, motion).with_warning(_FINGERS)

    def _camera(self, content: dict[Any, Any]) -> _Camera:
        file = self._file
        rotmat = numbers(content.get("Rcw"))
        count = len(rotmat) if rotmat is not None and rotmat.ndim else 0
        rotmat = file.vectors(content.get("Rcw"), "Rcw", count, 3, 3)
        translation = file.vectors(content.get("Tcw"), "Tcw", count, 3)
        lens = np.eye(3)
        lens[0, 0] = lens[1, 1] = file.vectors(content.get("img_focal"), "img_focal", 1).item()
        lens[:2, 2] = file.vectors(content.get("img_center"), "img_center", 1, 2)[0]
        whole = all(np.isfinite(part).all() for part in (rotmat, translation, lens))
        off = np.abs(rotmat @ np.swapaxes(rotmat, -1, -2) - np.eye(3)).max(initial=0.0) if whole else np.inf
        if (
            off > _MATRIX_TOLERANCE
            or not (lens[(0, 1, 0, 1), (0, 1, 2, 2)] > 0.0).all()
            or (np.linalg.det(rotmat) < 0.0).any()
        ):
            raise BodyMotionFileError(f"{file.path.name} has a camera_world that is no camera's", file.maker.again)
        return _Camera(rotmat, translation, lens)

    def _on_all_frames(self, motion: BodyMotion, frame_count: int) -> BodyMotion:
        """The motion with a row for every frame of the video; it stands still before and after the person is there."""
        file, count = self._file, motion.frame_count
        frames = self._frames(count, frame_count)
        first, last = int(frames[0]), int(frames[-1])
        missing = np.ones(last - first + 1, bool)
        missing[frames - first] = False
        nearest = np.cumsum(~missing) - 1
        inside = motion.taken(nearest)
        if missing.any():
            told = f"{file.path.name} lacks the person on {int(missing.sum())} of the frames {first + 1} to {last + 1}"
            if not can_be_filled(missing):
                raise BodyMotionFileError(f"{told}, too many to fill", "choose another clip")
            inside = filled(inside, missing).with_warning(f"{told}; the body there is filled from the frames beside")
        if len(missing) == frame_count:
            return inside
        rows = np.clip(np.arange(frame_count) - first, 0, last - first)
        return inside.taken(rows).with_warning(
            f"{file.path.name} has the person on the frames {first + 1} to {last + 1} of {frame_count} alone; the body "
            "stands still before and after"
        )

    def _frames(self, count: int, frame_count: int) -> Array:
        with self._file.about("frames"):
            frames = self._file.vectors(self._person.get("frames"), "frames", count)
            is_index = np.isfinite(frames).all() and (frames == np.floor(frames)).all()
            if not is_index or frames.min() < 0 or frames.max() >= frame_count or (np.diff(frames) <= 0).any():
                raise UnclearArrayError(f"are no growing numbers of the {frame_count} frames of the video")
        return frames.astype(np.int64)


def _before(camera: _Camera, motion: BodyMotion) -> BodyMotion:
    """A motion in the world as the camera sees it; the translation is what is added to the pelvis at rest."""
    pelvis = load_stand_in_body(motion.betas).rest_joints[0]
    turned = quat_wxyz_multiply(rotmat_to_quat_wxyz(camera.rotmat), motion.world.orient_quat_wxyz)
    place = np.einsum("nab,nb->na", camera.rotmat, pelvis + motion.world.translation) + camera.translation - pelvis
    lens = np.broadcast_to(camera.lens, (motion.frame_count, 3, 3)).copy()
    return replace(motion, camera=BodyTrack(turned, place), intrinsics=lens)
