from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon_tests.making.formulas import angle_of, random_axis_angle, rodrigues
from addon_tests.making.mirrored import MIRROR, mirrored_body
from addon_tests.making.property_tests import examples
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.landmarks.definition import MEDIAPIPE, RIG_JOINTS
from handmocap_addon.core.landmarks.fit import FittedHand, LandmarkNoise, fit_landmarks, palm_orientation
from handmocap_addon.core.maths.rotations import mirrored_axis_angle, rotmat_to_axis_angle
from handmocap_addon.core.rig.accuracy import bone_direction_errors, finger_bone_directions
from handmocap_addon.core.rig.hand_hinges import hand_hinges, hinge_pose, hinged_landmarks
from handmocap_addon.core.rig.hand_skeleton import HandSkeleton, hand_skeleton
from handmocap_addon.core.skeleton import FINGERS, SIDES

MODEL = load_stand_in_body()
HANDS = {side: hand_skeleton(MODEL, side) for side in SIDES}
# Landmarks that are the rig's own joints, to a tenth of a millimetre: what a hand usually does then has no say.
EXACT = LandmarkNoise(image=1e-4, world=(1e-4, 1e-4, 1e-4))
seeds = st.integers(0, 2**32 - 1)


def human_poses(hand: HandSkeleton, seed: int, count: int = 20) -> np.ndarray:
    """Hand poses (count, 45) that a healthy hand can take, in degrees as in goniometry tables."""
    random = np.random.default_rng(seed)

    def turned(low: float, high: float, axis: np.ndarray) -> np.ndarray:
        return rodrigues(np.radians(random.uniform(low, high, count))[:, None] * axis)

    rotmat = np.empty((count, 5, 3, 3, 3))
    for number, finger in enumerate(FINGERS):
        flexion = hand.flexion_axes[number]
        bone = hand.joints[number * 3 + 1] - hand.joints[number * 3]
        across = np.cross(bone, flexion)
        across /= np.linalg.norm(across)
        thumb = finger == "thumb"
        base = (-30, 40, -40, 40) if thumb else (-25, 90, -22, 22)
        rotmat[:, number, 0] = turned(*base[:2], flexion) @ turned(*base[2:], across)
        rotmat[:, number, 1] = turned(*((-15, 60) if thumb else (0, 105)), flexion)
        rotmat[:, number, 2] = turned(*((-20, 75) if thumb else (0, 75)), flexion)
    return rotmat_to_axis_angle(rotmat).reshape(count, 45)


def picture_of(landmarks: np.ndarray) -> np.ndarray:
    """Pixels of landmarks as a far camera sees them: x right, y down."""
    return landmarks[..., :2] * 900.0 + (320.0, 240.0)


def exact_fit(landmarks: np.ndarray, hand: HandSkeleton) -> FittedHand:
    return fit_landmarks(landmarks, hand, definition=RIG_JOINTS, noise=EXACT)


def degrees_off(fitted: FittedHand, truth: np.ndarray, hand: HandSkeleton) -> np.ndarray:
    return np.degrees(bone_direction_errors(hand.posed_landmarks(fitted.pose_axis_angle), truth))


@pytest.mark.parametrize("side", SIDES)
@examples(25)
@given(seed=seeds)
def test_true_landmarks_of_human_poses_are_fitted_within_a_degree(side, seed):
    hand = HANDS[side]
    truth = hand.posed_landmarks(human_poses(hand, seed))
    assert degrees_off(exact_fit(truth, hand), truth, hand).max() < 1.0


@pytest.mark.parametrize("side", SIDES)
def test_a_picture_of_the_same_hand_agrees(side):
    hand = HANDS[side]
    truth = hand.posed_landmarks(human_poses(hand, seed=2))
    fitted = fit_landmarks(truth, hand, picture_of(truth), RIG_JOINTS, EXACT)
    assert degrees_off(fitted, truth, hand).max() < 1.0


@pytest.mark.parametrize("side", SIDES)
def test_four_fingers_get_the_rotations_that_made_the_landmarks(side):
    hand = HANDS[side]
    pose = human_poses(hand, seed=8)
    fitted = exact_fit(hand.posed_landmarks(pose), hand).pose_axis_angle
    between = np.swapaxes(rodrigues(fitted.reshape(-1, 15, 3)), -1, -2) @ rodrigues(pose.reshape(-1, 15, 3))
    assert np.degrees(angle_of(between))[:, :12].max() < 1.0


@pytest.mark.parametrize("side", SIDES)
def test_a_resting_hand_stays_at_rest(side):
    hand = HANDS[side]
    fitted = exact_fit(hand.landmarks()[None], hand)
    assert np.degrees(np.abs(fitted.pose_axis_angle)).max() < 0.5
    assert np.degrees(np.linalg.norm(fitted.global_orient_axis_angle)) < 0.5


