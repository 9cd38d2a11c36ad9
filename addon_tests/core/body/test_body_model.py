from __future__ import annotations

import numpy as np
import pytest

from addon_tests.making.formulas import random_axis_angle, rodrigues
from handmocap_addon.core.body.model import BodyModel, local_rotmat, posed_joints, skinned_vertices, strongest_influences
from handmocap_addon.core.skeleton import JOINT_INDEX, JOINT_NAMES, PARENTS

JOINT_COUNT = len(JOINT_NAMES)


def straight_body() -> BodyModel:
    """Joints at made-up places, two vertices: one on the left wrist alone, one halfway between wrist and elbow."""
    rest = np.random.default_rng(0).normal(size=(JOINT_COUNT, 3))
    elbow, wrist = JOINT_INDEX["left_elbow"], JOINT_INDEX["left_wrist"]
    return BodyModel(
        name="made up",
        rest_joints=rest,
        vertices=np.stack((rest[wrist] + (0.1, 0.0, 0.0), (rest[wrist] + rest[elbow]) / 2)),
        faces=np.zeros((0, 3), int),
        skin_joints=np.array([[wrist, elbow], [wrist, elbow]]),
        skin_weights=np.array([[1.0, 0.0], [0.5, 0.5]]),
        betas=np.zeros(10),
        licence="",
    )


def test_without_rotation_joints_rest_where_they_rest_plus_the_translation():
    rest = straight_body().rest_joints
    posed = posed_joints(rest, np.tile(np.eye(3), (2, JOINT_COUNT, 1, 1)), [[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]])
    np.testing.assert_allclose(posed.positions[0], rest, atol=1e-12)
    np.testing.assert_allclose(posed.positions[1] - (1.0, 2.0, 3.0), rest, atol=1e-12)


def test_the_pelvis_turns_about_itself_not_about_the_origin():
    rest = straight_body().rest_joints
    local = np.tile(np.eye(3), (1, JOINT_COUNT, 1, 1))
    local[0, 0] = rodrigues((0.0, 1.2, 0.3))
    posed = posed_joints(rest, local, np.zeros((1, 3)))
    np.testing.assert_allclose(posed.positions[0, 0], rest[0], atol=1e-12)
    np.testing.assert_allclose(posed.positions[0, 20] - rest[0], local[0, 0] @ (rest[20] - rest[0]), atol=1e-12)


def test_forward_kinematics_is_the_product_of_transforms_down_each_chain():
    random = np.random.default_rng(4)
    rest = straight_body().rest_joints
    local = rodrigues(random_axis_angle(random, 1, JOINT_COUNT, largest=2.0))
    translation = random.normal(size=(1, 3))
    posed = posed_joints(rest, local, translation)
    for joint in (JOINT_INDEX["left_pinky3"], JOINT_INDEX["right_foot"], JOINT_INDEX["jaw"]):
        transform, step = np.eye(4), joint
        while step >= 0:
            parent = PARENTS[step]
            own = np.eye(4)
            own[:3, :3] = local[0, step]
            own[:3, 3] = rest[step] - rest[parent] if parent >= 0 else rest[step] + translation[0]
            transform, step = own @ transform, parent
        np.testing.assert_allclose(posed.positions[0, joint], transform[:3, 3], atol=1e-9)
        np.testing.assert_allclose(posed.rotmat[0, joint], transform[:3, :3], atol=1e-9)


def test_a_vertex_follows_its_joints_by_weight():
    model = straight_body()
    elbow, wrist = JOINT_INDEX["left_elbow"], JOINT_INDEX["left_wrist"]
    local = np.tile(np.eye(3), (1, JOINT_COUNT, 1, 1))
    local[0, wrist] = rodrigues((0.0, 0.0, np.pi / 2))
    vertices = skinned_vertices(model, posed_joints(model.rest_joints, local, np.zeros((1, 3))), 0)
    np.testing.assert_allclose(vertices[0], model.rest_joints[wrist] + (0.0, 0.1, 0.0), atol=1e-12)
    half = (model.rest_joints[elbow] - model.rest_joints[wrist]) / 2
    turned = model.rest_joints[wrist] + local[0, wrist] @ half
    np.testing.assert_allclose(vertices[1], (turned + model.vertices[1]) / 2, atol=1e-12)


def test_strongest_influences_are_kept_and_add_up_to_one():
    joints, weights = strongest_influences([[0.1, 0.0, 0.6, 0.3], [0.0, 1.0, 0.0, 0.0]], 2)
    assert joints[0].tolist() == [2, 3]
    np.testing.assert_allclose(weights, [[2 / 3, 1 / 3], [1.0, 0.0]])
    assert joints[1, 0] == 1


def test_local_rotations_go_to_their_joints():
    random = np.random.default_rng(7)
    body, pelvis = random_axis_angle(random, 2, 21), random_axis_angle(random, 2)
    right = random_axis_angle(random, 2, 15)
    local = local_rotmat(body.reshape(2, 63), pelvis, {"right": right.reshape(2, 45)})
    np.testing.assert_allclose(local[:, JOINT_INDEX["pelvis"]], rodrigues(pelvis), atol=1e-12)
    np.testing.assert_allclose(local[:, JOINT_INDEX["left_hip"]], rodrigues(body[:, 0]), atol=1e-12)
    np.testing.assert_allclose(local[:, JOINT_INDEX["right_wrist"]], rodrigues(body[:, 20]), atol=1e-12)
    np.testing.assert_allclose(local[:, JOINT_INDEX["right_thumb3"]], rodrigues(right[:, 14]), atol=1e-12)
    for name in ("jaw", "left_index1", "left_thumb3"):
        np.testing.assert_array_equal(local[:, JOINT_INDEX[name]], np.tile(np.eye(3), (2, 1, 1)))


def test_sole_height_is_the_lowest_vertex():
    model = straight_body()
    assert model.sole_height == pytest.approx(model.vertices[:, 1].min())
