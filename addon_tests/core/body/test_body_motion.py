from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from addon_tests.making.formulas import angle_of, random_axis_angle, rodrigues
from addon_tests.making.gvhmr_results import seen_by_camera
from handmocap_addon.core.body.gvhmr_file import read_gvhmr_result
from handmocap_addon.core.body.model import posed_joints
from handmocap_addon.core.body.motion import (
    BodyMotion,
    BodyTrack,
    CameraPath,
    camera_path,
    floor_height,
    local_rotmat_of,
    steady_camera,
)
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz, rotmat_to_quat_wxyz
from handmocap_addon.core.skeleton import JOINT_INDEX

DEMO = Path(__file__).parents[3] / "demo"
NO_ROTATION = np.array((1.0, 0.0, 0.0, 0.0))


def standing(frame_count: int, translation: np.ndarray) -> BodyMotion:
    """A figure in its rest pose, facing along z."""
    track = BodyTrack(np.tile(NO_ROTATION, (frame_count, 1)), translation)
    body = np.tile(NO_ROTATION, (frame_count, 21, 1))
    return BodyMotion(body, track, track, np.zeros(10), np.tile(np.eye(3), (frame_count, 1, 1)))


def moving(frame_count: int, camera: CameraPath, rest_pelvis: np.ndarray, seed: int = 0) -> BodyMotion:
    """Made-up motion in the world, and the same as that camera sees it."""
    random = np.random.default_rng(seed)
    orient = random_axis_angle(random, frame_count, largest=3.0)
    transl = random.normal(size=(frame_count, 3))
    seen, seen_transl = seen_by_camera(rodrigues(orient), transl, rest_pelvis, camera.rotmat, camera.position)
    return BodyMotion(
        axis_angle_to_quat_wxyz(random_axis_angle(random, frame_count, 21)),
        BodyTrack(axis_angle_to_quat_wxyz(orient), transl),
        BodyTrack(rotmat_to_quat_wxyz(seen), seen_transl),
        np.zeros(10),
        np.tile(np.array([[900.0, 0.0, 480.0], [0.0, 900.0, 270.0], [0.0, 0.0, 1.0]]), (frame_count, 1, 1)),
    )


def wandering_camera(frame_count: int, seed: int = 1) -> CameraPath:
    random = np.random.default_rng(seed)
    return CameraPath(
        rodrigues(random_axis_angle(random, frame_count, largest=3.0)), random.normal(size=(frame_count, 3)) * 3.0
    )


@pytest.fixture(scope="module")
def model():
    return load_stand_in_body()


def test_soles_stand_on_the_floor_when_the_lowest_joint_is_at_zero(model):
    # GVHMR's own convention: the lowest joint of the body is at height zero, so the soles are below it.
    lowest_joint = model.rest_joints[:22, 1].min()
    motion = standing(10, np.tile((0.0, -lowest_joint, 0.0), (10, 1)))
    floor = floor_height(motion, model.rest_joints, model.sole_height)
    assert floor < -0.005
    soles = model.sole_height - lowest_joint
    assert soles - floor == pytest.approx(0.0, abs=0.01)


def test_the_floor_moves_with_the_motion(model):
    low = floor_height(standing(4, np.tile((0.0, 1.0, 0.0), (4, 1))), model.rest_joints, model.sole_height)
    high = floor_height(standing(4, np.tile((3.0, 2.5, -1.0), (4, 1))), model.rest_joints, model.sole_height)
    assert high - low == pytest.approx(1.5, abs=1e-9)


def test_a_few_bad_frames_do_not_sink_the_floor(model):
    translation = np.tile((0.0, 1.3, 0.0), (100, 1))
    good = floor_height(standing(100, translation), model.rest_joints, model.sole_height)
    translation[40:43, 1] = 0.5
    assert floor_height(standing(100, translation), model.rest_joints, model.sole_height) == pytest.approx(good, abs=0.01)


def test_a_jump_does_not_lift_the_floor(model):
    translation = np.tile((0.0, 1.3, 0.0), (100, 1))
    good = floor_height(standing(100, translation), model.rest_joints, model.sole_height)
    translation[30:80, 1] += 0.6
    assert floor_height(standing(100, translation), model.rest_joints, model.sole_height) == pytest.approx(good, abs=0.01)


def test_the_floor_is_under_the_standing_foot_when_the_other_is_lifted(model):
    motion = standing(10, np.tile((0.0, 1.3, 0.0), (10, 1)))
    both = floor_height(motion, model.rest_joints, model.sole_height)
    lifted = motion.body_quat_wxyz.copy()
    lifted[:, JOINT_INDEX["left_hip"] - 1] = axis_angle_to_quat_wxyz((-1.2, 0.0, 0.0))
    one = BodyMotion(lifted, motion.world, motion.camera, motion.betas, motion.intrinsics)
    assert floor_height(one, model.rest_joints, model.sole_height) == pytest.approx(both, abs=0.01)


