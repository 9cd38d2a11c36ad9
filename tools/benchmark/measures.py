"""Errors of one hand on one clip, against what is known of it. Angles in degrees, positions in pixels or metres."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handmocap_addon.core.cleanup.clean_hands import CleanHand, Provenance
from handmocap_addon.core.hands.hand_poses import HandTrack
from handmocap_addon.core.landmarks.definition import RIG_JOINTS
from handmocap_addon.core.landmarks.fit import FittedHand, LandmarkNoise, fit_landmarks, palm_orientation
from handmocap_addon.core.landmarks.reading import read_mediapipe_landmarks
from handmocap_addon.core.maths.rotations import angle_between_rotmats, axis_angle_to_rotmat, quat_wxyz_to_axis_angle
from handmocap_addon.core.rig.accuracy import bone_direction_errors
from handmocap_addon.core.rig.hand_hinges import hand_hinges, hinge_pose
from handmocap_addon.core.rig.hand_skeleton import HandSkeleton
from handmocap_addon.core.skeleton import FINGERS, HAND_JOINT_COUNT, finger_landmarks

from .known_clips import KnownHand

Array = NDArray[Any]

# A hand is held where no fingertip moves faster than this against the wrist, for at least this long.
_STILL_METRES_PER_SECOND = 0.02
_SHORTEST_HOLD_SECONDS = 0.25
_EXACT = LandmarkNoise(image=1e-4, world=(1e-4, 1e-4, 1e-4))
_TIPS = [finger_landmarks(finger)[3] for finger in FINGERS]


@dataclass
class Sample:
    """Errors by stage, each any number of values; joined over hands and clips before they are summed up."""

    bone: dict[str, list[Array]] = field(default_factory=dict)
    joint: dict[str, list[Array]] = field(default_factory=dict)

    def add(self, stage: str, pose_axis_angle: Array, skeleton: HandSkeleton, truth: KnownHand, frames: Array) -> None:
        """Note the errors of a stage's poses (K, 45) on K frames."""
        true_pose = truth.pose_axis_angle[frames]
        off = bone_direction_errors(skeleton.posed_landmarks(pose_axis_angle), truth.skeleton.posed_landmarks(true_pose))
        self.bone.setdefault(stage, []).append(np.degrees(off))
        between = angle_between_rotmats(_rotmat(pose_axis_angle), _rotmat(true_pose))
        self.joint.setdefault(stage, []).append(np.degrees(between))

    def add_directions(self, stage: str, landmarks_in_wrist_frame: Array, truth: KnownHand, frames: Array) -> None:
        """The same for landmarks (K, 21, 3) that no rotations belong to."""
        true_landmarks = truth.skeleton.posed_landmarks(truth.pose_axis_angle[frames])
        self.bone.setdefault(stage, []).append(np.degrees(bone_direction_errors(landmarks_in_wrist_frame, true_landmarks)))

    def joined(self, other: Sample) -> None:
        """Take in another's errors."""
        for mine, theirs in ((self.bone, other.bone), (self.joint, other.joint)):
            for stage, values in theirs.items():
                mine.setdefault(stage, []).extend(values)


def _rotmat(pose_axis_angle: Array) -> Array:
    return axis_angle_to_rotmat(np.asarray(pose_axis_angle).reshape(-1, HAND_JOINT_COUNT, 3))


# The stages, in the order of the table; each adds something to the one before or leaves something out.
RAW = "MediaPipe's world landmarks as they are"
TAKEN_AT_THEIR_WORD = "fitted without reading them"
READ_ONLY = "read, without the fit to the picture"
FITTED = "read and fitted"
SMOOTHED = "read, fitted, smoothed"
ALL_IN_VIEW = "the same, with filled frames: all on which the hand is in view"
EXACT_LANDMARKS = "true landmarks, fitted (the fit alone)"


