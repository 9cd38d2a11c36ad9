"""Raw hands with a person's corrections applied: the tracks that cleanup then works on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..hands.hand_poses import HandTrack
from ..landmarks.fit import FittedHand
from ..maths.rotations import mirrored_axis_angle
from ..skeleton import HAND_JOINT_COUNT, SIDES, Side
from .corrections import Correction, NotSeen, Shifted, SidesSwapped

Array = NDArray[Any]

# The pose (n, 45) and orientation of a side's hand from world (n, 21, 3) and image landmarks (n, 21, 2).
Fit = Callable[[Side, Array, Array], FittedHand]


def corrected_tracks(
    tracks: Mapping[Side, HandTrack], corrections: Iterable[Correction], fit: Fit | None
) -> dict[Side, HandTrack]:
    """The tracks with what is said about whole hands: not seen, swapped, shifted, in the order in which it was said.

    A swapped hand was posed as a hand of the other side, so its landmarks are fitted again; without landmarks, or without a
    fit, the pose is mirrored.
    """
    corrected = dict(tracks)
    for correction in corrections:
        if isinstance(correction, NotSeen) and correction.side in corrected:
            corrected[correction.side] = _not_seen(corrected[correction.side], correction)
        elif isinstance(correction, SidesSwapped) and set(corrected) == set(SIDES):
            corrected = _swapped(corrected, correction, fit)
        elif isinstance(correction, Shifted) and correction.side in corrected:
            corrected[correction.side] = _shifted(corrected[correction.side], correction.frames)
    return corrected


def _not_seen(track: HandTrack, correction: NotSeen) -> HandTrack:
    detected = np.array(track.detected, dtype=bool)
    detected[correction.rows.within(len(detected))] = False
    return replace(track, detected=detected)


def _swapped(tracks: dict[Side, HandTrack], correction: SidesSwapped, fit: Fit | None) -> dict[Side, HandTrack]:
    left, right = tracks["left"], tracks["right"]
    rows = correction.rows.within(len(left.detected))
    return {"left": _taken_over(left, right, rows, "left", fit), "right": _taken_over(right, left, rows, "right", fit)}


def _taken_over(track: HandTrack, other: HandTrack, rows: slice, side: Side, fit: Fit | None) -> HandTrack:
    values = {field.name: np.array(getattr(track, field.name)) for field in fields(HandTrack)}
    for name, own in values.items():
        own[rows] = getattr(other, name)[rows]
    pose = values["pose_axis_angle"]
    pose[rows] = mirrored_axis_angle(pose[rows].reshape(-1, HAND_JOINT_COUNT, 3)).reshape(pose[rows].shape)
    has_landmarks = values["detected"][rows] & values["keypoints_3d"][rows].any(axis=(1, 2))
    chosen = np.arange(rows.start, rows.stop)[has_landmarks & values["keypoints_2d"][rows].any(axis=(1, 2))]
    if fit is not None and len(chosen):
        fitted = fit(side, values["keypoints_3d"][chosen], values["keypoints_2d"][chosen])
        values["pose_axis_angle"][chosen] = fitted.pose_axis_angle
        values["global_orient_axis_angle"][chosen] = fitted.global_orient_axis_angle
    return HandTrack(**values)


def _shifted(track: HandTrack, frames: int) -> HandTrack:
    source = np.arange(len(track.detected)) - frames
    inside = (source >= 0) & (source < len(source))
    taken = np.clip(source, 0, max(len(source) - 1, 0))
    values = {field.name: np.array(getattr(track, field.name))[taken] for field in fields(HandTrack)}
    values["detected"] = values["detected"] & inside
    return HandTrack(**values)
