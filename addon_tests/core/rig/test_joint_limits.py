from __future__ import annotations

import numpy as np
import pytest

from addon_tests.making.gestures import stand_in_hand
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz, normalized, quat_wxyz_multiply
from handmocap_addon.core.rig.hand_hinges import hand_hinges, hinge_pose
from handmocap_addon.core.rig.joint_limits import Violation, limit_violations
from handmocap_addon.core.skeleton import FINGERS, SIDES, finger_landmarks

HANDS = {side: stand_in_hand(side) for side in SIDES}


def hinged(side, angles: np.ndarray) -> np.ndarray:
    return axis_angle_to_quat_wxyz(hinge_pose(hand_hinges(HANDS[side]), angles).reshape(len(angles), 15, 3))


@pytest.mark.parametrize("side", SIDES)
def test_a_hand_within_its_hinges_violates_little(side):
    """Bends and leans read back exactly; bent and spread at once, a knuckle twists a little."""
    limits = np.array([hinge.limits for hinge in hand_hinges(HANDS[side])])
    random = np.random.default_rng(1)
    angles = random.uniform(limits[:, 0], limits[:, 1], (400, len(limits)))
    beyond = np.degrees(limit_violations(hinged(side, angles), HANDS[side]).beyond)
    beyond_hinges = [joint for joint in range(15) if joint % 3]
    assert beyond[:, beyond_hinges].max() < 1e-6
    assert np.quantile(beyond, 0.95) < 3.0


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("beyond", [-0.3, 0.3])
def test_one_hinge_beyond_its_range_is_found_by_joint_amount_and_kind(side, beyond):
    hinges = hand_hinges(HANDS[side])
    angles = np.zeros((len(hinges), len(hinges)))
    for index, hinge in enumerate(hinges):
        angles[index, index] = hinge.limits[0 if beyond < 0 else 1] + beyond
    violations = limit_violations(hinged(side, angles), HANDS[side])
    for index, hinge in enumerate(hinges):
        joint = hinge.finger * 3 + hinge.step
        assert violations.beyond[index, joint] == pytest.approx(abs(beyond), abs=1e-6)
        assert np.argmax(violations.beyond[index]) == joint
        if abs(hinge.axis @ HANDS[side].flexion_axes[hinge.finger]) > 0.9:
            assert violations.kind[index, joint] == (Violation.BENT_BACKWARDS if beyond < 0 else Violation.BENT_TOO_FAR)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("finger", FINGERS)
def test_a_twisted_hinge_is_found_while_it_is_bent(side, finger):
    hand, joint = HANDS[side], FINGERS.index(finger) * 3 + 1
    chain = hand.landmarks()[list(finger_landmarks(finger))]
    bone = normalized(chain[2] - chain[1])
    quat = np.zeros((1, 15, 4))
    quat[..., 0] = 1.0
    bend = axis_angle_to_quat_wxyz(0.6 * hand.flexion_axes[FINGERS.index(finger)])
    quat[0, joint] = quat_wxyz_multiply(bend, axis_angle_to_quat_wxyz(np.radians(40.0) * bone))
    violations = limit_violations(quat, hand)
    assert violations.kind[0, joint] == Violation.TWISTED
    assert np.degrees(violations.beyond[0, joint]) == pytest.approx(25.0, abs=5.0)


def test_both_signs_of_a_quaternion_are_one_rotation():
    quat = hinged("left", np.full((1, len(hand_hinges(HANDS["left"]))), 0.5))
    np.testing.assert_allclose(
        limit_violations(quat, HANDS["left"]).beyond, limit_violations(-quat, HANDS["left"]).beyond, atol=1e-9
    )
