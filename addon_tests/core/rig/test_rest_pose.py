from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from addon_tests.making.formulas import rodrigues
from handmocap_addon.core.body.model import posed_joints
from handmocap_addon.core.body.stand_in import load_stand_in_body, smplx_rest_response
from handmocap_addon.core.maths.rotations import angle_between_rotmats
from handmocap_addon.core.rig.rest_pose import rest_pose
from handmocap_addon.core.skeleton import FACE_JOINTS, FINGERS, JOINT_INDEX, SIDES

Array = NDArray[Any]
NO_AXES = np.full((55, 3, 3), np.nan)
LOWERED = {"left_shoulder": (0.0, 0.0, -0.85), "right_shoulder": (0.0, 0.0, 0.85)}
BENT = {**LOWERED, "left_elbow": (0.0, -0.6, 0.0), "right_elbow": (0.1, 0.5, 0.0)}
TURNED = {**LOWERED, "left_wrist": (0.8, 0.2, 0.0), "right_wrist": (0.8, 0.0, 0.3)}
CURLED = {f"{side}_{finger}{number}": (0.0, 0.0, -0.4 if side == "left" else 0.4)
          for side in SIDES for finger in FINGERS[:4] for number in (1, 2, 3)}  # fmt: skip
WIDE = {"left_hip": (0.0, 0.0, 0.3), "right_hip": (0.0, 0.0, -0.3)}


def shaped(seed: int, size: float) -> Array:
    """Rest joints (55, 3) of a body in the precision that Blender keeps."""
    betas = np.random.default_rng(seed).normal(size=10) * size
    return load_stand_in_body(betas).rest_joints.astype(np.float32).astype(np.float64)


def at_rest(joints: Array, turns: dict[str, tuple[float, float, float]]) -> tuple[Array, Array]:
    """Joints (55, 3) and their global rotations (55, 3, 3) where the T-pose was turned at some joints."""
    axis_angle = np.zeros((1, 55, 3))
    for joint, turn in turns.items():
        axis_angle[0, JOINT_INDEX[joint]] = turn
    posed = posed_joints(joints, rodrigues(axis_angle), np.zeros((1, 3)))
    return posed.positions[0].astype(np.float32).astype(np.float64), posed.rotmat[0]


@pytest.mark.parametrize("size", [0.0, 1.0, 2.0, 3.0])
def test_every_shape_of_the_model_rests_in_the_t_pose(size: float) -> None:
    for seed in range(10):
        joints = shaped(seed, size)
        rest = rest_pose(joints, NO_AXES)
        assert rest.is_t_pose
        np.testing.assert_array_equal(rest.joints, joints)


@pytest.mark.parametrize("turns", [LOWERED, BENT, TURNED, CURLED, WIDE], ids=("lowered", "bent", "turned", "curled", "wide"))
@pytest.mark.parametrize("size", [0.0, 1.5])
def test_a_turned_rest_is_put_back_into_the_t_pose(turns: dict[str, tuple[float, float, float]], size: float) -> None:
    for seed in range(5):
        joints = shaped(seed, size)
        rest = rest_pose(at_rest(joints, turns)[0], NO_AXES)
        np.testing.assert_allclose(rest.joints, joints, atol=5e-6)
        assert set(rest.turned) <= set(turns)


@pytest.mark.parametrize("turns", [LOWERED, TURNED, WIDE], ids=("lowered", "turned", "wide"))
def test_limbs_that_turned_as_one_piece_are_known_wholly(turns: dict[str, tuple[float, float, float]]) -> None:
    joints, rotmat = at_rest(shaped(4, 1.0), turns)
    rest = rest_pose(joints, NO_AXES)
    assert np.degrees(angle_between_rotmats(rest.turns, rotmat)).max() < 0.05
    assert not rest.unsure


@pytest.mark.parametrize("turns", [BENT, CURLED], ids=("bent", "curled"))
def test_axes_that_turned_with_the_joints_say_what_positions_cannot(turns: dict[str, tuple[float, float, float]]) -> None:
    joints, rotmat = at_rest(shaped(4, 1.0), turns)
    known = rest_pose(joints, rotmat)
    assert np.degrees(angle_between_rotmats(known.turns, rotmat)).max() < 0.05
    assert not known.unsure
    assert rest_pose(joints, NO_AXES).unsure


def test_rolls_never_matter() -> None:
    random = np.random.default_rng(2)
    rolls = rodrigues(random.normal(size=(55, 3)))
    assert rest_pose(shaped(1, 1.0), rolls).is_t_pose
    joints, rotmat = at_rest(shaped(1, 1.0), LOWERED)
    assert np.degrees(angle_between_rotmats(rest_pose(joints, rolls).turns, rotmat)).max() < 0.05


def test_a_body_that_is_no_shape_of_the_model_rests_in_the_t_pose_within_ten_degrees() -> None:
    neutral, _response = smplx_rest_response()
    for seed in range(5):
        other = (
            neutral
            + np.random.default_rng(seed).normal(size=neutral.shape) * np.where(np.arange(55) < 22, 3e-3, 1e-3)[:, None]
        )
        assert rest_pose(other, NO_AXES).is_t_pose


def test_joints_that_are_missing_are_no_obstacle() -> None:
    joints, _rotmat = at_rest(shaped(0, 0.0), LOWERED)
    for face in FACE_JOINTS:
        joints[JOINT_INDEX[face]] = np.nan
    assert set(rest_pose(joints, NO_AXES).turned) == set(LOWERED)
