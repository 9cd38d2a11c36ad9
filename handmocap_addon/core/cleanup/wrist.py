"""Whose rotation the armature's wrists get: the body's, the hand estimator's, or a blend of both by score.

A body estimator's wrist is stiff, a hand estimator's is noisy and at times wrong. The hand's is known in the camera's space
only, so it hangs on the forearm as the camera sees it, never on the world's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..body.motion import BodyMotion, joint_quat_wxyz
from ..errors import BadUsageError, HandPosesFileError
from ..hands.hand_poses import HandTrack
from ..maths.frame_spans import at_most
from ..maths.rotations import (
    axis_angle_to_quat_wxyz,
    normalized,
    quat_wxyz_inverse,
    quat_wxyz_multiply,
    quat_wxyz_to_axis_angle,
    rotation_between,
    slerp_quat_wxyz,
)
from ..skeleton import JOINT_INDEX, SIDES, WRIST, Side
from .gap_filling import eased
from .wrist_limits import WristAxes, WristLimits, about_axis, limited_wrist, twist_angle, wrist_axes
from .wrist_source import WristSource

Array = NDArray[Any]

# A wrist this far outside a human's range is probably a flipped palm: its say falls off as a Gaussian of this deviation.
_IMPOSSIBLE = np.radians(20.0)
# What the worst frame still counts, so that a clip of nothing but bad frames has an average.
_LEAST_TRUST = 1e-6


@dataclass(frozen=True)
class WristSettings:
    """How wrists are made; the default leaves the body as it is. Times in seconds.

    Raises:
        BadUsageError: the forearm's share is none.
    """

    source: WristSource = WristSource.BODY
    forearm_twist_share: float = 0.0  # 0 to 1, of the wrist's twist, moved to the elbow
    longest_gap: float = 0.5  # frames without a hand are bridged up to this long
    ease: float = 0.3  # from the hand's wrist to the body's where no hand is measured
    smoothing: float = 0.08  # standard deviation of the average over time; 0 is off
    lowest_score: float = 0.0  # frames below count as not measured
    arms_to_hands: bool = False  # hands lie on those in the picture
    limits: WristLimits = field(default_factory=WristLimits)

    def __post_init__(self) -> None:
        if not 0.0 <= self.forearm_twist_share <= 1.0:
            raise BadUsageError(
                f"The forearm's share of the twist is {self.forearm_twist_share:g}", "give a number from 0 to 1"
            )

    @property
    def leaves_body_as_it_is(self) -> bool:
        return not self.needs_hands and self.forearm_twist_share == 0.0

    @property
    def needs_hands(self) -> bool:
        return self.source != WristSource.BODY or self.arms_to_hands


def with_wrists(
    motion: BodyMotion,
    tracks: Mapping[Side, HandTrack],
    frame_time: ArrayLike,
    rest_joints: ArrayLike,
    settings: WristSettings,
) -> BodyMotion:
    """The motion with the wrists, and for a share of the twist the elbows, that the settings ask for.

    Args:
        motion: N frames of a body in world and camera.
        tracks: the raw hands of the same frames, by side; only for a source other than the body.
        frame_time: (N,) seconds.
        rest_joints: (55, 3) metres, y up, facing +z.
        settings: source, share and cleaning.

    Raises:
        HandPosesFileError: the hands have no orientation to take a wrist from.
    """
    if settings.leaves_body_as_it_is:
        return motion
    if settings.source != WristSource.BODY:
        _check_orientations(tracks)
    quat = motion.body_quat_wxyz.copy()
    for side in SIDES:
        axes = wrist_axes(rest_joints, side)
        elbow, wrist = JOINT_INDEX[f"{side}_elbow"] - 1, WRIST[side] - 1
        if settings.source != WristSource.BODY and side in tracks:
            hand, weight = _hand_wrist(motion, tracks[side], np.asarray(frame_time, dtype=np.float64), side, axes, settings)
            quat[:, wrist] = slerp_quat_wxyz(quat[:, wrist], hand, weight)
        # Both twists are about the resting forearm, so a turn moves from joint to joint and the hand stays.
        moved = settings.forearm_twist_share * twist_angle(quat[:, wrist], axes.forearm)
        quat[:, elbow] = quat_wxyz_multiply(quat[:, elbow], about_axis(axes.forearm, moved))
        quat[:, wrist] = quat_wxyz_multiply(about_axis(axes.forearm, -moved), quat[:, wrist])
    return replace(motion, body_quat_wxyz=quat)


def hand_quat_wxyz(track: HandTrack, intrinsics: ArrayLike) -> Array:
    """Rotations (N, 4) of the hand in the camera's axes, corrected for where in the picture it is.

    Estimators look at a crop as if it were in the picture's middle, so what they say is relative to the ray through the
    crop's centre, the box's. Measured for MediaPipe with the fit of this package on the demo clip, its frames turned about
    the camera so that hands lie 6 to 29 degrees off the axis: the error's mean direction wanders by 13 to 15 degrees without
    correction, by 2 to 3 with this one, by 25 to 30 with its inverse; mean error 18.1, 12.8 and 33.4 degrees. Rays through
    the wrist or the landmarks' mean make it wander as little.
    """
    matrix = np.asarray(intrinsics, dtype=np.float64)
    box = np.asarray(track.bbox, dtype=np.float64)
    centre = (box[:, :2] + box[:, 2:]) / 2.0
    focal, middle = matrix[:, (0, 1), (0, 1)], matrix[:, :2, 2]
    # A file of another pipeline may hold no boxes: then nothing is known of the crop and nothing is corrected.
    has_box = ((box[:, 2:] > box[:, :2]).all(axis=1))[:, None]
    ray = np.concatenate((np.where(has_box, (centre - middle) / focal, 0.0), np.ones((len(box), 1))), axis=1)
    correction = rotation_between((0.0, 0.0, 1.0), normalized(ray))
    return quat_wxyz_multiply(correction, axis_angle_to_quat_wxyz(track.global_orient_axis_angle))


def has_orientation(track: HandTrack) -> Array:
    """Frames (N,) on which the hand's orientation was measured; a hand of a file without orientations is all zeros."""
    return np.asarray(track.detected, bool) & np.any(track.global_orient_axis_angle != 0.0, axis=1)


