"""One hand of a body at rest: joints, fingertips, and the axes about which its fingers bend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..body.model import BodyModel
from ..maths.rotations import axis_angle_to_rotmat, normalized
from ..skeleton import FINGERS, FIRST_HAND_JOINT, HAND_JOINT_COUNT, LANDMARK_COUNT, WRIST, Side, finger_landmarks

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class HandSkeleton:
    """A hand at rest in the body model's axes, metres, the wrist at the origin.

    Positive rotation about a finger's `flexion_axes` curls it towards the palm; positive rotation about `palm_normal`
    (out of the back of the hand) spreads by the right-hand rule.
    """

    side: Side
    joints: Array  # (15, 3)
    tips: Array  # (5, 3), in the order of FINGERS
    flexion_axes: Array  # (5, 3) unit
    palm_normal: Array  # (3,) unit, out of the back of the hand

    def landmarks(self) -> Array:
        """The 21 landmarks (21, 3) at rest, OpenPose order."""
        points = np.zeros((LANDMARK_COUNT, 3))
        for number, finger in enumerate(FINGERS):
            points[list(finger_landmarks(finger))] = np.vstack((self.joints[number * 3 : number * 3 + 3], self.tips[number]))
        return points

    def posed_landmarks(self, pose_axis_angle: ArrayLike) -> Array:
        """Landmarks (N, 21, 3) in the wrist's frame for hand poses (N, 45)."""
        local = axis_angle_to_rotmat(np.asarray(pose_axis_angle, dtype=np.float64).reshape(-1, HAND_JOINT_COUNT, 3))
        points = np.zeros((len(local), LANDMARK_COUNT, 3))
        for number, finger in enumerate(FINGERS):
            chain = np.vstack((self.joints[number * 3 : number * 3 + 3], self.tips[number]))
            rotmat = np.broadcast_to(np.eye(3), (len(local), 3, 3))
            position = np.broadcast_to(chain[0], (len(local), 3))
            for step, landmark in enumerate(finger_landmarks(finger)):
                points[:, landmark] = position
                if step < 3:
                    rotmat = rotmat @ local[:, number * 3 + step]
                    position = position + rotmat @ (chain[step + 1] - chain[step])
        return points

    def curled_pose(self, knuckle: float, middle: float, end: float, thumb: float = 0.0) -> Array:
        """A hand pose (45,) with every finger bent by the same angles, radians; `thumb` bends its last two joints."""
        pose = np.zeros((HAND_JOINT_COUNT, 3))
        for number, finger in enumerate(FINGERS):
            angles = (0.0, thumb, thumb) if finger == "thumb" else (knuckle, middle, end)
            pose[number * 3 : number * 3 + 3] = np.array(angles)[:, None] * self.flexion_axes[number]
        return pose.ravel()


def hand_skeleton(model: BodyModel, side: Side) -> HandSkeleton:
    """The hand of a body model; the fingertips are where its surface ends along each last bone."""
    first = FIRST_HAND_JOINT[side]
    wrist = model.rest_joints[WRIST[side]]
    joints = model.rest_joints[first : first + HAND_JOINT_COUNT]
    owner = np.take_along_axis(model.skin_joints, np.argmax(model.skin_weights, axis=1)[:, None], axis=1)[:, 0]
    tips = np.empty((len(FINGERS), 3))
    for number in range(len(FINGERS)):
        last = joints[number * 3 + 2]
        bone = last - joints[number * 3 + 1]
        direction = normalized(bone)
        skin = model.vertices[owner == first + number * 3 + 2]
        # A surface without skin on this joint (a bare or low-resolution mesh) still has a finger: four fifths of the bone.
        length = float(np.max((skin - last) @ direction)) if len(skin) else 0.8 * float(np.linalg.norm(bone))
        tips[number] = last + direction * length
    joints, tips = joints - wrist, tips - wrist
    return HandSkeleton(side, joints, tips, *_bending_axes(joints, side))


def _thumb_pad(side: Side) -> Array:
    """Where the pad of the resting thumb faces (3,): down, back and away from the body's middle, as seen on the stand-in.

    SMPL-X rests with the palms down, so this holds in its axes for every shape.
    """
    return normalized(np.array((1.0 if side == "left" else -1.0, -1.0, -1.0)))


def _bending_axes(joints: Array, side: Side) -> tuple[Array, Array]:
    """Flexion axes (5, 3) and the normal (3,) out of the back of the hand, from the knuckles at rest."""
    index, middle, pinky, ring = (joints[FINGERS.index(name) * 3] for name in ("index", "middle", "pinky", "ring"))
    across = index - pinky  # from the little finger to the thumb's side
    along = (index + middle + ring + pinky) / 4.0
    back = normalized(np.cross(across, along) if side == "left" else np.cross(along, across))
    axes = np.empty((len(FINGERS), 3))
    for number, finger in enumerate(FINGERS):
        direction = normalized(joints[number * 3 + 2] - joints[number * 3])
        inward = -back if finger != "thumb" else _thumb_pad(side)
        axes[number] = normalized(np.cross(direction, inward))
    return axes, back
