"""A clip in, a `hand_poses.npz` out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..core.atomic_files import ensure_output_folder
from ..core.body_model import BodyModel
from ..core.errors import FrameCountError, NoHandsError
from ..core.hand_choice import hand_of_each_side
from ..core.hand_poses import HandPoses, HandTrack
from ..core.hand_poses_file import write_hand_poses
from ..core.hand_skeleton import hand_skeleton
from ..core.landmark_fit import fit_read_landmarks
from ..core.landmark_reading import read_mediapipe_landmarks
from ..core.skeleton import SIDES, Side
from .estimators.base import HandEstimator, HandObservation
from .events import Cancellation, EventWriter
from .video import ClipInfo, clip_sha256, clip_timing, read_frames


@dataclass(frozen=True)
class EstimateResult:
    """What was written, for the `result` event."""

    path: Path
    frame_count: int
    fps: tuple[int, int]
    frames_detected: dict[Side, int]


def estimate_clip(
    clip: ClipInfo,
    estimator: HandEstimator,
    body: BodyModel,
    target: Path,
    events: EventWriter,
    cancellation: Cancellation,
    expected_frames: int | None = None,
) -> EstimateResult:
    """Run an estimator over a clip and write the target in one step.

    Raises:
        ClipError, FrameCountError, NoHandsError, OutputError, CancelledError: nothing was written.
    """
    ensure_output_folder(target.parent)
    if expected_frames is not None and clip.likely_frame_count != expected_frames:
        # Decoding alone is many times faster than estimating, and only it knows.
        _check_count(clip, sum(1 for _ in read_frames(clip, estimator.channel_order)), expected_frames)
    times: list[float] = []
    chosen: list[dict[Side, HandObservation]] = []
    size: tuple[int, int] | None = None
    for frame, observations in estimator.observe(read_frames(clip, estimator.channel_order)):
        cancellation.check()
        size = size or (frame.pixels.shape[1], frame.pixels.shape[0])
        times.append(frame.time)
        chosen.append(hand_of_each_side(observations))
        events.progress("Estimating", len(times), max(clip.likely_frame_count, len(times)))
    if expected_frames is not None:
        _check_count(clip, len(times), expected_frames)
    if not any(chosen):
        raise NoHandsError(
            f"No hand was found in any of the {len(times)} frames of {clip.path.name}",
            "choose a clip in which hands are larger than about 40 pixels, or another estimator",
        )

    timing = clip_timing(clip, np.array(times))
    tracks = {side: _track(side, [frame.get(side) for frame in chosen], body) for side in SIDES}
    cancellation.check()
    meta: dict[str, Any] = {
        "clip": {
            "name": clip.path.name,
            "size": size,
            "frames": len(times),
            "fps": (timing.fps.numerator, timing.fps.denominator),
            "variable_frame_rate": timing.variable_frame_rate,
            "sha256": clip_sha256(clip.path),
        },
        "estimator": estimator.info.name,
        "model": estimator.info.model,
        "settings": estimator.info.settings,
        "licences": [estimator.info.licence],
        "fitted_on": body.name,
    }
    poses = HandPoses(tracks["left"], tracks["right"], np.arange(len(times)), timing.frame_time, meta)
    write_hand_poses(target, poses)
    detected: dict[Side, int] = {side: int(tracks[side].detected.sum()) for side in SIDES}
    return EstimateResult(target, len(times), (timing.fps.numerator, timing.fps.denominator), detected)


def _check_count(clip: ClipInfo, count: int, expected: int) -> None:
    if count != expected:
        raise FrameCountError(
            f"The GVHMR result has {expected} frames and {clip.path.name} has {count}",
            "use the 0_input_video.mp4 in GVHMR's output folder as the clip",
        )


def _track(side: Side, observations: list[HandObservation | None], body: BodyModel) -> HandTrack:
    track = HandTrack.empty(len(observations))
    seen = [(row, observation) for row, observation in enumerate(observations) if observation is not None]
    for row, observation in seen:
        track.detected[row] = True
        track.score[row] = observation.score
        track.bbox[row] = observation.bbox
        track.keypoints_2d[row] = observation.keypoints_2d
        track.keypoints_3d[row] = observation.keypoints_3d
        if observation.hand_pose is not None:
            track.pose_axis_angle[row] = observation.hand_pose
        if observation.global_orient is not None:
            track.global_orient_axis_angle[row] = observation.global_orient
        if observation.betas is not None:
            track.betas[row] = observation.betas
    landmarks_only = [row for row, observation in seen if observation.hand_pose is None]
    if not landmarks_only:
        return track
    image = track.keypoints_2d[landmarks_only]
    reading = read_mediapipe_landmarks(track.keypoints_3d[landmarks_only], image, side)
    fitted = fit_read_landmarks(image, reading, hand_skeleton(body, side))
    pose, orient = track.pose_axis_angle.copy(), track.global_orient_axis_angle.copy()
    pose[landmarks_only] = fitted.pose_axis_angle
    orient[landmarks_only] = fitted.global_orient_axis_angle
    return replace(track, pose_axis_angle=pose, global_orient_axis_angle=orient)
