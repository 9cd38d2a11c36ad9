"""`report.json`: what a run did, in numbers that a script or a person can check."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .cleanup.clean_hands import CleanHand, Provenance, longest_gap_frames
from .cleanup.quality import HandQuality
from .errors import BadInputError, HandmocapError
from .files.atomic_files import write_json
from .files.damaged_files import aside_of, put_aside
from .files.json_files import JsonError, read_json
from .files.npz_files import NpzError, npz_shapes, read_npz
from .hands.hand_poses import MOST_FRAMES, HandTrack
from .landmarks.definition import RIG_JOINTS
from .landmarks.fit import palm_orientation
from .maths.rotations import quat_wxyz_to_axis_angle
from .rig.accuracy import bone_direction_errors
from .rig.hand_skeleton import HandSkeleton
from .skeleton import FINGERS, SIDES, Side, finger_landmarks

Array = NDArray[Any]
REPORT_NAME = "report.json"


def hand_summary(track: HandTrack, hand: CleanHand, skeleton: HandSkeleton, fps: float) -> dict[str, Any]:
    """Counts of frames by where they come from, and the jitter of the fingertips before and after cleanup."""
    counts = {kind: int(np.count_nonzero(hand.provenance == kind)) for kind in Provenance}
    measured = hand.provenance == Provenance.MEASURED
    clean_pose = quat_wxyz_to_axis_angle(hand.quat_wxyz).reshape(len(hand.quat_wxyz), -1)
    return {
        "frames": len(track.detected),
        "measured": counts[Provenance.MEASURED],
        "filled": counts[Provenance.FILLED],
        "missing": counts[Provenance.RELAXED],
        "longest_gap_frames": longest_gap_frames(measured),
        "mean_score": float(track.score[measured].mean()) if measured.any() else 0.0,
        "jitter_before_m_per_s3": fingertip_jitter(track.pose_axis_angle, track.detected, skeleton, fps),
        "jitter_after_m_per_s3": fingertip_jitter(clean_pose, np.ones(len(clean_pose), bool), skeleton, fps),
    }


def fingertip_jitter(pose_axis_angle: Array, valid: Array, skeleton: HandSkeleton, fps: float) -> float | None:
    """Mean length of the third derivative of the fingertips in the wrist's frame, m/s^3, over runs of valid frames."""
    runs = valid[:-3] & valid[1:-2] & valid[2:-1] & valid[3:] if len(valid) > 3 else np.zeros(0, bool)
    if not runs.any():
        return None
    tips = skeleton.posed_landmarks(pose_axis_angle)[:, [finger_landmarks(finger)[3] for finger in FINGERS]]
    third = np.diff(tips, n=3, axis=0) * fps**3
    return float(np.linalg.norm(third[runs], axis=-1).mean())


def quality_summary(quality: HandQuality) -> dict[str, Any]:
    """Figures of a hand's quality over the clip, and by frame in short lists; None where there is nothing to say."""
    jump, rate = _worst_finger(quality.jump_degrees), _worst_finger(quality.jump_degrees_per_second)
    limit = quality.limit_degrees.max(axis=1)
    return {
        "reprojection_mean_px": _figure(np.nanmean, quality.reprojection_pixels),
        "reprojection_95th_px": _figure(lambda values: np.nanpercentile(values, 95), quality.reprojection_pixels),
        "reprojection_mean_share_of_hand": _figure(np.nanmean, quality.reprojection_share),
        "largest_limit_violation_deg": _figure(np.nanmax, limit),
        "largest_jump_deg": _figure(np.nanmax, jump),
        "largest_jump_deg_per_s": _figure(np.nanmax, rate),
        "by_frame": {
            "score": _short_list(quality.score, 2),
            "reprojection_px": _short_list(quality.reprojection_pixels, 1),
            "reprojection_share_of_hand": _short_list(quality.reprojection_share, 3),
            "limit_violation_deg": _short_list(limit, 1),
            "jump_deg": _short_list(jump, 1),
            "jump_deg_per_s": _short_list(rate, 0),
        },
    }


