from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.cleanup.clean_hands import clean_hand
from handmocap_addon.core.errors import BadInputError, ClipError
from handmocap_addon.core.hands.hand_poses import HandTrack
from handmocap_addon.core.report import (
    REPORT_NAME,
    accuracy_summary,
    fingertip_jitter,
    hand_summary,
    known_hand_poses,
    write_failure,
)
from handmocap_addon.core.rig.hand_skeleton import hand_skeleton

HAND = hand_skeleton(load_stand_in_body(), "left")


def curl_over(angles: np.ndarray) -> np.ndarray:
    return np.stack([HAND.curled_pose(angle, angle, angle) for angle in angles])


def report_in(folder: Path) -> dict:
    return json.loads((folder / REPORT_NAME).read_text(encoding="utf-8"))


def test_counts_add_up_to_the_frames():
    detected = np.array([letter == "x" for letter in "xx..xx" + "." * 30 + "xx"])
    track = replace(
        HandTrack.empty(38), detected=detected, score=np.where(detected, 0.75, 0.0), pose_axis_angle=curl_over(np.zeros(38))
    )
    hand = clean_hand(track, np.arange(38) / 25.0, np.zeros(45))
    summary = hand_summary(track, hand, HAND, 25.0)
    assert (summary["frames"], summary["measured"], summary["filled"], summary["missing"]) == (38, 6, 2, 30)
    assert summary["longest_gap_frames"] == 30
    assert summary["mean_score"] == pytest.approx(0.75)
    assert json.loads(json.dumps(summary)) == summary


def test_a_hand_that_was_never_seen_has_a_summary():
    track = HandTrack.empty(5)
    summary = hand_summary(track, clean_hand(track, np.arange(5) / 25.0, np.zeros(45)), HAND, 25.0)
    assert summary["measured"] == 0
    assert summary["mean_score"] == 0.0
    assert summary["jitter_before_m_per_s3"] is None


def test_a_still_hand_does_not_jitter():
    assert fingertip_jitter(curl_over(np.full(10, 0.4)), np.ones(10, bool), HAND, 30.0) == pytest.approx(0.0, abs=1e-6)


def test_a_shaking_hand_jitters_by_the_cube_of_the_rate():
    shaking = curl_over(0.4 + 0.02 * (-1.0) ** np.arange(20))
    slow, fast = (fingertip_jitter(shaking, np.ones(20, bool), HAND, fps) for fps in (30.0, 60.0))
    assert slow is not None
    assert fast is not None
    assert slow > 1.0
    assert fast == pytest.approx(slow * 8.0)


def test_jitter_is_not_measured_across_gaps():
    pose = curl_over(np.concatenate((np.zeros(6), np.full(6, 1.0))))
    valid = np.ones(12, bool)
    assert fingertip_jitter(pose, valid, HAND, 30.0) > 1.0
    valid[6] = False
    assert fingertip_jitter(pose, valid, HAND, 30.0) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_too_few_frames_have_no_jitter(count):
    assert fingertip_jitter(np.zeros((count, 45)), np.ones(count, bool), HAND, 30.0) is None


def test_accuracy_of_the_truth_itself_is_perfect():
    truth = curl_over(np.linspace(0.0, 1.0, 6))
    track = replace(
        HandTrack.empty(6), detected=np.ones(6, bool), pose_axis_angle=truth, keypoints_3d=HAND.posed_landmarks(truth)
    )
    summary = accuracy_summary(track, truth, HAND)
    assert summary["frames_compared"] == 6
    assert summary["bone_direction_error_mean_deg"] == pytest.approx(0.0, abs=1e-4)
    assert summary["raw_landmarks_error_mean_deg"] == pytest.approx(0.0, abs=1e-4)


def test_accuracy_counts_measured_frames_alone():
    truth = curl_over(np.linspace(0.0, 1.0, 6))
    pose = truth.copy()
    pose[3:] = 0.0
    track = replace(HandTrack.empty(6), detected=np.arange(6) < 3, pose_axis_angle=pose)
    summary = accuracy_summary(track, truth, HAND)
    assert summary["frames_compared"] == 3
    assert summary["bone_direction_error_mean_deg"] == pytest.approx(0.0, abs=1e-4)
    assert "raw_landmarks_error_mean_deg" not in summary


def test_truth_of_another_length_compares_nothing():
    track = replace(HandTrack.empty(6), detected=np.ones(6, bool))
    assert accuracy_summary(track, np.zeros((5, 45)), HAND) == {"frames_compared": 0}


def test_known_poses_by_side(tmp_path):
    np.savez(tmp_path / "truth.npz", left_hand_pose=np.zeros((2, 45)), right_hand_pose=np.ones((2, 45)))
    known = known_hand_poses(tmp_path / "truth.npz")
    assert known["left"].max() == 0.0
    assert known["right"].min() == 1.0
    assert known_hand_poses(None) == {}


@pytest.mark.parametrize("content", [None, b"", b"text", b"PK\x03\x04"])
def test_known_poses_that_cannot_be_read(tmp_path, content):
    if content is not None:
        (tmp_path / "truth.npz").write_bytes(content)
    with pytest.raises(BadInputError) as caught:
        known_hand_poses(tmp_path / "truth.npz")
    assert "truth.npz" in caught.value.message


def test_a_failure_has_the_sentence_and_the_log(tmp_path):
    error = ClipError("shot.mp4 holds no frames", "convert it")
    write_failure(tmp_path, error, tmp_path / "worker.log")
    report = report_in(tmp_path)
    assert report["ok"] is False
    assert report["error"] == {"code": "bad_clip", "sentence": error.sentence(), "exit_code": 3}
    assert report["log"] == str(tmp_path / "worker.log")


def test_failures_keep_the_last_good_report(tmp_path):
    (tmp_path / REPORT_NAME).write_text(json.dumps({"ok": True, "frames": 96}), encoding="utf-8")
    for number in range(3):
        write_failure(tmp_path, ClipError(f"number {number}"), None)
    report = report_in(tmp_path)
    assert report["error"]["sentence"] == "number 2"
    assert report["last_good"] == {"ok": True, "frames": 96}


@pytest.mark.parametrize("before", ["", "{", "[]", "[1]", "3", "null", '"text"'])
def test_a_damaged_report_does_not_hide_the_failure(tmp_path, before):
    (tmp_path / REPORT_NAME).write_text(before, encoding="utf-8")
    write_failure(tmp_path, ClipError("no frames"), None)
    assert report_in(tmp_path)["error"]["sentence"] == "no frames"
