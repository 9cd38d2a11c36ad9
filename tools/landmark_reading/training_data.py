"""What the network sees and what it should say, of all gathered hands as right ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from handmocap_addon.core.landmarks.definition import RIG_JOINTS
from handmocap_addon.core.landmarks.fit import palm_orientation
from handmocap_addon.core.landmarks.reading import aligned_landmarks
from handmocap_addon.core.maths.rotations import axis_angle_to_rotmat
from handmocap_addon.core.rig.accuracy import finger_bone_directions
from handmocap_addon.core.rig.hand_skeleton import HandSkeleton
from handmocap_addon.core.skeleton import HAND_JOINT_COUNT, LANDMARK_WRIST

from .gathered_hands import GatheredHands

Array = NDArray[Any]

# Every eighth picture is kept from training.
_HELD_OUT_EVERY = 8


@dataclass(frozen=True)
class TrainingData:
    """N hands; the palm in the aligned picture of `aligned_landmarks`, seen along the ray through the hand."""

    features: Array  # (N, 100)
    bone_directions: Array  # (N, 15, 3) in the wrist's frame
    palm_rotmat: Array  # (N, 3, 3)
    joint_rotmat: Array  # (N, 15, 3, 3)
    world_bone_directions: Array  # (N, 15, 3) as MediaPipe's world landmarks have them, palm laid on palm
    held_out: Array  # (N,) bool


def training_data(hands: GatheredHands, right_skeleton: HandSkeleton) -> TrainingData:
    """Features and targets."""
    right = hands.mirrored_to_right()
    features, turn = aligned_landmarks(right.keypoints_3d, right.keypoints_2d, "right")
    in_wrist_frame = right.true_keypoints_3d @ right.wrist_rotmat
    world = right.keypoints_3d - right.keypoints_3d[:, [LANDMARK_WRIST]]
    return TrainingData(
        features=features,
        bone_directions=finger_bone_directions(in_wrist_frame),
        palm_rotmat=turn @ right.ray_rotmat() @ right.wrist_rotmat,
        joint_rotmat=axis_angle_to_rotmat(right.hand_pose.reshape(-1, HAND_JOINT_COUNT, 3)),
        world_bone_directions=finger_bone_directions(world @ palm_orientation(world, right_skeleton, RIG_JOINTS)),
        held_out=right.picture % _HELD_OUT_EVERY == 0,
    )
