from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from addon_tests.making.formulas import angle_of, random_axis_angle, rodrigues
from handmocap_addon.core.cleanup.clean_hands import CleanupSettings, clean_hand
from handmocap_addon.core.cleanup.edited_hand_poses import edited_hand_poses, hand_poses_of_keys
from handmocap_addon.core.hands.hand_poses import HandPoses, HandTrack
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses, write_hand_poses
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz, quat_wxyz_to_rotmat
from handmocap_addon.core.skeleton import SIDES

COUNT = 12


def _measured(random: np.random.Generator) -> HandTrack:
    detected = np.ones(COUNT, bool)
    detected[4:7] = False
    boxes = np.where(detected[:, None], random.uniform(0.0, 300.0, (COUNT, 4)), 0.0).astype("f4")
    return replace(
        HandTrack.empty(COUNT),
        detected=detected,
        bbox=boxes,
        score=np.linspace(0.4, 1.0, COUNT, dtype="f4") * detected,
        detector_score=np.full(COUNT, 0.9, "f4") * detected,
    )


def test_every_frame_comes_back_as_it_was_edited(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    tracks = {side: _measured(random) for side in SIDES}
    times = np.arange(COUNT) / 30.0
    poses = HandPoses(tracks["left"], tracks["right"], np.arange(COUNT) + 5, times, {"clip": {"name": "a.mp4"}})
    fingers = {side: random_axis_angle(random, COUNT, 15, largest=1.5) for side in SIDES}
    quats = {side: axis_angle_to_quat_wxyz(fingers[side]) for side in SIDES}
    write_hand_poses(tmp_path / "edited.npz", edited_hand_poses(poses, tracks, quats, "body"))
    again = read_hand_poses(tmp_path / "edited.npz")
    assert again.meta["edited"] == {"armature": "body", "measured_frames": {"left": 9, "right": 9}}
    assert again.clip_name() == "a.mp4"
    np.testing.assert_array_equal(again.frame_index, poses.frame_index)
    np.testing.assert_array_equal(again.frame_time, times)
    for side in SIDES:
        track = again.track(side)
        np.testing.assert_array_equal(track.score, tracks[side].score)
        np.testing.assert_array_equal(track.detector_score, tracks[side].detector_score)
        np.testing.assert_array_equal(track.bbox, tracks[side].bbox)
        cleaned = clean_hand(track, times, np.zeros(45), CleanupSettings(smoothing=0.0), side)
        between = np.swapaxes(quat_wxyz_to_rotmat(cleaned.quat_wxyz), -1, -2) @ rodrigues(fingers[side])
        assert np.degrees(angle_of(between)).max() < 1e-4


def test_hands_that_nobody_measured_have_times_and_no_score(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    quats = {side: axis_angle_to_quat_wxyz(random_axis_angle(random, COUNT, 15)) for side in SIDES}
    poses = hand_poses_of_keys(np.arange(10.0, 10.0 + COUNT), Fraction(24000, 1001), quats, "body")
    write_hand_poses(tmp_path / "keys.npz", poses)
    again = read_hand_poses(tmp_path / "keys.npz")
    assert again.frames_per_second() == Fraction(24000, 1001)
    np.testing.assert_allclose(again.frame_time, np.arange(COUNT) * 1001 / 24000)
    assert again.left.detected.all()
    assert not again.left.score.any()
