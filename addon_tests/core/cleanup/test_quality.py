from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from addon_tests.making.formulas import random_axis_angle, rodrigues
from addon_tests.making.gestures import bent, stand_in_hand
from handmocap_addon.core.cleanup.clean_hands import CleanHand, CleanupSettings, Provenance, clean_hand
from handmocap_addon.core.cleanup.quality import HandQuality, hand_quality
from handmocap_addon.core.cleanup.worth_looking_at import ranges_worth_looking_at
from handmocap_addon.core.hands.hand_poses import HandTrack
from handmocap_addon.core.maths.rotations import quat_wxyz_to_axis_angle
from handmocap_addon.core.report import quality_summary

HAND = stand_in_hand()
COUNT = 60
TIME = np.arange(COUNT) / 30.0
OFF = CleanupSettings(smoothing=0.0)


def seen_track(share: np.ndarray | float = 0.3) -> HandTrack:
    """A hand seen by a distant camera, with landmarks exactly where its pose puts them: 900 pixels a metre."""
    pose = quat_wxyz_to_axis_angle(bent(HAND, np.broadcast_to(share, COUNT))).reshape(COUNT, 45)
    orient = random_axis_angle(np.random.default_rng(4), COUNT, largest=2.0)
    points = np.einsum("nab,nkb->nka", rodrigues(orient), HAND.posed_landmarks(pose))
    return HandTrack(
        pose_axis_angle=pose,
        detected=np.ones(COUNT, bool),
        score=np.full(COUNT, 0.9),
        detector_score=np.full(COUNT, 0.9),
        bbox=np.zeros((COUNT, 4)),
        keypoints_2d=900.0 * points[..., :2] + np.array((320.0, 240.0)),
        keypoints_3d=points,
        global_orient_axis_angle=orient,
        betas=np.zeros((COUNT, 10)),
    )


def quality_of(track: HandTrack, settings: CleanupSettings = OFF) -> HandQuality:
    return hand_quality(track, clean_hand(track, TIME, np.zeros(45), settings), HAND, TIME)


def reasons(quality: HandQuality, side: str = "left") -> list[str]:
    return [item.reason for item in ranges_worth_looking_at({side: quality})]


def test_a_perfect_hand_has_nothing_to_look_at():
    quality = quality_of(seen_track())
    assert quality.reprojection_pixels.max() < 1e-4
    assert quality.reprojection_share.max() < 1e-6
    assert quality.limit_degrees.max() < 1e-6
    assert np.nanmax(quality.jump_degrees) < 1e-6
    assert np.isnan(quality.jump_degrees[0]).all()
    assert reasons(quality) == []


def test_landmarks_that_are_off_are_told_in_pixels_and_as_a_share_of_the_hand():
    track = seen_track()
    points = track.keypoints_2d.copy()
    # Every landmark 18 pixels away from where the pose puts it, in directions that no shift or scale takes back.
    angle = np.linspace(0.0, 2.0 * np.pi, 21, endpoint=False)
    points[20:24] += 18.0 * np.stack((np.cos(angle * 5), np.sin(angle * 5)), axis=-1)
    quality = quality_of(replace(track, keypoints_2d=points))
    assert quality.reprojection_pixels[20:24] == pytest.approx(18.0, abs=2.0)
    assert quality.reprojection_pixels[24:].max() < 1e-4
    # The stretched stand-in is 0.18 m long.
    assert quality.reprojection_share[20:24] == pytest.approx(18.0 / (900 * 0.18), abs=0.03)
    (item,) = ranges_worth_looking_at({"left": quality})
    assert (item.first, item.last, item.side, item.finger) == (20, 23, "left", None)
    assert "pixels off" in item.reason


@pytest.mark.parametrize("lacking", ["keypoints_2d", "global_orient_axis_angle"])
def test_files_of_other_pipelines_have_no_reprojection(lacking):
    track = seen_track()
    quality = quality_of(replace(track, **{lacking: np.zeros_like(getattr(track, lacking))}))
    assert np.isnan(quality.reprojection_pixels).all()
    assert np.isnan(quality.reprojection_share).all()
    assert quality_summary(quality)["reprojection_mean_px"] is None
    assert reasons(quality) == []


