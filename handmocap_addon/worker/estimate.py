"""A clip in, a `hand_poses.npz` out for every person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..core.atomic_files import ensure_output_folder
from ..core.body_model import BodyModel
from ..core.body_motion import BodyMotion
from ..core.errors import FrameCountError, NoHandsError
from ..core.hand_detections import Array, HandDetections
from ..core.hand_poses import HandPoses, HandTrack
from ..core.hand_poses_file import write_hand_poses
from ..core.hand_sides import HandAssociation, associate_hands
from ..core.hand_skeleton import hand_skeleton
from ..core.projected_arms import project_arms
from ..core.second_look import Looks, missed_hands
from ..core.skeleton import SIDES, Side
from ..core.stand_in_body import load_stand_in_body
from .estimators.base import HandEstimator
from .events import Cancellation, EventWriter
from .observed import gathered, moved
from .video import ClipInfo, clip_sha256, clip_timing, read_frames


@dataclass(frozen=True)
class Person:
    """A person in the clip: the body's motion, where there is one, and the file for the hands, where they are wanted."""

    motion: BodyMotion | None
    target: Path | None


@dataclass(frozen=True)
class WrittenHands:
    """One file that was written."""

    path: Path
    frames_detected: dict[Side, int]


@dataclass(frozen=True)
class EstimateResult:
    """What was written, for the `result` event."""

    people: list[WrittenHands]
    frame_count: int
    fps: tuple[int, int]


@dataclass(frozen=True)
class _Seen:
    """Everything that one pass over the clip shows."""

    detections: HandDetections
    times: Array  # (N,) seconds
    picture_size: tuple[int, int]


def estimate_clip(
    clip: ClipInfo,
    estimator: HandEstimator,
    body: BodyModel,
    people: Sequence[Person],
    events: EventWriter,
    cancellation: Cancellation,
    expected_frames: int | None = None,
    instead_of: str | None = None,
) -> EstimateResult:
    """Run an estimator over a clip, twice where hands were missed, and write every person's file in one step each.

    `instead_of` names the clip that was asked for where another one is used, for the notes.

    Raises:
        ClipError, FrameCountError, NoHandsError, OutputError, CancelledError: nothing was written.
    """
    for person in people:
        if person.target is not None:
            ensure_output_folder(person.target.parent)
    expected = [expected_frames] if expected_frames is not None else []
    expected += [person.motion.frame_count for person in people if person.motion is not None]
    if any(clip.likely_frame_count != count for count in expected):
        # Decoding alone is many times faster than estimating, and only it knows.
        _check_count(clip, sum(1 for _ in read_frames(clip, estimator.channel_order)), expected)
    seen = _first_look(clip, estimator, events, cancellation)
    _check_count(clip, len(seen.times), expected)
    arms = [project_arms(person.motion, load_stand_in_body(person.motion.betas).rest_joints)
            for person in people if person.motion is not None]  # fmt: skip
    detections = seen.detections
    association = associate_hands(detections, seen.times, arms)
    looks = missed_hands(detections, association, seen.times, seen.picture_size, arms)
    if looks.count:
        detections = detections.joined(_look_again(clip, estimator, looks, len(seen.times), events, cancellation))
        association = associate_hands(detections, seen.times, arms)
    if not (association.given >= 0).any():
        raise NoHandsError(
            f"No hand was found in any of the {len(seen.times)} frames of {clip.path.name}",
            "choose a clip in which hands are larger than about 40 pixels, or another estimator",
        )

    timing = clip_timing(clip, seen.times)
    meta: dict[str, Any] = {
        "clip": {
            "name": clip.path.name,
            "size": seen.picture_size,
            "frames": len(seen.times),
            "fps": (timing.fps.numerator, timing.fps.denominator),
            "variable_frame_rate": timing.variable_frame_rate,
            "sha256": clip_sha256(clip.path),
            **({"instead_of": instead_of} if instead_of is not None else {}),
        },
        "estimator": estimator.info.name,
        "model": estimator.info.model,
        "settings": estimator.info.settings,
        "licences": [estimator.info.licence],
        "fitted_on": body.name,
        "bodies": len(arms),
    }
    wanted = [(number, person.target) for number, person in enumerate(people) if person.target is not None]
    poses = []
    for number, _ in wanted:
        tracks = {side: _hand_track(side, detections, association.of(number, side), body, estimator) for side in SIDES}
        notes = meta | _notes_for(number, association, detections)
        poses.append(HandPoses(tracks["left"], tracks["right"], np.arange(len(seen.times)), timing.frame_time, notes))
        cancellation.check()
    written = []
    for (_, target), hands in zip(wanted, poses, strict=True):
        write_hand_poses(target, hands)
        written.append(WrittenHands(target, {side: int(hands.track(side).detected.sum()) for side in SIDES}))
    return EstimateResult(written, len(seen.times), (timing.fps.numerator, timing.fps.denominator))