def is_wrist_measured(track: HandTrack, settings: WristSettings) -> Array:
    """Frames (N,) on which the hand's own wrist can be taken as it is; on others it is filled in."""
    return has_orientation(track) & (track.score >= settings.lowest_score)


def _check_orientations(tracks: Mapping[Side, HandTrack]) -> None:
    if any(track.detected.any() for track in tracks.values()) and not any(
        has_orientation(track).any() for track in tracks.values()
    ):
        raise HandPosesFileError(
            "The hands have no global_orient from which a wrist could be taken", "run Estimate, or keep the body's wrist"
        )


def _hand_wrist(
    motion: BodyMotion, track: HandTrack, time: Array, side: Side, axes: WristAxes, settings: WristSettings
) -> tuple[Array, Array]:
    """The hand's own local wrist (N, 4), and how much of it is to be taken (N,)."""
    measured = is_wrist_measured(track, settings)
    if not measured.any():
        return motion.body_quat_wxyz[:, WRIST[side] - 1], np.zeros(motion.frame_count)
    elbow = motion.body_quat_wxyz[:, JOINT_INDEX[f"{side}_elbow"] - 1]
    seen = motion.seen()
    forearm = joint_quat_wxyz(motion, seen.track, f"{side}_elbow")
    local = quat_wxyz_multiply(quat_wxyz_inverse(forearm), hand_quat_wxyz(track, seen.intrinsics))
    possible = limited_wrist(local, elbow, axes, settings.limits)
    outside = np.linalg.norm(quat_wxyz_to_axis_angle(quat_wxyz_multiply(quat_wxyz_inverse(local), possible)), axis=-1)
    trust = np.clip(track.detector_score, 0.0, 1.0) * np.exp(-0.5 * (outside / _IMPOSSIBLE) ** 2)

    filled, presence = _over_gaps(possible, measured, time, settings)
    trust = np.maximum(np.interp(time, time[measured], trust[measured]), _LEAST_TRUST)
    hand = limited_wrist(_smoothed(filled, trust, time, settings.smoothing), elbow, axes, settings.limits)
    if settings.source == WristSource.BLEND:
        presence = presence * _smoothed_values(trust, time, settings.smoothing)
    return hand, presence