def _worst_finger(values: Array) -> Array:
    """The largest of (N, 5), NaN where a whole row is."""
    return np.where(np.isnan(values).all(axis=1), np.nan, np.nan_to_num(values, nan=-np.inf).max(axis=1))


def _figure(of: Callable[[Array], Any], values: Array) -> float | None:
    return None if np.isnan(values).all() else round(float(of(values)), 3)


def _short_list(values: Array, digits: int) -> list[float | None]:
    return [None if math.isnan(value) else value for value in np.round(values.astype(np.float64), digits).tolist()]


def known_hand_poses(path: Path | None) -> dict[Side, Array]:
    """True hand poses (N, 45) by side from a clip's truth file, or nothing.

    Raises:
        BadInputError: the file cannot be read.
    """
    if path is None:
        return {}
    try:
        keys = [f"{side}_hand_pose" for side in SIDES]
        if any(len(shape) != 2 or shape[0] > MOST_FRAMES or shape[1] != 45 for shape in npz_shapes(path, keys).values()):
            raise BadInputError(f"{path} holds hand poses of another shape", "leave out --truth")
        content = read_npz(path, keys)
        poses = {side: content[f"{side}_hand_pose"] for side in SIDES}
    except (NpzError, KeyError) as error:
        raise BadInputError(f"{path} holds no known hand poses", "leave out --truth") from error
    if any(values.dtype.kind not in "fiu" or not np.isfinite(values).all() for values in poses.values()):
        raise BadInputError(f"{path} holds hand poses that are no finite numbers", "leave out --truth")
    return poses


def accuracy_summary(track: HandTrack, truth_axis_angle: Array, skeleton: HandSkeleton) -> dict[str, Any]:
    """How far measured frames are from known poses (N, 45), beside the landmarks taken as they are."""
    seen = track.detected
    if truth_axis_angle.shape != track.pose_axis_angle.shape or not seen.any():
        return {"frames_compared": 0}
    truth = skeleton.posed_landmarks(truth_axis_angle[seen])
    fitted = bone_direction_errors(skeleton.posed_landmarks(track.pose_axis_angle[seen]), truth)
    summary: dict[str, Any] = {
        "frames_compared": int(seen.sum()),
        "bone_direction_error_mean_deg": float(np.degrees(fitted.mean())),
        "bone_direction_error_95th_deg": float(np.degrees(np.percentile(fitted, 95))),
    }
    if np.any(track.keypoints_3d[seen]):
        palm = palm_orientation(track.keypoints_3d[seen], skeleton, RIG_JOINTS)
        raw = bone_direction_errors(track.keypoints_3d[seen] @ palm, truth)
        summary["raw_landmarks_error_mean_deg"] = float(np.degrees(raw.mean()))
        summary["raw_landmarks_error_95th_deg"] = float(np.degrees(np.percentile(raw, 95)))
    return summary


def write_report(folder: Path, content: dict[str, Any]) -> None:
    """Write `report.json`; a damaged one that is there is put aside first, and the new one says so.

    Raises:
        OutputError: the folder cannot be written.
    """
    path = folder / REPORT_NAME
    if path.is_file() and _earlier(path) is None:
        aside = aside_of(path)
        put_aside(path, aside)
        said = f"{path.name} could not be read and was put aside as {aside.name}"
        content = content | {"warnings": [*content.get("warnings", []), said]}
    write_json(path, content)


def write_failure(folder: Path, error: HandmocapError, log_path: Path | None) -> None:
    """Say in `report.json` that a run failed and why, keeping the report of the last good run inside."""
    earlier = _earlier(folder / REPORT_NAME) or {}
    content: dict[str, Any] = {
        "ok": False,
        "error": {"code": error.code, "sentence": error.sentence(), "exit_code": int(error.exit_code)},
    }
    if log_path is not None:
        content["log"] = str(log_path)
    last_good = earlier if earlier.get("ok") else earlier.get("last_good")
    if last_good and isinstance(last_good, dict):
        content["last_good"] = last_good
    write_report(folder, content)


def _earlier(path: Path) -> dict[str, Any] | None:
    """What a report says; None where there is none that can be read."""
    try:
        report = read_json(path)
    except JsonError:
        return None
    return report if isinstance(report, dict) else None
