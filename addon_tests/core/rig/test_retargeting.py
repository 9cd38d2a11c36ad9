from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from addon_tests.making.formulas import random_axis_angle, rodrigues
from addon_tests.making.gestures import stand_in_hand
from handmocap_addon.core.errors import ArmatureError
from handmocap_addon.core.maths.rotations import normalized
from handmocap_addon.core.rig.retargeting import RestHand, palm_rotation, retargeted_rotmat
from handmocap_addon.core.skeleton import FINGERS

Array = NDArray[Any]
RANDOM = np.random.default_rng(4)


def _hand(turn: Array, size: float, bend: float, rolls: Array) -> RestHand:
    """The stand-in's left hand turned, scaled, its fingers bent by `bend` at each joint, with any bone axes."""
    skeleton = stand_in_hand("left")
    joints, directions = np.empty((15, 3)), np.empty((15, 3))
    for number in range(5):
        chain = np.vstack((skeleton.joints[number * 3 : number * 3 + 3], skeleton.tips[number]))
        place = chain[0]
        for step in range(3):
            joint = number * 3 + step
            bent = rodrigues(skeleton.flexion_axes[number] * bend * (step + 1)) @ (chain[step + 1] - chain[step])
            joints[joint], directions[joint] = place, normalized(bent)
            place = place + bent
    return RestHand("left", np.ones(3), 1.0 + size * joints @ turn.T, directions @ turn.T, rolls)


SOURCE = _hand(np.eye(3), 1.0, 0.0, rodrigues(random_axis_angle(RANDOM, 15, 1)[:, 0]))
TURN = rodrigues(np.array((0.7, -1.9, 0.4)))
POSES = rodrigues(random_axis_angle(RANDOM, 8, 15, largest=1.5))
SOURCE_ROTMAT = POSES @ SOURCE.rest_rotmat


def _directions(hand: RestHand, rotmat: Array) -> Array:
    return (rotmat @ np.swapaxes(hand.rest_rotmat, -1, -2) @ hand.directions[..., None])[..., 0]


@pytest.mark.parametrize("bend", [0.0, 0.4])
def test_bones_point_the_same_way_from_both_palms_however_the_target_rests(bend: float) -> None:
    target = _hand(TURN, 130.0, bend, rodrigues(random_axis_angle(RANDOM, 15, 1)[:, 0]))
    found = retargeted_rotmat(SOURCE, target, SOURCE_ROTMAT)
    np.testing.assert_allclose(palm_rotation(SOURCE, target), TURN, atol=1e-9)
    np.testing.assert_allclose(_directions(target, found), _directions(SOURCE, SOURCE_ROTMAT) @ TURN.T, atol=1e-6)


def test_a_finger_keeps_its_roll_where_only_the_bend_differs() -> None:
    """The rests differ by turns about each finger's own hinge: so must the bones of a hand at the source's rest."""
    bend = 0.3
    target = _hand(np.eye(3), 1.0, bend, np.broadcast_to(np.eye(3), (15, 3, 3)))
    found = retargeted_rotmat(SOURCE, target, SOURCE.rest_rotmat[None])[0]
    axes = stand_in_hand("left").flexion_axes
    for number in range(4):
        for step in range(3):
            unbent = rodrigues(-axes[number] * bend * (step + 1))
            # The hinge is square to the whole finger, not to each of its bones: a tenth of a degree or so is left.
            np.testing.assert_allclose(found[number * 3 + step], unbent, atol=0.03)


def test_the_change_alone_leaves_a_resting_hand_at_rest() -> None:
    target = _hand(TURN, 1.0, 0.4, rodrigues(random_axis_angle(RANDOM, 15, 1)[:, 0]))
    found = retargeted_rotmat(SOURCE, target, SOURCE.rest_rotmat[None], same_pose=False)
    np.testing.assert_allclose(found[0], target.rest_rotmat, atol=1e-9)


def _without(hand: RestHand, joints: list[int]) -> RestHand:
    left_out = np.isin(np.arange(15), joints)
    return replace(hand, joints=np.where(left_out[:, None], np.nan, hand.joints))


def test_unmapped_joints_change_nothing_for_the_others() -> None:
    target = _hand(TURN, 1.0, 0.2, rodrigues(random_axis_angle(RANDOM, 15, 1)[:, 0]))
    fewer = _without(target, [1, 4, 9, 10, 11])
    found = retargeted_rotmat(SOURCE, fewer, SOURCE_ROTMAT)
    assert np.isnan(found[:, 10]).all()
    wanted = _directions(SOURCE, SOURCE_ROTMAT) @ palm_rotation(SOURCE, fewer).T
    mapped = fewer.mapped
    np.testing.assert_allclose(_directions(target, found)[:, mapped], wanted[:, mapped], atol=1e-6)


def test_one_knuckle_makes_no_palm() -> None:
    others = [FINGERS.index(finger) * 3 for finger in ("middle", "ring", "pinky")]
    with pytest.raises(ArmatureError, match="left palm cannot be found"):
        palm_rotation(SOURCE, _without(SOURCE, others))
