"""Hands that MediaPipe found in pictures, each beside the true hand: how they are stored, and which are of use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handmocap_addon.core.maths.rotations import mirrored_axis_angle, normalized, quat_wxyz_to_rotmat, rotation_between
from handmocap_addon.core.skeleton import HAND_JOINT_COUNT, HAND_POSE_VALUES

Array = NDArray[Any]

_MIRROR = np.array((-1.0, 1.0, 1.0))
# In units of the true hand's mean distance from its middle: further off, another thing was taken for the hand.
_LARGEST_ERROR = 0.5
_SMALLEST_HAND = 10.0  # pixels, the same distance


@dataclass(frozen=True)
class GatheredHands:
    """N hands. Landmarks in OpenPose's order; pixels, metres, camera axes (x right, y down, z forward)."""

    picture: Array  # (N,) int, its number
    is_right: Array  # (N,) bool: the true side of the hand that is nearest in the picture
    keypoints_2d: Array  # (N, 21, 2) MediaPipe's, pixels
    keypoints_3d: Array  # (N, 21, 3) MediaPipe's world landmarks
    true_keypoints_2d: Array  # (N, 21, 2)
    true_keypoints_3d: Array  # (N, 21, 3) relative to the wrist
    hand_pose: Array  # (N, 45) true axis-angle
    wrist_rotmat: Array  # (N, 3, 3) true, from the wrist's frame at rest to the camera's axes
    intrinsics: Array  # (N, 3, 3)

    def save(self, path: Path) -> None:
        """One compressed npz."""
        np.savez_compressed(path, **asdict(self))

    def taken(self, rows: Array) -> GatheredHands:
        """Some of them, by index or mask."""
        return GatheredHands(**{name: values[rows] for name, values in asdict(self).items()})

    def mirrored_to_right(self) -> GatheredHands:
        """All as right hands about the optical axis, left ones seen in a mirror across it."""
        left = ~self.is_right
        centre = self.intrinsics[:, None, :2, 2]
        pose = self.hand_pose.reshape(-1, HAND_JOINT_COUNT, 3)

        def mirrored(values: Array, where_left: Array) -> Array:
            return np.where(left.reshape(-1, *[1] * (values.ndim - 1)), where_left, values)

        return replace(
            self,
            is_right=np.ones_like(self.is_right),
            keypoints_2d=mirrored(self.keypoints_2d, centre + (self.keypoints_2d - centre) * _MIRROR[:2]),
            keypoints_3d=mirrored(self.keypoints_3d, self.keypoints_3d * _MIRROR),
            true_keypoints_2d=mirrored(self.true_keypoints_2d, centre + (self.true_keypoints_2d - centre) * _MIRROR[:2]),
            true_keypoints_3d=mirrored(self.true_keypoints_3d, self.true_keypoints_3d * _MIRROR),
            hand_pose=mirrored(self.hand_pose, mirrored_axis_angle(pose).reshape(-1, HAND_POSE_VALUES)),
            wrist_rotmat=mirrored(self.wrist_rotmat, self.wrist_rotmat * np.outer(_MIRROR, _MIRROR)),
        )

    def ray_rotmat(self) -> Array:
        """(N, 3, 3) turns of the camera that bring each true hand's middle onto the optical axis: a detector sees a crop."""
        focal, centre = self.intrinsics[:, 0, 0], self.intrinsics[:, :2, 2]
        flat = (self.true_keypoints_2d.mean(axis=1) - centre) / focal[:, None]
        rays = normalized(np.concatenate((flat, np.ones((len(flat), 1))), axis=1))
        return quat_wxyz_to_rotmat(rotation_between(rays, np.array((0.0, 0.0, 1.0))))

    def relative_error(self) -> Array:
        """(N,) mean distance of the landmarks from the true ones, in units of `size`."""
        return np.asarray(np.linalg.norm(self.keypoints_2d - self.true_keypoints_2d, axis=-1).mean(axis=1) / self.size())

    def size(self) -> Array:
        """(N,) pixels: mean distance of the true landmarks from their middle."""
        centred = self.true_keypoints_2d - self.true_keypoints_2d.mean(axis=1, keepdims=True)
        return np.asarray(np.linalg.norm(centred, axis=-1).mean(axis=1))

    def usable(self) -> GatheredHands:
        """Those that MediaPipe took for the hand that is there."""
        return self.taken((self.relative_error() < _LARGEST_ERROR) & (self.size() > _SMALLEST_HAND))


def load_gathered(paths: Sequence[Path]) -> GatheredHands:
    """All hands of one or more files."""
    parts = [np.load(path, allow_pickle=False) for path in paths]
    return GatheredHands(
        **{field.name: np.concatenate([part[field.name] for part in parts]) for field in fields(GatheredHands)}
    )
