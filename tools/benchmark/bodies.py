"""How far the built-in body is from the known one, clip by clip."""

from __future__ import annotations

import io
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handmocap_addon.core.body.body_motion_file import BODY_MOTION_NAME, read_body_motion
from handmocap_addon.core.body.model import posed_joints
from handmocap_addon.core.body.motion import BodyMotion, local_rotmat_of
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses
from handmocap_addon.core.maths.rotations import normalized, quat_wxyz_to_axis_angle
from handmocap_addon.core.skeleton import BODY_JOINTS, JOINT_INDEX, LANDMARK_WRIST, SIDES, WRIST
from handmocap_addon.worker.commands.estimate import Person, Request, estimate_clip
from handmocap_addon.worker.estimators import EstimatorChoice, create_estimator, mediapipe_body
from handmocap_addon.worker.events import Cancellation, EventWriter
from handmocap_addon.worker.video import probe_clip
from tools.benchmark.known_clips import KnownClip

Array = NDArray[Any]

_LIMBS = (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))


@dataclass(frozen=True, eq=False)
class BodyResult:
    """The body of the first person on one clip, on what was seen of it."""

    clip: str
    frames: int
    limb_degrees: Array  # (K,) directions of limbs in the camera's space
    joint_millimetres: Array  # (K,) of joints from the pelvis, after turning both alike
    backward_bends: int  # elbows and knees that bend where no joint does
    jitter_millimetres: float  # mean second difference of the joints, a frame squared
    wrist_percent: float  # of the breadth of the shoulders, from the hand's wrist in the picture

    def summary(self) -> dict[str, Any]:
        """For the JSON file."""
        return {
            "clip": self.clip,
            "frames": self.frames,
            "limb_direction_deg": _mean_and_high(self.limb_degrees),
            "joints_mm": float(self.joint_millimetres.mean()),
            "backward_bends": self.backward_bends,
            "jitter_mm": self.jitter_millimetres,
            "wrist_percent": self.wrist_percent,
        }


def body_result(clip: KnownClip, cancellation: Cancellation) -> BodyResult:
    """Estimate a clip's body from its pictures alone and compare it with the known one."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "hand_poses.npz"
        estimator = create_estimator(EstimatorChoice("mediapipe", people=1))
        bodies = mediapipe_body.create(mediapipe_body.MediapipeBodySettings())
        try:
            request = Request(probe_clip(clip.path), load_stand_in_body(), [Person(None, target)])
            estimate_clip(request, estimator, EventWriter(io.StringIO()), cancellation, bodies)
        finally:
            estimator.close()
        body, poses = read_body_motion(target.with_name(BODY_MOTION_NAME)), read_hand_poses(target)
    truth = clip.people[0]
    known = _joints(truth.motion, truth.rest_joints)
    found = _joints(body.motion, load_stand_in_body(body.motion.betas).rest_joints)
    seen = body.joints_measured
    limbs = []
    for start, end in _LIMBS:
        for side in SIDES:
            first, last = JOINT_INDEX[f"{side}_{start}"], JOINT_INDEX[f"{side}_{end}"]
            ways = [normalized(joints[:, last] - joints[:, first]) for joints in (known, found)]
            angle = np.degrees(np.arccos(np.clip(np.sum(ways[0] * ways[1], axis=1), -1.0, 1.0)))
            limbs.append(angle[seen[:, first]])
    off = np.linalg.norm((known - known[:, :1]) - (found - found[:, :1]), axis=-1)
    projected = found @ body.motion.seen().intrinsics[0].T
    pixels = projected[..., :2] / projected[..., 2:]
    shoulders = [pixels[:, JOINT_INDEX[f"{side}_shoulder"]] for side in SIDES]
    breadth = np.linalg.norm(shoulders[0] - shoulders[1], axis=1)
    wrists = []
    for side in SIDES:
        track = poses.track(side)
        away = np.linalg.norm(track.keypoints_2d[:, LANDMARK_WRIST] - pixels[:, WRIST[side]], axis=1) / breadth
        wrists.append(away[track.detected])
    jitter = np.linalg.norm(np.diff(found, n=2, axis=0), axis=-1)
    return BodyResult(
        clip.name,
        len(found),
        np.concatenate(limbs),
        1000.0 * off[seen],
        _backward_bends(body.motion),
        float(1000.0 * jitter.mean()),
        float(100.0 * np.concatenate(wrists).mean()),
    )


def _joints(motion: BodyMotion, rest_joints: Array) -> Array:
    track = motion.seen().track
    posed = posed_joints(rest_joints, local_rotmat_of(motion, track), track.translation)
    return posed.positions[:, : len(BODY_JOINTS)]


def _backward_bends(motion: BodyMotion) -> int:
    """Frames times joints on which an elbow or a knee is bent the wrong way by more than five degrees."""
    bends = 0
    for side, sign in zip(SIDES, (-1.0, 1.0), strict=True):
        elbow = quat_wxyz_to_axis_angle(motion.body_quat_wxyz[:, JOINT_INDEX[f"{side}_elbow"] - 1])
        knee = quat_wxyz_to_axis_angle(motion.body_quat_wxyz[:, JOINT_INDEX[f"{side}_knee"] - 1])
        bends += int((sign * elbow[:, 1] < -np.radians(5.0)).sum() + (knee[:, 0] < -np.radians(5.0)).sum())
    return bends


def _mean_and_high(values: Array) -> tuple[float, float]:
    return float(values.mean()), float(np.percentile(values, 95.0))
