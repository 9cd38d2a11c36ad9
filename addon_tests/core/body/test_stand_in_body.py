from __future__ import annotations

import numpy as np
import pytest

from addon_tests.making.formulas import random_axis_angle
from handmocap_addon.core.body.model import local_rotmat, posed_joints, skinned_vertices
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.errors import BadInputError
from handmocap_addon.core.skeleton import JOINT_INDEX, JOINT_NAMES

mannequin = pytest.importorskip("mannequin")


def figure_and_pose(betas, body_pose, orient, translation, left, right):
    """The package's own figure, and the parameters that say the same to it."""
    figure = mannequin.Mannequin("wooden", shape=betas.astype(np.float32), flat_hand_mean=True)
    pose = figure.rest_pose(dtype=np.float64)
    pose["body_pose"] = body_pose.reshape(21, 3)
    pose["hand_pose"] = np.concatenate((left.reshape(15, 3), right.reshape(15, 3)))
    pose["pelvis_rotation"] = orient
    pose["global_translation"] = translation
    return figure, pose


@pytest.mark.parametrize("seed", range(6))
def test_our_skinning_is_the_package_s_own(seed):
    random = np.random.default_rng(seed)
    betas = random.normal(size=10) if seed else np.zeros(10)
    body_pose, orient = random_axis_angle(random, 21), random_axis_angle(random, 1, largest=3.0)[0]
    left, right = random_axis_angle(random, 15), random_axis_angle(random, 15)
    translation = random.normal(size=3)

    model = load_stand_in_body(betas)
    local = local_rotmat(
        body_pose.reshape(1, 63), orient[None], {"left": left.reshape(1, 45), "right": right.reshape(1, 45)}
    )
    ours = skinned_vertices(model, posed_joints(model.rest_joints, local, translation[None]), 0)

    figure, pose = figure_and_pose(betas, body_pose, orient, translation, left, right)
    np.testing.assert_allclose(ours, figure.vertices(pose), rtol=0, atol=1e-6)


def test_joints_are_the_package_s_own_by_name():
    random = np.random.default_rng(11)
    betas, body_pose = random.normal(size=10), random_axis_angle(random, 21)
    left, right = random_axis_angle(random, 15), random_axis_angle(random, 15)
    model = load_stand_in_body(betas)
    local = local_rotmat(
        body_pose.reshape(1, 63), np.zeros((1, 3)), {"left": left.reshape(1, 45), "right": right.reshape(1, 45)}
    )
    ours = posed_joints(model.rest_joints, local, np.zeros((1, 3))).positions[0]

    figure, pose = figure_and_pose(betas, body_pose, np.zeros(3), np.zeros(3), left, right)
    theirs = figure.joint_transforms(pose)[:, :3, 3]
    for name in ("L_Knee", "R_Foot", "Head", "L_Elbow", "R_Wrist", "L_Pinky2", "R_Thumb3", "L_Index1"):
        smplx_name = name.lower().replace("l_", "left_", 1) if name[0] == "L" else name.lower().replace("r_", "right_", 1)
        np.testing.assert_allclose(ours[JOINT_INDEX[smplx_name]], theirs[figure.joint_names.index(name)], atol=1e-6)


def test_rest_joints_are_those_of_the_neutral_smplx_body():
    model = load_stand_in_body()
    # GVHMR: the pelvis is at transl.y - 0.351 for the neutral shape.
    assert model.rest_joints[JOINT_INDEX["pelvis"], 1] == pytest.approx(-0.351, abs=0.001)
    assert model.rest_joints.shape == (len(JOINT_NAMES), 3)


def test_rests_in_a_t_pose_facing_z_with_the_left_hand_towards_x():
    joints = {name: load_stand_in_body().rest_joints[index] for name, index in JOINT_INDEX.items()}
    assert joints["head"][1] > joints["pelvis"][1] > joints["left_ankle"][1]
    assert joints["left_wrist"][0] > 0.6 > -0.6 > joints["right_wrist"][0]
    assert joints["left_foot"][2] > joints["left_ankle"][2] + 0.05
    assert joints["left_eye_smplhf"][2] > joints["head"][2] + 0.03
    assert joints["left_eye_smplhf"][0] > joints["head"][0] > joints["right_eye_smplhf"][0]


def test_betas_change_the_bones():
    small, tall = load_stand_in_body(np.array([-2.0])), load_stand_in_body(np.array([2.0]))

    def height(model) -> float:
        return float(model.rest_joints[JOINT_INDEX["head"], 1] - model.rest_joints[JOINT_INDEX["left_ankle"], 1])

    assert abs(height(tall) - height(small)) > 0.1


def test_skin_weights_of_a_vertex_add_up_to_one():
    model = load_stand_in_body()
    np.testing.assert_allclose(model.skin_weights.sum(axis=1), 1.0, atol=1e-6)
    assert model.skin_joints.min() >= 0
    assert model.skin_joints.max() < len(JOINT_NAMES)
    assert model.faces.max() < len(model.vertices)


@pytest.mark.parametrize("coefficient", [101.0, -1e30, 1e300, np.inf, np.nan])
def test_a_shape_that_nobody_has_is_refused(coefficient: float) -> None:
    with pytest.raises(BadInputError, match="nobody has one above 100"):
        load_stand_in_body(np.array([0.5, coefficient]))
    assert np.isfinite(load_stand_in_body(np.full(10, 100.0)).vertices).all()