def _over_gaps(quat_wxyz: Array, measured: Array, time: Array, settings: WristSettings) -> tuple[Array, Array]:
    """Rotations (N, 4) on every frame, and from 1 to 0 how present (N,) the hand is.

    Short gaps are bridged. In long ones and at the ends the nearest measured frame is held while its presence fades.
    """
    seen = np.flatnonzero(measured)
    position = np.searchsorted(seen, np.arange(len(measured)))
    before = seen[np.clip(position - 1, 0, None)]
    after = seen[np.clip(position, None, len(seen) - 1)]
    to_before = np.where(position > 0, time - time[before], np.inf)
    to_after = np.where(position < len(seen), time[after] - time, np.inf)
    span = to_before + to_after
    bridged, presence = bridged_and_presence(measured, time, settings.longest_gap, settings.ease)
    fraction = np.where(bridged, to_before / np.where(bridged, span, 1.0), 0.0)
    nearest = np.where(to_before <= to_after, before, after)
    filled = np.where(
        bridged[:, None], slerp_quat_wxyz(quat_wxyz[before], quat_wxyz[after], eased(fraction)), quat_wxyz[nearest]
    )
    filled[measured] = quat_wxyz[measured]
    return filled, presence


def bridged_and_presence(measured: Array, time: Array, longest_gap: float, ease: float) -> tuple[Array, Array]:
    """Which frames (N,) lie in a short gap between measured ones, and how present (N,), 1 to 0, what was measured is.

    It fades within `ease` seconds of the nearest measured frame, at least one of which there must be.
    """
    seen = np.flatnonzero(measured)
    position = np.searchsorted(seen, np.arange(len(measured)))
    before = seen[np.clip(position - 1, 0, None)]
    after = seen[np.clip(position, None, len(seen) - 1)]
    to_before = np.where(position > 0, time - time[before], np.inf)
    to_after = np.where(position < len(seen), time[after] - time, np.inf)
    span = np.where((position > 0) & (position < len(seen)), time[after] - time[before], np.inf)
    bridged = ~measured & at_most(span, longest_gap)
    # From one side to the other the hand changes in the middle of the gap, where it must be gone.
    room = np.minimum(ease, span / 2.0)
    away = np.minimum(to_before, to_after) / np.where(room > 0.0, room, 1.0)
    faded = np.where(room > 0.0, 1.0 - eased(np.clip(away, 0.0, 1.0)), 0.0)
    return bridged, np.where(measured | bridged, 1.0, faded)


def _smoothed(quat_wxyz: Array, weight: Array, time: Array, deviation: float) -> Array:
    """Rotations (N, 4) averaged over the frames around each by weight (N,) and a Gaussian in time, which has no lag.

    The average is the one of Markley et al., "Averaging Quaternions" (2007): signs do not matter to it.
    """
    if deviation <= 0.0:
        return quat_wxyz
    outer = _gaussian_sums(quat_wxyz[:, :, None] * quat_wxyz[:, None, :] * weight[:, None, None], time, deviation)
    mean = np.linalg.eigh(outer)[1][..., -1]
    return mean * np.where(np.sum(mean * quat_wxyz, axis=-1, keepdims=True) < 0.0, -1.0, 1.0)


def _smoothed_values(values: Array, time: Array, deviation: float) -> Array:
    """Values (N,) averaged in the same way."""
    if deviation <= 0.0:
        return values
    sums: Array = _gaussian_sums(values, time, deviation) / _gaussian_sums(np.ones_like(values), time, deviation)
    return sums


def _gaussian_sums(values: Array, time: Array, deviation: float) -> Array:
    """Sums of the values (N, …) around each frame, weighted by a Gaussian of the time between, to three deviations.

    Near the ends as many frames before as after count: a one-sided average would lag there.
    """
    sums = values.copy()
    count = len(values)
    step = float(np.median(np.diff(time))) if count > 1 else 1.0
    for offset in range(1, min((count - 1) // 2, int(np.ceil(3.0 * deviation / step))) + 1):
        near = np.exp(-0.5 * ((time[offset:] - time[:-offset]) / deviation) ** 2).reshape(-1, *[1] * (values.ndim - 1))
        sums[offset:-offset] += near[:-offset] * values[: -2 * offset] + near[offset:] * values[2 * offset :]
    return sums
