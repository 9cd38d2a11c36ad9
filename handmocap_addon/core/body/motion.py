"""A body's motion in the world and, where a camera saw it, before that."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadUsageError
from ..maths.rotations import angle_between_rotmats, fitted_rotation, quat_wxyz_multiply, quat_wxyz_to_rotmat
from ..skeleton import FIRST_HAND_JOINT, HAND_JOINT_COUNT, JOINT_INDEX, JOINT_NAMES, PARENTS
from .makers import GVHMR, BodyMaker
from .model import posed_joints

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class BodyTrack:
    """The pelvis of N frames in one space: its rotation (N, 4), and the translation (N, 3) added to its rest position."""

    orient_quat_wxyz: Array
    translation: Array  # metres


@dataclass(frozen=True, eq=False)
class SeenBody:
    """A body before the camera that saw it: its pelvis in OpenCV's axes, and the lens (N, 3, 3) in pixels."""

    track: BodyTrack
    intrinsics: Array


@dataclass(frozen=True, eq=False)
class BodyMotion:
    """N frames of one person.

    `world` is y up with gravity along -y; `camera` is OpenCV's (x right, y down, z forward). Motions that no camera saw, and
    files that do not keep it, have neither `camera` nor `intrinsics`.
    """

    body_quat_wxyz: Array  # (N, 21, 4), left_hip … right_wrist
    world: BodyTrack
    camera: BodyTrack | None
    betas: Array  # (10,)
    intrinsics: Array | None  # (N, 3, 3) pixels
    source: str = ""
    # Sentences about what was mended in it, for people.
    warnings: tuple[str, ...] = field(default=(), compare=False)
    # For sentences, and where frames are laid by time; what is made from a motion is the same whoever made it.
    maker: BodyMaker = field(default=GVHMR, compare=False)
    fps: Fraction | None = field(default=None, compare=False)  # frames a second, where the file says so

    @property
    def frame_count(self) -> int:
        return len(self.body_quat_wxyz)

    @property
    def is_seen(self) -> bool:
        """Whether a camera saw it."""
        return self.camera is not None and self.intrinsics is not None

    def seen(self) -> SeenBody:
        """The body before its camera.

        Raises:
            BadUsageError: there is none.
        """
        if self.camera is None or self.intrinsics is None:
            raise BadUsageError(
                f"The {self.maker.name} motion has no camera, so nothing tells where it is in the picture",
                "take a body that a camera saw, such as GVHMR's",
            )
        return SeenBody(self.camera, self.intrinsics)

    def slice_frames(self, start: int, stop: int) -> BodyMotion:
        """The same motion with frames start … stop-1 only."""
        return self.taken(slice(start, stop))

    def taken(self, rows: slice | Array) -> BodyMotion:
        """The same motion with these frames only, in this order."""

        def of(track: BodyTrack) -> BodyTrack:
            return BodyTrack(track.orient_quat_wxyz[rows], track.translation[rows])

        return replace(
            self,
            body_quat_wxyz=self.body_quat_wxyz[rows],
            world=of(self.world),
            camera=of(self.camera) if self.camera is not None else None,
            intrinsics=self.intrinsics[rows] if self.intrinsics is not None else None,
        )

    def with_warning(self, sentence: str) -> BodyMotion:
        """The same motion with one sentence more about it, if that is not said already."""
        return self if sentence in self.warnings else replace(self, warnings=(*self.warnings, sentence))


def local_rotmat_of(motion: BodyMotion, track: BodyTrack, hands_quat_wxyz: dict[str, Array] | None = None) -> Array:
    """Local rotations (N, 55, 3, 3) in one space; hands (N, 15, 4) by side, flat where none is given."""
    quat = np.zeros((motion.frame_count, len(JOINT_NAMES), 4))
    quat[..., 0] = 1.0
    quat[:, 0] = track.orient_quat_wxyz
    quat[:, 1:22] = motion.body_quat_wxyz
    for side, hand in (hands_quat_wxyz or {}).items():
        first = FIRST_HAND_JOINT[side]
        quat[:, first : first + HAND_JOINT_COUNT] = hand
    return quat_wxyz_to_rotmat(quat)