def _check_count(clip: ClipInfo, count: int, expected: Sequence[int]) -> None:
    for other in expected:
        if count != other:
            raise FrameCountError(
                f"The GVHMR result has {other} frames and {clip.path.name} has {count}",
                "use the 0_input_video.mp4 in GVHMR's output folder as the clip",
            )


def _first_look(clip: ClipInfo, estimator: HandEstimator, events: EventWriter, cancellation: Cancellation) -> _Seen:
    times: list[float] = []
    found = []
    size = (0, 0)
    for frame, observations in estimator.observe(read_frames(clip, estimator.channel_order)):
        cancellation.check()
        size = (frame.pixels.shape[1], frame.pixels.shape[0])
        found += [(len(times), observation) for observation in observations]
        times.append(frame.time)
        events.progress("Estimating", len(times), max(clip.likely_frame_count, len(times)))
    return _Seen(gathered(found), np.array(times), size)


def _look_again(
    clip: ClipInfo, estimator: HandEstimator, looks: Looks, frame_count: int, events: EventWriter, cancellation: Cancellation
) -> HandDetections:
    """What the crops show of the hands that were expected there."""
    found, look_of, number = [], [], 0
    for frame in read_frames(clip, estimator.channel_order):
        while number < looks.count and looks.frame[number] == frame.index:
            cancellation.check()
            left, top, right, bottom = looks.box[number]
            for observation in estimator.look_again(frame.pixels[top:bottom, left:right]):
                found.append((frame.index, moved(observation, looks.box[number, :2])))
                look_of.append(number)
            number += 1
            events.progress("Looking again", frame_count + number, frame_count + looks.count)
        if number == looks.count:
            break
    detections = gathered(found, second_look=True)
    return detections.taken(looks.accept(np.array(look_of, dtype=np.int64), detections))


def _notes_for(person: int, association: HandAssociation, detections: HandDetections) -> dict[str, Any]:
    """What `meta` says about the tracks: those of the person and those of nobody."""
    again = {}
    for side in SIDES:
        given = association.of(person, side)
        frames = np.flatnonzero(given >= 0)
        again[side] = frames[detections.second_look[given[frames]]].tolist()
    notes = [note.as_json() for note in association.notes if note.person in (person, None)]
    return {"tracks": notes, "second_look": again}


def _hand_track(
    side: Side, detections: HandDetections, given: Array, body: BodyModel, estimator: HandEstimator
) -> HandTrack:
    """The hand of a side from the detection (N,) that it has on each frame, or -1."""
    rows = np.flatnonzero(given >= 0)
    chosen = detections.taken(given[rows])
    track = HandTrack.empty(len(given))
    track.detected[rows] = True
    track.score[rows] = chosen.score
    track.bbox[rows] = chosen.bbox
    track.keypoints_2d[rows] = chosen.keypoints_2d
    track.keypoints_3d[rows] = chosen.keypoints_3d
    track.pose_axis_angle[rows] = chosen.hand_pose
    track.global_orient_axis_angle[rows] = chosen.global_orient
    track.betas[rows] = chosen.betas
    # A pose that was estimated for a hand of the other side is none.
    return _fitted(track, side, rows[~chosen.has_pose | (chosen.is_right != (side == "right"))], body, estimator)


def _fitted(track: HandTrack, side: Side, rows: Array, body: BodyModel, estimator: HandEstimator) -> HandTrack:
    """The track with the poses of some rows fitted to their landmarks."""
    if not len(rows):
        return track
    fitted = estimator.fit(track.keypoints_3d[rows], track.keypoints_2d[rows], hand_skeleton(body, side))
    pose, orient = track.pose_axis_angle.copy(), track.global_orient_axis_angle.copy()
    pose[rows] = fitted.pose_axis_angle
    orient[rows] = fitted.global_orient_axis_angle
    return replace(track, pose_axis_angle=pose, global_orient_axis_angle=orient)