@pytest.mark.parametrize("side", SIDES)
@examples(25)
@given(seed=seeds)
def test_a_turn_of_the_camera_changes_no_finger(side, seed):
    hand = HANDS[side]
    landmarks = hand.posed_landmarks(human_poses(hand, seed, 5))
    turn = rodrigues(random_axis_angle(np.random.default_rng(seed), 1, largest=3.1)[0])
    still, turned = exact_fit(landmarks, hand), exact_fit(landmarks @ turn.T, hand)
    between = np.swapaxes(rodrigues(still.pose_axis_angle.reshape(-1, 3)), -1, -2) @ rodrigues(
        turned.pose_axis_angle.reshape(-1, 3)
    )
    assert np.degrees(angle_of(between)).max() < 0.1
    expected = turn @ rodrigues(still.global_orient_axis_angle)
    assert np.degrees(angle_of(np.swapaxes(expected, -1, -2) @ rodrigues(turned.global_orient_axis_angle))).max() < 0.1


@pytest.mark.parametrize("side", SIDES)
@examples(25)
@given(
    seed=seeds,
    scale=st.floats(0.01, 1000.0),
    origin=st.tuples(*[st.floats(-10.0, 10.0)] * 3),
    pixels=st.floats(0.01, 10.0),
    corner=st.floats(-5000.0, 5000.0),
)
def test_neither_size_nor_place_matters(side, seed, scale, origin, pixels, corner):
    hand = HANDS[side]
    landmarks = hand.posed_landmarks(human_poses(hand, seed, 5))
    picture = picture_of(landmarks)
    here = fit_landmarks(landmarks, hand, picture)
    elsewhere = fit_landmarks((landmarks + origin) * scale, hand, picture * pixels + corner)
    np.testing.assert_allclose(elsewhere.pose_axis_angle, here.pose_axis_angle, atol=1e-4)


@pytest.mark.parametrize(("side", "other"), [("left", "right"), ("right", "left")])
def test_a_mirrored_picture_gives_the_mirrored_pose_on_the_other_side(side, other):
    hand, mirrored_hand = HANDS[side], hand_skeleton(mirrored_body(MODEL), other)
    landmarks = hand.posed_landmarks(human_poses(hand, seed=4))
    picture = picture_of(landmarks)
    fitted = fit_landmarks(landmarks, hand, picture)
    mirrored = fit_landmarks(landmarks * MIRROR, mirrored_hand, (640.0, 0.0) + picture * (-1.0, 1.0))
    expected = mirrored_axis_angle(fitted.pose_axis_angle.reshape(-1, 15, 3))
    np.testing.assert_allclose(mirrored.pose_axis_angle.reshape(-1, 15, 3), expected, atol=1e-6)
    np.testing.assert_allclose(
        mirrored.global_orient_axis_angle, mirrored_axis_angle(fitted.global_orient_axis_angle), atol=1e-6
    )


@pytest.mark.parametrize("side", SIDES)
def test_each_frame_is_fitted_by_itself(side):
    hand = HANDS[side]
    landmarks = hand.posed_landmarks(human_poses(hand, seed=6, count=8))
    together = fit_landmarks(landmarks, hand, picture_of(landmarks)).pose_axis_angle
    for frame in (0, 3, 7):
        alone = fit_landmarks(landmarks[frame, None], hand, picture_of(landmarks[frame, None])).pose_axis_angle
        np.testing.assert_allclose(alone[0], together[frame], atol=1e-9)


@pytest.mark.parametrize("side", SIDES)
def test_the_picture_mends_depth_that_is_wrong(side):
    hand = HANDS[side]
    truth = hand.posed_landmarks(human_poses(hand, seed=12, count=200) * 0.6)
    noisy = truth + np.random.default_rng(0).normal(size=truth.shape) * (0.008, 0.008, 0.016)
    noise = LandmarkNoise(image=0.002, world=(0.008, 0.008, 0.016))
    without = degrees_off(fit_landmarks(noisy, hand, None, RIG_JOINTS, noise), truth, hand)
    with_picture = degrees_off(fit_landmarks(noisy, hand, picture_of(truth), RIG_JOINTS, noise), truth, hand)
    as_they_are = np.degrees(bone_direction_errors(noisy @ palm_orientation(noisy, hand, RIG_JOINTS), truth))
    assert with_picture.mean() < without.mean() < as_they_are.mean()
    assert with_picture.mean() < 10.0


@pytest.mark.parametrize("side", SIDES)
def test_impossible_landmarks_give_a_possible_hand(side):
    hand = HANDS[side]
    landmarks = np.random.default_rng(1).normal(size=(50, 21, 3)) * 0.1
    pose = fit_landmarks(landmarks, hand, landmarks[..., :2]).pose_axis_angle.reshape(-1, 15, 3)
    degrees = np.degrees(np.linalg.norm(pose, axis=-1))
    # The limits give way under such noise, but no joint goes all the way round.
    assert np.isfinite(degrees).all()
    assert degrees.max() < 150.0


