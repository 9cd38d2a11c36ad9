"""Corrections on raw tracks, and fingers with a strength of their own on some frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.cleanup.clean_hands import CleanupSettings, Provenance, clean_hand
from handmocap_addon.core.cleanup.corrected_hands import corrected_tracks
from handmocap_addon.core.cleanup.corrections import NotSeen, OwnSmoothing, Rows, Shifted, SidesSwapped
from handmocap_addon.core.hands.hand_poses import HandTrack
from handmocap_addon.core.landmarks.definition import LandmarkDefinition
from handmocap_addon.core.landmarks.fit import FittedHand, fit_landmarks
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz, axis_angle_to_rotmat, quat_wxyz_to_rotmat
from handmocap_addon.core.rig.hand_hinges import hand_hinges, hinge_pose
from handmocap_addon.core.rig.hand_skeleton import hand_skeleton
from handmocap_addon.core.skeleton import FINGERS, SIDES

COUNT = 60
TIME = np.arange(COUNT) / 30.0
RELAXED = np.zeros(45)
SKELETONS = {side: hand_skeleton(load_stand_in_body(), side) for side in SIDES}
EXACT = LandmarkDefinition()


def no_fit(side, world, image):
    raise AssertionError("nothing here has landmarks")


def wobbling(seed: int) -> HandTrack:
    """A hand that sways slowly, with noise of 2 degrees on every frame."""
    random = np.random.default_rng(seed)
    sway = 0.4 * np.sin(TIME * 2.0)[:, None] * random.normal(size=45)
    pose = sway + np.radians(2.0) * random.normal(size=(COUNT, 45))
    return replace(
        HandTrack.empty(COUNT), detected=np.ones(COUNT, bool), score=np.ones(COUNT, np.float32), pose_axis_angle=pose
    )


def tracks():
    return {"left": wobbling(1), "right": wobbling(2)}


def same(first: HandTrack, second: HandTrack, rows: slice = slice(None)) -> bool:
    return all(
        np.array_equal(getattr(first, name)[rows], getattr(second, name)[rows]) for name in ("pose_axis_angle", "detected")
    )


def test_nothing_said_changes_nothing():
    given = tracks()
    corrected = corrected_tracks(given, (), no_fit)
    assert all(same(given[side], corrected[side]) for side in SIDES)


def test_not_seen_rows_count_as_not_measured_and_are_filled():
    given = tracks()
    corrected = corrected_tracks(given, [NotSeen(Rows(20, 24), "left"), NotSeen(Rows(55, 90), "left")], no_fit)
    expected = np.ones(COUNT, bool)
    expected[20:25] = expected[55:] = False
    np.testing.assert_array_equal(corrected["left"].detected, expected)
    assert given["left"].detected.all() and same(given["right"], corrected["right"])
    hand = clean_hand(corrected["left"], TIME, RELAXED, CleanupSettings(), "left")
    assert (hand.provenance[20:25] == Provenance.FILLED).all()


def test_a_shift_moves_everything_and_leaves_the_rest_unknown():
    given = tracks()
    later = corrected_tracks(given, [Shifted("right", 7)], no_fit)["right"]
    np.testing.assert_array_equal(later.pose_axis_angle[7:], given["right"].pose_axis_angle[:-7])
    assert not later.detected[:7].any() and later.detected[7:].all()
    back = corrected_tracks({"right": later}, [Shifted("right", -7)], no_fit)["right"]
    assert same(back, given["right"], slice(0, COUNT - 7)) and not back.detected[-7:].any()
    assert not corrected_tracks(given, [Shifted("left", 999)], no_fit)["left"].detected.any()


def test_swapped_hands_without_landmarks_are_mirrored_and_swap_back():
    given = tracks()
    once = corrected_tracks(given, [SidesSwapped(Rows(10, 19))], no_fit)
    assert same(once["left"], given["left"], slice(0, 10)) and same(once["left"], given["left"], slice(20, None))
    mirrored = given["right"].pose_axis_angle[10:20].reshape(-1, 15, 3) * (1, -1, -1)
    np.testing.assert_allclose(once["left"].pose_axis_angle[10:20].reshape(-1, 15, 3), mirrored)
    twice = corrected_tracks(given, [SidesSwapped(Rows(10, 19))] * 2, no_fit)
    assert all(same(twice[side], given[side]) for side in SIDES)


def test_swapped_hands_are_fitted_to_their_landmarks():
    """A left hand that was taken for a right one comes out with the bends that it has."""
    random = np.random.default_rng(5)
    hinges = hand_hinges(SKELETONS["left"])
    bends = np.array([np.clip(random.uniform(0.2, 0.8), *hinge.limits) if hinge.step else 0.1 for hinge in hinges])
    pose = hinge_pose(hinges, np.tile(bends, (COUNT, 1)))
    points = SKELETONS["left"].posed_landmarks(pose) @ axis_angle_to_rotmat(np.array((0.3, -0.8, 0.4))).T
    seen = replace(
        wobbling(3), keypoints_3d=points - points[:, :1], keypoints_2d=(points[..., :2] * 900.0 + 400.0).astype(np.float32)
    )
    given = {"left": HandTrack.empty(COUNT), "right": seen}

    def fit(side, world, image) -> FittedHand:
        return fit_landmarks(world, SKELETONS[side], image, EXACT)

    corrected = corrected_tracks(given, [SidesSwapped(Rows(0, COUNT - 1))], fit)
    assert corrected["left"].detected.all() and not corrected["right"].detected.any()
    found = SKELETONS["left"].posed_landmarks(corrected["left"].pose_axis_angle)
    true = SKELETONS["left"].posed_landmarks(pose)
    assert np.linalg.norm(found - true, axis=-1).mean() < 0.004


@pytest.mark.parametrize("strength", [0.0, 0.9])
def test_a_strength_of_their_own_is_exact_on_its_rows_and_eases_beside_them(strength):
    track = wobbling(4)
    own = OwnSmoothing(Rows(20, 29), "left", ("middle", "thumb"), strength)
    plain = clean_hand(track, TIME, RELAXED, CleanupSettings(), "left").quat_wxyz
    mixed = clean_hand(track, TIME, RELAXED, CleanupSettings(), "left", [own]).quat_wxyz
    chosen = np.isin(np.repeat(FINGERS, 3), own.fingers)
    other = CleanupSettings(smoothing=strength)
    wanted = clean_hand(track, TIME, RELAXED, other, "left").quat_wxyz
    rotations = quat_wxyz_to_rotmat
    # To the last bits: a finger that is smoothed alone goes through a product of another size.
    np.testing.assert_allclose(rotations(mixed[20:30, chosen]), rotations(wanted[20:30, chosen]), atol=1e-12)
    np.testing.assert_array_equal(rotations(mixed[:, ~chosen]), rotations(plain[:, ~chosen]))
    np.testing.assert_array_equal(rotations(mixed[:15, chosen]), rotations(plain[:15, chosen]))
    np.testing.assert_array_equal(rotations(mixed[35:, chosen]), rotations(plain[35:, chosen]))
    assert not np.allclose(mixed[20:30, chosen], plain[20:30, chosen], atol=1e-4)
    beside = quat_wxyz_to_rotmat(mixed[17, chosen])
    assert not np.allclose(beside, rotations(plain[17, chosen])) and not np.allclose(beside, rotations(wanted[17, chosen]))


def test_raw_on_the_whole_clip_is_what_was_measured():
    track = wobbling(6)
    hand = clean_hand(track, TIME, RELAXED, CleanupSettings(), "right", [OwnSmoothing(Rows(0, 999), "right")])
    raw = axis_angle_to_quat_wxyz(track.pose_axis_angle.reshape(-1, 15, 3))
    np.testing.assert_array_equal(quat_wxyz_to_rotmat(hand.quat_wxyz), quat_wxyz_to_rotmat(raw))


def test_the_other_side_s_strength_counts_nothing():
    track = wobbling(7)
    plain = clean_hand(track, TIME, RELAXED, CleanupSettings(), "left").quat_wxyz
    other = clean_hand(track, TIME, RELAXED, CleanupSettings(), "left", [OwnSmoothing(Rows(0, 999), "right")]).quat_wxyz
    np.testing.assert_array_equal(plain, other)
