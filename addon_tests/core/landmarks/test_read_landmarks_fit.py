"""Hands fitted to what was read from their landmarks, and to the picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon_tests.making.formulas import angle_of, rodrigues
from addon_tests.making.known_landmarks import REPOSITORY, TRUTHS, known_landmarks, truth_name
from addon_tests.making.mirrored import MIRROR, mirrored_body
from addon_tests.making.property_tests import examples
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.landmarks.definition import RIG_JOINTS
from handmocap_addon.core.landmarks.fit import LandmarkNoise, fit_landmarks, fit_mediapipe_landmarks, fit_read_landmarks
from handmocap_addon.core.landmarks.reading import LandmarkReading
from handmocap_addon.core.maths.rotations import mirrored_axis_angle
from handmocap_addon.core.rig.accuracy import bone_direction_errors
from handmocap_addon.core.rig.hand_hinges import hand_hinges, hinge_pose, hinged_landmarks
from handmocap_addon.core.rig.hand_skeleton import HandSkeleton, hand_skeleton
from handmocap_addon.core.skeleton import FINGERS, SIDES, finger_landmarks

MODEL = load_stand_in_body()
HANDS = {side: hand_skeleton(MODEL, side) for side in SIDES}
EXACT = LandmarkNoise(image=1e-4, world=(1e-4, 1e-4, 1e-4))
# The network runs in single precision.
SINGLE = 1e-4


def seen(side: str) -> tuple[np.ndarray, np.ndarray]:
    """What a detector might say: the demo's truth, and some noise."""
    world, image, _, _ = known_landmarks(REPOSITORY / "demo" / "truth.npz", side, every=6)
    random = np.random.default_rng(0)
    return world + random.normal(size=world.shape) * 0.004, image + random.normal(size=image.shape)