def test_what_was_not_measured_has_no_score_and_no_reprojection():
    detected = np.ones(COUNT, bool)
    detected[10:46] = False
    quality = quality_of(replace(seen_track(), detected=detected))
    assert np.isnan(quality.score[10:46]).all()
    assert np.isnan(quality.reprojection_pixels[10:46]).all()
    assert not np.isnan(quality.score[detected]).any()
    assert "no hand was seen for 1.2 s" in reasons(quality)


def test_a_jump_is_told_with_its_finger():
    jumped = bent(HAND, np.full(COUNT, 0.2))
    jumped[30:, 3:6] = bent(HAND, np.full(COUNT, 0.9))[30:, 3:6]
    provenance = np.full(COUNT, Provenance.MEASURED, np.uint8)
    quality = hand_quality(seen_track(), CleanHand(jumped, provenance), HAND, TIME)
    assert quality.jump_degrees[30, 1] == pytest.approx(np.degrees(1.6 * 0.7), abs=1e-6)
    assert quality.jump_degrees_per_second[30, 1] == pytest.approx(30 * np.degrees(1.6 * 0.7), abs=1e-4)
    found = [item for item in ranges_worth_looking_at({"left": quality}) if "jump" in item.reason]
    assert [(item.first, item.last, item.finger, item.reason) for item in found] == [
        (29, 30, "middle", "middle jumps by 64 degrees")
    ]


def test_the_same_turn_over_a_longer_time_is_no_jump():
    share = np.where(np.arange(COUNT) < 30, 0.2, 0.9)
    quality = quality_of(seen_track(share))
    assert "the fingers jump by up to 64 degrees" in reasons(quality)
    slow = hand_quality(seen_track(share), clean_hand(seen_track(share), TIME * 3, np.zeros(45), OFF), HAND, TIME * 3)
    assert reasons(slow) == []


def test_a_finger_that_bends_backwards_is_told():
    pose = seen_track().pose_axis_angle.reshape(COUNT, 15, 3).copy()
    pose[40:43, 1] = -np.radians(25.0) * HAND.flexion_axes[0]
    quality = quality_of(replace(seen_track(), pose_axis_angle=pose.reshape(COUNT, 45)))
    assert quality.limit_degrees[41, 0] == pytest.approx(20.0, abs=0.5)
    found = [item for item in ranges_worth_looking_at({"right": quality}) if "backwards" in item.reason]
    assert [(item.first, item.last, item.side, item.finger) for item in found] == [(40, 42, "right", "index")]
    assert found[0].reason == "index bends backwards by 20 degrees"


def test_low_scores_that_nearly_touch_are_one_range():
    score = np.full(COUNT, 0.9)
    score[[10, 11, 13]] = (0.5, 0.3, 0.4)
    score[40] = 0.5
    items = ranges_worth_looking_at({"left": quality_of(replace(seen_track(), score=score))})
    assert [(item.first, item.last, item.reason) for item in items] == [
        (10, 13, "low score (0.30)"),
        (40, 40, "low score (0.50)"),
    ]


def test_the_worst_comes_first_of_both_hands_and_the_list_ends():
    score = np.where(np.arange(COUNT) % 12 == 0, 0.55, 0.9)
    left = quality_of(replace(seen_track(), score=score))
    right = quality_of(replace(seen_track(), detected=np.zeros(COUNT, bool)))
    items = ranges_worth_looking_at({"left": left, "right": right}, most=4)
    assert len(items) == 4
    assert items[0].reason == "this hand was never seen"
    assert (items[0].first, items[0].last) == (0, COUNT - 1)
    assert [item.severity for item in items] == sorted((item.severity for item in items), reverse=True)


@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize("seen", [False, True])
def test_the_shortest_clips_have_a_quality_and_valid_json(count, seen):
    track = replace(HandTrack.empty(count), detected=np.full(count, seen))
    time = np.arange(count) / 30.0
    quality = hand_quality(track, clean_hand(track, time, np.zeros(45)), HAND, time)
    summary = quality_summary(quality)
    assert len(summary["by_frame"]["jump_deg"]) == count
    json.dumps([summary, reasons(quality)], allow_nan=False)


def test_the_summary_says_none_where_nothing_is_known_and_is_valid_json():
    detected = np.arange(COUNT) % 20 != 3
    summary = quality_summary(quality_of(replace(seen_track(), detected=detected)))
    assert summary["by_frame"]["score"][3] is None
    assert summary["by_frame"]["reprojection_px"][3] is None
    assert summary["by_frame"]["jump_deg"][0] is None
    assert summary["by_frame"]["score"][4] == 0.9
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
