from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from addon_tests.making.formulas import random_axis_angle
from addon_tests.making.mirrored import MIRROR, mirrored_body
from handmocap_addon.core.body.model import BodyModel, local_rotmat, posed_joints
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.maths.rotations import mirrored_axis_angle
from handmocap_addon.core.rig.hand_skeleton import hand_skeleton
from handmocap_addon.core.rig.relaxed_hand import relaxed_hand_pose
from handmocap_addon.core.skeleton import FINGERS, FIRST_HAND_JOINT, SIDES, WRIST, finger_landmarks


@pytest.fixture(scope="module")
def model() -> BodyModel:
    return load_stand_in_body()


@pytest.mark.parametrize("side", SIDES)
def test_landmarks_are_the_joints_relative_to_the_wrist(model, side):
    landmarks = hand_skeleton(model, side).landmarks()
    assert landmarks.shape == (21, 3)
    np.testing.assert_array_equal(landmarks[0], 0.0)
    for number, finger in enumerate(FINGERS):
        first = FIRST_HAND_JOINT[side] + number * 3
        expected = model.rest_joints[first : first + 3] - model.rest_joints[WRIST[side]]
        np.testing.assert_allclose(landmarks[list(finger_landmarks(finger)[:3])], expected, atol=1e-12)


@pytest.mark.parametrize("side", SIDES)
def test_a_fingertip_lies_on_the_skin_beyond_its_last_joint(model, side):
    hand = hand_skeleton(model, side)
    for number in range(5):
        bone = hand.joints[number * 3 + 2] - hand.joints[number * 3 + 1]
        last = hand.tips[number] - hand.joints[number * 3 + 2]
        assert 0.010 < np.linalg.norm(last) < 0.045
        np.testing.assert_allclose(last / np.linalg.norm(last), bone / np.linalg.norm(bone), atol=1e-9)
        skin = np.linalg.norm(model.vertices - model.rest_joints[WRIST[side]] - hand.tips[number], axis=1)
        assert skin.min() < 0.008


def test_a_body_without_skin_on_its_fingers_still_has_tips(model):
    bare = replace(model, skin_joints=np.zeros_like(model.skin_joints))
    hand = hand_skeleton(bare, "left")
    bone = np.linalg.norm(hand.joints[2] - hand.joints[1])
    assert np.linalg.norm(hand.tips[0] - hand.joints[2]) == pytest.approx(0.8 * bone)


@pytest.mark.parametrize("side", SIDES)
def test_the_back_of_a_resting_hand_faces_up(model, side):
    # SMPL-X rests with its palms to the floor.
    normal = hand_skeleton(model, side).palm_normal
    assert np.linalg.norm(normal) == pytest.approx(1.0)
    assert normal[1] > 0.8


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("finger", [name for name in FINGERS if name != "thumb"])
def test_positive_flexion_bends_a_finger_towards_the_palm(model, side, finger):
    hand = hand_skeleton(model, side)
    tip = finger_landmarks(finger)[3]
    flat, bent = hand.posed_landmarks(np.stack((np.zeros(45), hand.curled_pose(0.8, 0.6, 0.4))))
    assert (bent[tip] - flat[tip]) @ hand.palm_normal < -0.02
    # Curled, the tip is nearer to the wrist.
    assert np.linalg.norm(bent[tip]) < np.linalg.norm(flat[tip]) - 0.01


@pytest.mark.parametrize("side", SIDES)
def test_the_thumb_bends_towards_the_little_finger(model, side):
    hand = hand_skeleton(model, side)
    flat, bent = hand.posed_landmarks(np.stack((np.zeros(45), hand.curled_pose(0.0, 0.0, 0.0, thumb=0.7))))
    tip, pinky = finger_landmarks("thumb")[3], finger_landmarks("pinky")[0]
    assert np.linalg.norm(bent[tip] - bent[pinky]) < np.linalg.norm(flat[tip] - flat[pinky]) - 0.01


@pytest.mark.parametrize("side", SIDES)
def test_the_relaxed_hand_is_a_little_curled(side):
    pose = np.linalg.norm(relaxed_hand_pose(side).reshape(15, 3), axis=1)
    assert np.degrees(pose).max() < 45.0
    assert np.degrees(pose[:12]).min() > 5.0


@pytest.mark.parametrize("side", SIDES)
def test_posed_landmarks_are_those_of_the_whole_body_s_kinematics(model, side):
    random = np.random.default_rng(3)
    pose = random_axis_angle(random, 4, 15).reshape(4, 45)
    landmarks = hand_skeleton(model, side).posed_landmarks(pose)
    posed = posed_joints(
        model.rest_joints, local_rotmat(np.zeros((4, 63)), np.zeros((4, 3)), {side: pose}), np.zeros((4, 3))
    )
    for number, finger in enumerate(FINGERS):
        first = FIRST_HAND_JOINT[side] + number * 3
        expected = posed.positions[:, first : first + 3] - posed.positions[:, WRIST[side], None]
        np.testing.assert_allclose(landmarks[:, list(finger_landmarks(finger)[:3])], expected, atol=1e-12)


@pytest.mark.parametrize(("side", "other"), [("left", "right"), ("right", "left")])
def test_a_mirrored_body_has_mirrored_hands(model, side, other):
    hand, mirrored = hand_skeleton(model, side), hand_skeleton(mirrored_body(model), other)
    np.testing.assert_allclose(mirrored.landmarks(), hand.landmarks() * MIRROR, atol=1e-9)
    np.testing.assert_allclose(mirrored.palm_normal, hand.palm_normal * MIRROR, atol=1e-9)
    # An axis of rotation is turned by a mirror like a rotation, not like a point.
    np.testing.assert_allclose(mirrored.flexion_axes, mirrored_axis_angle(hand.flexion_axes), atol=1e-9)