def nonsense(count: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    return random.normal(size=(count, 21, 3)) * 0.1, random.normal(size=(count, 21, 2)) * 100.0


@pytest.mark.parametrize(("side", "other"), [("left", "right"), ("right", "left")])
def test_a_mirrored_picture_gives_the_mirrored_pose_on_the_other_side(side, other):
    world, image = seen(side)
    fitted = fit_mediapipe_landmarks(world, image, HANDS[side])
    other_hand = hand_skeleton(mirrored_body(MODEL), other)
    mirrored = fit_mediapipe_landmarks(world * MIRROR, (640.0, 0.0) + image * (-1.0, 1.0), other_hand)
    expected = mirrored_axis_angle(fitted.pose_axis_angle.reshape(-1, 15, 3))
    np.testing.assert_allclose(mirrored.pose_axis_angle.reshape(-1, 15, 3), expected, atol=1e-6)
    np.testing.assert_allclose(
        mirrored.global_orient_axis_angle, mirrored_axis_angle(fitted.global_orient_axis_angle), atol=1e-6
    )


@pytest.mark.parametrize("side", SIDES)
@examples(15)
@given(angle=st.floats(-3.14, 3.14))
def test_a_turn_of_the_picture_changes_no_finger(side, angle):
    world, image = seen(side)
    turn = rodrigues(np.array((0.0, 0.0, angle)))
    still = fit_mediapipe_landmarks(world, image, HANDS[side])
    turned = fit_mediapipe_landmarks(world @ turn.T, image @ turn[:2, :2].T, HANDS[side])
    np.testing.assert_allclose(turned.pose_axis_angle, still.pose_axis_angle, atol=SINGLE)
    expected = turn @ rodrigues(still.global_orient_axis_angle)
    assert angle_of(np.swapaxes(expected, -1, -2) @ rodrigues(turned.global_orient_axis_angle)).max() < SINGLE


@pytest.mark.parametrize("side", SIDES)
@examples(15)
@given(
    scale=st.floats(0.01, 1000.0),
    origin=st.tuples(*[st.floats(-10.0, 10.0)] * 3),
    pixels=st.floats(0.01, 10.0),
    corner=st.floats(-5000.0, 5000.0),
)
def test_neither_size_nor_place_matters(side, scale, origin, pixels, corner):
    world, image = seen(side)
    here = fit_mediapipe_landmarks(world, image, HANDS[side])
    elsewhere = fit_mediapipe_landmarks((world + origin) * scale, image * pixels + corner, HANDS[side])
    np.testing.assert_allclose(elsewhere.pose_axis_angle, here.pose_axis_angle, atol=SINGLE)
    np.testing.assert_allclose(elsewhere.global_orient_axis_angle, here.global_orient_axis_angle, atol=SINGLE)


@pytest.mark.parametrize("side", SIDES)
def test_each_frame_is_fitted_by_itself_in_blocks_of_any_size(side):
    world, image = (np.tile(values, (20, 1, 1)) for values in seen(side))  # more than a block
    together = fit_mediapipe_landmarks(world, image, HANDS[side]).pose_axis_angle
    for frame in (0, 127, 128, len(world) - 1):
        alone = fit_mediapipe_landmarks(world[frame, None], image[frame, None], HANDS[side]).pose_axis_angle
        np.testing.assert_allclose(alone[0], together[frame], atol=SINGLE)


@pytest.mark.parametrize("side", SIDES)
def test_bones_keep_the_rig_s_lengths_on_every_frame(side):
    for world, image in (seen(side), nonsense(30)):
        fitted = fit_mediapipe_landmarks(world, image, HANDS[side])
        points = HANDS[side].posed_landmarks(fitted.pose_axis_angle)
        for finger in FINGERS:
            chain = [0, *finger_landmarks(finger)]
            found, rest = (
                np.linalg.norm(np.diff(p[:, chain], axis=1), axis=-1) for p in (points, HANDS[side].landmarks()[None])
            )
            np.testing.assert_allclose(found, np.broadcast_to(rest, found.shape), atol=1e-12)


def single_hinges(pose_axis_angle: np.ndarray, hand: HandSkeleton) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Angles (N, 10) of the joints with one hinge, their limits (10, 2), and what is turned about other axes (N, 10)."""
    hinges = [hinge for hinge in hand_hinges(hand) if hinge.step > 0]
    joints = pose_axis_angle.reshape(-1, 15, 3)[:, [hinge.finger * 3 + hinge.step for hinge in hinges]]
    axes = np.array([hinge.axis for hinge in hinges])
    angles = np.sum(joints * axes, axis=-1)
    return angles, np.array([hinge.limits for hinge in hinges]), np.linalg.norm(joints - angles[..., None] * axes, axis=-1)


@pytest.mark.parametrize("side", SIDES)
def test_hinges_stay_hinges_and_in_their_range_whatever_is_seen(side):
    hand = HANDS[side]
    for world, image in (seen(side), nonsense(100)):
        for fitted in (fit_mediapipe_landmarks(world, image, hand), fit_landmarks(world, hand, image)):
            angles, limits, elsewhere = single_hinges(fitted.pose_axis_angle, hand)
            assert (angles >= limits[:, 0] - 1e-9).all()
            assert (angles <= limits[:, 1] + 1e-9).all()
            np.testing.assert_allclose(elsewhere, 0.0, atol=1e-9)
            base = np.linalg.norm(fitted.pose_axis_angle.reshape(-1, 15, 3)[:, ::3], axis=-1)
            assert np.degrees(base).max() < 125.0  # the three hinges of a knuckle at their ends together


def test_equal_hinge_angles_make_mirrored_hands():
    left, right = HANDS["left"], hand_skeleton(mirrored_body(MODEL), "right")
    angles = np.random.default_rng(2).uniform(-0.5, 1.5, (10, len(hand_hinges(left))))
    of_left, of_right = (hinge_pose(hand_hinges(hand), angles).reshape(-1, 15, 3) for hand in (left, right))
    np.testing.assert_allclose(of_right, mirrored_axis_angle(of_left), atol=1e-9)
    mirrored, _ = hinged_landmarks(right, hand_hinges(right), angles)
    np.testing.assert_allclose(mirrored, hinged_landmarks(left, hand_hinges(left), angles)[0] * MIRROR, atol=1e-12)
    assert [hinge.limits for hinge in hand_hinges(left)] == [hinge.limits for hinge in hand_hinges(right)]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("place", [0.0, 3.0])
def test_landmarks_that_all_lie_in_one_point_give_finite_numbers(side, place):
    fitted = fit_mediapipe_landmarks(np.full((3, 21, 3), place), np.full((3, 21, 2), place), HANDS[side])
    assert np.isfinite(fitted.pose_axis_angle).all()
    assert np.isfinite(fitted.global_orient_axis_angle).all()


@pytest.mark.parametrize("side", SIDES)
def test_no_hands_give_no_poses(side):
    fitted = fit_mediapipe_landmarks(np.zeros((0, 21, 3)), np.zeros((0, 21, 2)), HANDS[side])
    assert fitted.pose_axis_angle.shape == (0, 45)
    assert fitted.global_orient_axis_angle.shape == (0, 3)


def true_reading(hand: HandSkeleton, palm_off: float, count: int = 40) -> tuple[LandmarkReading, np.ndarray, np.ndarray]:
    """A reading whose palm is `palm_off` radians off, an exact picture, and the true landmarks in the wrist's frame."""
    random = np.random.default_rng(4)
    hinges = hand_hinges(hand)
    low, high = np.array([hinge.limits for hinge in hinges]).T
    angles = random.uniform(0.8 * low, 0.8 * high, (count, len(hinges)))
    points, _ = hinged_landmarks(hand, hinges, angles)
    turn = rodrigues(random.normal(size=(count, 3)))
    axis = random.normal(size=(count, 3))
    wrong = rodrigues(palm_off * axis / np.linalg.norm(axis, axis=1, keepdims=True)) @ turn
    reading = LandmarkReading(angles, wrong, np.full((count, 15), 0.2), np.full(count, 0.3))
    return reading, (points @ np.swapaxes(turn, -1, -2))[..., :2] * 900.0 + (320.0, 240.0), turn


@pytest.mark.parametrize("side", SIDES)
def test_a_reading_with_which_the_picture_agrees_is_kept(side):
    reading, image, turn = true_reading(HANDS[side], 0.0)
    fitted = fit_read_landmarks(image, reading, HANDS[side], RIG_JOINTS)
    np.testing.assert_allclose(fitted.pose_axis_angle, hinge_pose(hand_hinges(HANDS[side]), reading.angles), atol=1e-6)
    assert angle_of(np.swapaxes(turn, -1, -2) @ rodrigues(fitted.global_orient_axis_angle)).max() < 1e-6


@pytest.mark.parametrize("side", SIDES)
def test_the_picture_mends_a_palm_that_was_read_wrong(side):
    reading, image, turn = true_reading(HANDS[side], 0.2)
    fitted = fit_read_landmarks(image, reading, HANDS[side], RIG_JOINTS)
    off = angle_of(np.swapaxes(turn, -1, -2) @ rodrigues(fitted.global_orient_axis_angle))
    assert off.mean() < 0.5 * 0.2


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("path", TRUTHS, ids=truth_name)
def test_true_landmarks_of_every_clip_are_fitted_within_two_degrees(path, side):
    world, _, pose, hand = known_landmarks(path, side, every=6)
    fitted = fit_landmarks(world, hand, None, RIG_JOINTS, EXACT)
    off = bone_direction_errors(hand.posed_landmarks(fitted.pose_axis_angle), hand.posed_landmarks(pose))
    assert np.degrees(off.mean()) < 2.0
    assert np.degrees(off.max()) < 2.0
