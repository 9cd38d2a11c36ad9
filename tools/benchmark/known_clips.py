"""The committed clips and what is known of the people in them (see benchmark/README.md)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handmocap_addon.core.body.motion import BodyMotion, BodyTrack
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz
from handmocap_addon.core.rig.hand_skeleton import HandSkeleton, hand_skeleton
from handmocap_addon.core.skeleton import SIDES, Side

Array = NDArray[Any]

_TRUTHS = ("truth.npz", "second_truth.npz")
# Of 21 landmarks, so many make a hand that is in the picture.
_LANDMARKS_IN_VIEW = 16


@dataclass(frozen=True)
class KnownHand:
    """One hand over N frames: pose (N, 45), pixels (N, 21, 2), metres from the wrist in camera axes (N, 21, 3)."""

    side: Side
    pose_axis_angle: Array
    keypoints_2d: Array
    keypoints_3d: Array
    in_view: Array  # (N,)
    skeleton: HandSkeleton  # of the person's own shape

    @property
    def size(self) -> Array:
        """Longer side (N,) of the box around the landmarks, pixels."""
        return np.asarray(np.ptp(self.keypoints_2d, axis=1).max(axis=1))


@dataclass(frozen=True)
class KnownPerson:
    """A person's motion in world and camera, and both hands."""

    motion: BodyMotion
    hands: dict[Side, KnownHand]
    rest_joints: Array  # (55, 3)


@dataclass(frozen=True)
class KnownClip:
    """A clip of N frames and the people in it."""

    name: str
    path: Path
    fps: float
    people: tuple[KnownPerson, ...]


def known_clips(repository: Path) -> list[KnownClip]:
    """The demo clip and those of the benchmark, by name."""
    folders = [repository / "demo", *sorted(path.parent for path in (repository / "benchmark").glob("*/clip.mp4"))]
    return [_known_clip(folder) for folder in folders]


def _known_clip(folder: Path) -> KnownClip:
    files = [folder / name for name in _TRUTHS if (folder / name).is_file()]
    with np.load(files[0], allow_pickle=False) as content:
        numerator, denominator = content["fps"]
    return KnownClip(folder.name, folder / "clip.mp4", numerator / denominator, tuple(_known_person(file) for file in files))


def _known_person(path: Path) -> KnownPerson:
    with np.load(path, allow_pickle=False) as content:
        truth = {key: content[key] for key in content.files}
    count = len(truth["body_pose"])
    motion = BodyMotion(
        body_quat_wxyz=axis_angle_to_quat_wxyz(truth["body_pose"].reshape(count, 21, 3)),
        world=BodyTrack(axis_angle_to_quat_wxyz(truth["global_orient"]), truth["transl"].astype(np.float64)),
        camera=BodyTrack(axis_angle_to_quat_wxyz(truth["global_orient_incam"]), truth["transl_incam"].astype(np.float64)),
        betas=truth["betas"],
        intrinsics=np.repeat(truth["intrinsics"][None].astype(np.float64), count, axis=0),
        source=path.name,
    )
    body = load_stand_in_body(truth["betas"])
    hands: dict[Side, KnownHand] = {}
    for side in SIDES:
        points = truth[f"{side}_keypoints_2d"].astype(np.float64)
        inside = np.all((points >= 0.0) & (points <= truth["frame_size"]), axis=-1).sum(axis=-1)
        hands[side] = KnownHand(
            side,
            truth[f"{side}_hand_pose"].astype(np.float64),
            points,
            truth[f"{side}_keypoints_3d"].astype(np.float64),
            inside >= _LANDMARKS_IN_VIEW,
            hand_skeleton(body, side),
        )
    return KnownPerson(motion, hands, body.rest_joints)
