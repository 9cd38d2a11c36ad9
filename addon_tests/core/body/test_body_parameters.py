from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon_tests.making.formulas import angle_of, random_axis_angle, rodrigues
from handmocap_addon.core.body.model import posed_joints
from handmocap_addon.core.body.parameters import BodyParameters, continuous_axis_angle
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz
from handmocap_addon.core.skeleton import JOINT_NAMES

COUNT = 7


def _parameters(seed: int = 0) -> BodyParameters:
    random = np.random.default_rng(seed)
    joints = len(JOINT_NAMES)
    return BodyParameters(
        up_axis="y",
        frames=np.arange(1.0, COUNT + 1.0),
        local_quat_wxyz=axis_angle_to_quat_wxyz(random_axis_angle(random, COUNT, joints, largest=2.0)),
        translation=random.normal(size=(COUNT, 3)),
        rest_joints=random.normal(size=(joints, 3)),
        has_bone=np.ones(joints, bool),
        world_scale=np.ones(COUNT),
        largest_offset=np.zeros(COUNT),
        largest_scale=np.zeros(COUNT),
    )


def test_with_z_up_every_joint_stands_where_the_turned_world_has_it() -> None:
    parameters = _parameters()
    turned = parameters.with_up("z")
    before = posed_joints(parameters.rest_joints, parameters.local_rotmat(), parameters.translation)
    after = posed_joints(turned.rest_joints, turned.local_rotmat(), turned.translation)
    x, y, z = np.moveaxis(before.positions, -1, 0)
    np.testing.assert_allclose(after.positions, np.stack((x, -z, y), axis=-1), atol=1e-12)
    back = turned.with_up("y")
    np.testing.assert_allclose(back.translation, parameters.translation, atol=1e-12)
    np.testing.assert_allclose(back.local_rotmat(), parameters.local_rotmat(), atol=1e-12)


@given(seed=st.integers(0, 10_000), step=st.floats(0.0, 3.0), count=st.integers(1, 30))
def test_axis_angle_over_frames_is_the_same_rotation(seed: int, step: float, count: int) -> None:
    random = np.random.default_rng(seed)
    axis_angle = np.cumsum(random_axis_angle(random, count, 4, largest=step), axis=0)
    found = continuous_axis_angle(axis_angle_to_quat_wxyz(axis_angle))
    between = np.swapaxes(rodrigues(found), -1, -2) @ rodrigues(axis_angle)
    assert angle_of(between).max() < 1e-7


@pytest.mark.parametrize("axis", [(1.0, 0.0, 0.0), (0.0, -0.6, 0.8)])
@pytest.mark.parametrize("start", [-3.0, -0.35, 0.0, 3.0])
def test_a_joint_that_goes_on_turning_does_not_jump_at_half_or_whole_turns(
    axis: tuple[float, float, float], start: float
) -> None:
    angles = start + np.arange(0.0, 20.0, 0.21)
    found = continuous_axis_angle(axis_angle_to_quat_wxyz(angles[:, None] * np.array(axis)))
    np.testing.assert_allclose(np.diff(found, axis=0), np.outer(np.diff(angles), axis), atol=1e-9)
    assert np.linalg.norm(found[0]) <= np.pi