def stage_errors(track: HandTrack, clean: CleanHand, skeleton: HandSkeleton, truth: KnownHand) -> Sample:
    """The errors of every stage on the measured frames of a hand."""
    sample = Sample()
    frames = np.flatnonzero(track.detected & truth.in_view)
    if len(frames):
        world, image = track.keypoints_3d[frames].astype(float), track.keypoints_2d[frames].astype(float)
        sample.add_directions(RAW, world @ palm_orientation(world, skeleton, RIG_JOINTS), truth, frames)
        sample.add(TAKEN_AT_THEIR_WORD, fit_landmarks(world, skeleton, image).pose_axis_angle, skeleton, truth, frames)
        read = hinge_pose(hand_hinges(skeleton), read_mediapipe_landmarks(world, image, truth.side).angles)
        sample.add(READ_ONLY, read, skeleton, truth, frames)
        sample.add(FITTED, track.pose_axis_angle[frames], skeleton, truth, frames)
        sample.add(SMOOTHED, _pose(clean)[frames], skeleton, truth, frames)
    in_view = np.flatnonzero(truth.in_view)
    sample.add(ALL_IN_VIEW, _pose(clean)[in_view], skeleton, truth, in_view)
    sample.add(EXACT_LANDMARKS, exact_fit(truth, skeleton).pose_axis_angle, skeleton, truth, np.arange(len(truth.in_view)))
    return sample


def exact_fit(truth: KnownHand, skeleton: HandSkeleton) -> FittedHand:
    """The fit of the true landmarks: what is left is the fit's own error."""
    return fit_landmarks(truth.keypoints_3d, skeleton, definition=RIG_JOINTS, noise=_EXACT)


def _pose(clean: CleanHand) -> Array:
    return quat_wxyz_to_axis_angle(clean.quat_wxyz).reshape(len(clean.quat_wxyz), -1)


def holds(truth: KnownHand, fps: float) -> Array:
    """Frames (N,) on which the true hand is held still for a while."""
    tips = truth.skeleton.posed_landmarks(truth.pose_axis_angle)[:, _TIPS]
    speed = np.linalg.norm(np.diff(tips, axis=0), axis=-1).max(axis=1) * fps
    still = np.concatenate((speed[:1], np.maximum(speed[1:], speed[:-1]), speed[-1:])) < _STILL_METRES_PER_SECOND
    edges = np.flatnonzero(np.diff(np.concatenate(([0], still.astype(np.int8), [0]))))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if end - start < _SHORTEST_HOLD_SECONDS * fps:
            still[start:end] = False
    return still


def fingertips(pose_axis_angle: Array, skeleton: HandSkeleton) -> Array:
    """Fingertips (N, 5, 3) in the wrist's frame, metres."""
    return np.asarray(skeleton.posed_landmarks(pose_axis_angle)[:, _TIPS])


def clean_pose(clean: CleanHand) -> Array:
    """Hand poses (N, 45) of a clean hand."""
    return _pose(clean)


@dataclass(frozen=True)
class FrameCounts:
    """Of the frames on which a hand is in view: measured, filled, missing; and those that show another hand."""

    in_view: int
    measured: int
    filled: int
    missing: int
    swapped: int
    ghosts: int


def frame_counts(track: HandTrack, clean: CleanHand, truth: KnownHand, others: list[KnownHand]) -> FrameCounts:
    """Count them. Swapped: the landmarks lie nearer to another hand's truth. Ghost: at nobody's hand."""
    seen = np.asarray(track.detected, bool)
    own = _distance(track, truth)
    nearest_other = np.min([_distance(track, other) for other in others], axis=0)
    swapped = seen & (nearest_other < own)
    ghosts = seen & (np.minimum(own, nearest_other) > np.maximum(truth.size, 20.0))
    measured, filled, missing = (
        int(np.sum(truth.in_view & (clean.provenance == kind)))
        for kind in (Provenance.MEASURED, Provenance.FILLED, Provenance.RELAXED)
    )
    return FrameCounts(int(truth.in_view.sum()), measured, filled, missing, int(swapped.sum()), int(ghosts.sum()))


def _distance(track: HandTrack, truth: KnownHand) -> Array:
    """Mean distance (N,) of the landmarks in pixels."""
    return np.asarray(np.linalg.norm(track.keypoints_2d - truth.keypoints_2d, axis=-1).mean(axis=-1))


def picture_errors(track: HandTrack, truth: KnownHand) -> Array:
    """Mean distance of the detector's landmarks from the true joints, pixels, on the frames measured in view."""
    return _distance(track, truth)[track.detected & truth.in_view]