def joint_quat_wxyz(motion: BodyMotion, track: BodyTrack, joint: str) -> Array:
    """Global rotations (N, 4) of a body joint in the space of the track."""
    chain, index = [], JOINT_INDEX[joint]
    while index > 0:
        chain.append(index)
        index = PARENTS[index]
    quat = np.asarray(track.orient_quat_wxyz, dtype=np.float64)
    for index in reversed(chain):
        quat = quat_wxyz_multiply(quat, motion.body_quat_wxyz[:, index - 1])
    return quat


# The lowest few frames may be a jump's landing or a bad estimate: the floor is where the feet are on nearly all others.
_FLOOR_PERCENTILE = 5.0
_FOOT_JOINTS = ("left_ankle", "right_ankle", "left_foot", "right_foot")


def floor_height(motion: BodyMotion, rest_joints: Array, sole_height: float) -> float:
    """Height in metres of the floor under the soles in the world space of the motion, y up.

    GVHMR puts the lowest joint at zero, so soles would sink by the height of the joint above the sole.

    Args:
        motion: the motion, placed as the model with these rest joints would be.
        rest_joints: (55, 3) metres, y up.
        sole_height: height of the lowest point of the surface at rest, in the axes of `rest_joints`.
    """
    posed = posed_joints(rest_joints, local_rotmat_of(motion, motion.world), motion.world.translation)
    indices = [JOINT_INDEX[name] for name in _FOOT_JOINTS]
    clearance = np.asarray(rest_joints)[indices, 1] - sole_height
    lowest = (posed.positions[:, indices, 1] - clearance).min(axis=1)
    return float(np.percentile(lowest, _FLOOR_PERCENTILE))


@dataclass(frozen=True, eq=False)
class CameraPath:
    """A camera over N frames in the world of a motion (y up): OpenCV axes to world (N, 3, 3) and position (N, 3) metres."""

    rotmat: Array
    position: Array


def camera_path(motion: BodyMotion, rest_pelvis: Array) -> CameraPath:
    """The camera that sees the world motion as the camera motion says, frame by frame.

    Args:
        motion: world and camera motion of one body.
        rest_pelvis: (3,) the pelvis of the SMPL-X rest pose for the motion's betas.

    Raises:
        BadUsageError: no camera saw it.
    """
    track = motion.seen().track
    world = quat_wxyz_to_rotmat(motion.world.orient_quat_wxyz)
    seen = quat_wxyz_to_rotmat(track.orient_quat_wxyz)
    rotmat = world @ np.swapaxes(seen, -1, -2)
    pelvis_seen = rest_pelvis + track.translation
    position = rest_pelvis + motion.world.translation - np.einsum("nab,nb->na", rotmat, pelvis_seen)
    return CameraPath(rotmat, position)


def steady_camera(path: CameraPath) -> CameraPath:
    """One pose for all frames: GVHMR's two spaces disagree by some degrees from frame to frame even on a tripod.

    The median of the positions, and the rotation nearest to the half of the frames that agree best.
    """
    count = len(path.position)
    mean = fitted_rotation(np.eye(3), np.swapaxes(path.rotmat.mean(axis=0), -1, -2))
    away = angle_between_rotmats(np.broadcast_to(mean, path.rotmat.shape), path.rotmat)
    agreeing = path.rotmat[np.argsort(away)[: max(1, count // 2)]]
    steady = fitted_rotation(np.eye(3), np.swapaxes(agreeing.mean(axis=0), -1, -2))
    return CameraPath(
        np.broadcast_to(steady, path.rotmat.shape).copy(),
        np.broadcast_to(np.median(path.position, axis=0), path.position.shape).copy(),
    )