@pytest.mark.parametrize("side", SIDES)
def test_a_finger_bent_backwards_is_held_near_its_limit(side):
    hand = HANDS[side]
    backwards = hand.posed_landmarks(hand.curled_pose(0.0, -1.0, -1.0)[None])
    pose = fit_landmarks(backwards, hand, definition=RIG_JOINTS).pose_axis_angle.reshape(15, 3)
    for joint in (1, 2, 4, 5, 7, 8, 10, 11):
        assert np.degrees(pose[joint] @ hand.flexion_axes[joint // 3]) > -25.0


@pytest.mark.parametrize("with_picture", [False, True])
def test_landmarks_that_all_lie_in_one_point_give_finite_numbers(with_picture):
    fitted = fit_landmarks(np.zeros((2, 21, 3)), HANDS["left"], np.zeros((2, 21, 2)) if with_picture else None)
    assert np.isfinite(fitted.pose_axis_angle).all()
    assert np.isfinite(fitted.global_orient_axis_angle).all()


def test_no_frames_give_no_frames():
    fitted = fit_landmarks(np.zeros((0, 21, 3)), HANDS["left"])
    assert fitted.pose_axis_angle.shape == (0, 45)
    assert fitted.global_orient_axis_angle.shape == (0, 3)


def test_the_palm_alone_decides_the_first_orientation():
    hand = HANDS["left"]
    flat, curled = hand.posed_landmarks(np.stack((np.zeros(45), hand.curled_pose(1.4, 1.4, 1.0, thumb=0.5))))
    np.testing.assert_allclose(palm_orientation(curled[None], hand), palm_orientation(flat[None], hand), atol=1e-9)


@pytest.mark.parametrize("side", SIDES)
def test_hinges_put_landmarks_where_their_pose_does(side):
    hand = HANDS[side]
    hinges = hand_hinges(hand)
    angles = np.random.default_rng(3).uniform(-0.5, 0.8, (6, len(hinges)))
    points, _ = hinged_landmarks(hand, hinges, angles)
    np.testing.assert_allclose(points, hand.posed_landmarks(hinge_pose(hinges, angles)), atol=1e-12)


@pytest.mark.parametrize("side", SIDES)
def test_hinge_derivatives_are_those_of_finite_differences(side):
    hand = HANDS[side]
    hinges = hand_hinges(hand)
    angles = np.random.default_rng(5).uniform(-0.4, 0.8, (2, len(hinges)))
    _, derivatives = hinged_landmarks(hand, hinges, angles)
    for index in range(len(hinges)):
        step = np.zeros(len(hinges))
        step[index] = 1e-6
        ahead, behind = hinged_landmarks(hand, hinges, angles + step)[0], hinged_landmarks(hand, hinges, angles - step)[0]
        np.testing.assert_allclose(derivatives[:, :, index], (ahead - behind) / 2e-6, atol=1e-8)


@pytest.mark.parametrize("side", SIDES)
def test_a_detector_s_knuckles_lie_nearer_to_the_wrist_than_the_rig_s(side):
    hand = HANDS[side]
    offsets = MEDIAPIPE.offsets_on(hand)
    middle = hand.landmarks()[9]
    assert offsets[9] @ middle / np.linalg.norm(middle) == pytest.approx(-0.113 * np.linalg.norm(middle), rel=0.03)
    # Ring and little finger lie towards the thumb on both hands.
    thumbwards = hand.landmarks()[5] - hand.landmarks()[17]
    assert offsets[13] @ thumbwards > 0.0
    np.testing.assert_array_equal(offsets[[4, 8, 12, 16, 20]], 0.0)


def test_bone_directions_are_in_the_order_of_a_hand_pose():
    hand = HANDS["right"]
    directions = finger_bone_directions(hand.landmarks()[None])[0]
    assert directions.shape == (15, 3)
    index = hand.joints[1] - hand.joints[0]
    np.testing.assert_allclose(directions[0], index / np.linalg.norm(index), atol=1e-12)
    thumb_tip = hand.tips[4] - hand.joints[14]
    np.testing.assert_allclose(directions[14], thumb_tip / np.linalg.norm(thumb_tip), atol=1e-12)


def test_errors_are_the_angles_between_bones():
    hand = HANDS["right"]
    pose = np.zeros((1, 45))
    pose[0, 6:9] = 0.25 * hand.flexion_axes[0]
    errors = bone_direction_errors(hand.posed_landmarks(pose), hand.landmarks()[None])[0]
    assert errors[2] == pytest.approx(0.25, abs=0.01)
    np.testing.assert_allclose(np.delete(errors, 2), 0.0, atol=1e-6)