def test_camera_path_is_the_camera_that_the_motion_was_seen_by(model):
    camera = wandering_camera(8)
    found = camera_path(moving(8, camera, model.rest_joints[0]), model.rest_joints[0])
    np.testing.assert_allclose(found.rotmat, camera.rotmat, atol=1e-9)
    np.testing.assert_allclose(found.position, camera.position, atol=1e-9)


def test_the_body_in_camera_is_the_body_in_the_world_seen_through_the_camera_path(model):
    motion = moving(6, wandering_camera(6), model.rest_joints[0])
    world = posed_joints(model.rest_joints, local_rotmat_of(motion, motion.world), motion.world.translation)
    seen = posed_joints(model.rest_joints, local_rotmat_of(motion, motion.camera), motion.camera.translation)
    path = camera_path(motion, model.rest_joints[0])
    through = np.einsum("nba,njb->nja", path.rotmat, world.positions - path.position[:, None])
    np.testing.assert_allclose(through, seen.positions, rtol=0, atol=1e-9)


def test_the_first_two_frames_of_hands_go_to_the_fingers():
    random = np.random.default_rng(2)
    motion = standing(2, np.zeros((2, 3)))
    hand = random_axis_angle(random, 2, 15)
    local = local_rotmat_of(motion, motion.world, {"left": axis_angle_to_quat_wxyz(hand)})
    np.testing.assert_allclose(local[:, JOINT_INDEX["left_index1"]], rodrigues(hand[:, 0]), atol=1e-12)
    np.testing.assert_allclose(local[:, JOINT_INDEX["left_thumb3"]], rodrigues(hand[:, 14]), atol=1e-12)
    np.testing.assert_array_equal(local[:, JOINT_INDEX["right_index1"]], np.tile(np.eye(3), (2, 1, 1)))


def wobbling(true_turn: np.ndarray, true_place: np.ndarray, count: int, seed: int) -> CameraPath:
    """A tripod as GVHMR sees it: some degrees and centimetres of wobble on every frame, and a fifth of nonsense."""
    random = np.random.default_rng(seed)
    rotmat = rodrigues(true_turn) @ rodrigues(random_axis_angle(random, count, largest=np.radians(2.0)))
    position = true_place + random.normal(size=(count, 3)) * 0.01
    wrong = random.choice(count, count // 5, replace=False)
    # All of them off to one side, which is what a mean cannot stand.
    rotmat[wrong] = rodrigues(true_turn) @ rodrigues((0.0, np.radians(60.0), 0.0))
    position[wrong] += (2.0, 0.0, 0.0)
    return CameraPath(rotmat, position)


@pytest.mark.parametrize("seed", range(5))
def test_steady_camera_stands_a_fifth_of_outliers(seed):
    turn, place = np.array((np.pi - 0.2, 0.1, 0.0)), np.array((0.5, 1.4, 4.0))
    steady = steady_camera(wobbling(turn, place, 100, seed))
    assert np.degrees(angle_of(rodrigues(turn).T @ steady.rotmat[0])) < 0.5
    assert np.linalg.norm(steady.position[0] - place) < 0.02


def test_steady_camera_has_one_pose_on_all_frames():
    steady = steady_camera(wobbling(np.array((0.3, 0.0, 0.0)), np.zeros(3), 50, 1))
    assert steady.rotmat.shape == (50, 3, 3)
    assert np.ptp(steady.rotmat, axis=0).max() == 0.0
    assert np.ptp(steady.position, axis=0).max() == 0.0
    assert np.linalg.det(steady.rotmat[0]) == pytest.approx(1.0)


def test_steady_camera_of_a_camera_that_stands_still_is_that_camera():
    turn = rodrigues((2.9, 0.4, -0.1))
    path = CameraPath(np.tile(turn, (7, 1, 1)), np.tile((1.0, 2.0, 3.0), (7, 1)))
    steady = steady_camera(path)
    np.testing.assert_allclose(steady.rotmat, path.rotmat, atol=1e-9)
    np.testing.assert_allclose(steady.position, path.position, atol=1e-12)


def test_steady_camera_of_one_frame():
    path = wandering_camera(1)
    np.testing.assert_allclose(steady_camera(path).rotmat, path.rotmat, atol=1e-9)


@pytest.mark.skipif(not (DEMO / "hmr4d_results.pt").is_file(), reason="the demo's files are not there")
def test_the_demo_s_camera_is_found(model):
    motion = read_gvhmr_result(DEMO / "hmr4d_results.pt")
    path = camera_path(motion, load_stand_in_body(motion.betas).rest_joints[0])
    with np.load(DEMO / "truth.npz", allow_pickle=False) as truth:
        to_camera = truth["world_to_camera_rotmat"].astype(np.float64)
        position = -to_camera.T @ truth["world_to_camera_translation"]
    np.testing.assert_allclose(path.rotmat, np.broadcast_to(to_camera.T, path.rotmat.shape), atol=1e-5)
    np.testing.assert_allclose(path.position, np.broadcast_to(position, path.position.shape), atol=1e-4)
