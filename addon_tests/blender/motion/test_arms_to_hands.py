"""Arms on bones: where it is asked for, the body's stage brings its hands onto those in the picture."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view

from addon_tests.blender.motions import MadeUpShot
from addon_tests.blender.rigs import MAKERS
from addon_tests.blender.written_curves import rotation_values
from handmocap_addon.blender.apply import AppliedBody, apply_body, check_wrist
from handmocap_addon.blender.motion.apply_warnings import warnings_of
from handmocap_addon.blender.rig.bodies import add_body
from handmocap_addon.core.body.model import BodyModel, posed_joints
from handmocap_addon.core.body.motion import BodyMotion, BodyTrack, local_rotmat_of
from handmocap_addon.core.cleanup.wrist import WristSettings
from handmocap_addon.core.errors import BadInputError, BadUsageError
from handmocap_addon.core.hands.hand_poses import HandPoses, HandTrack
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz
from handmocap_addon.core.skeleton import JOINT_INDEX, SIDES, WRIST, Side

COUNT = 16
ASKED = WristSettings(arms_to_hands=True)
ASIDE = 12.0  # pixels
ARMS = [f"{side}_{name}" for side in SIDES for name in ("shoulder", "elbow")]


def _motion() -> BodyMotion:
    """Somebody 3 m in front of the camera who bends both elbows."""
    turn = np.zeros((COUNT, 21, 3))
    for side, sign in (("left", 1.0), ("right", -1.0)):
        turn[:, JOINT_INDEX[f"{side}_shoulder"] - 1, 2] = sign * -0.9
        turn[:, JOINT_INDEX[f"{side}_elbow"] - 1, 1] = sign * -np.linspace(0.8, 1.2, COUNT)
    track = BodyTrack(axis_angle_to_quat_wxyz(np.tile((np.pi, 0.0, 0.0), (COUNT, 1))), np.tile((0.0, 0.2, 3.0), (COUNT, 1)))
    return replace(MadeUpShot(COUNT).motion(), body_quat_wxyz=axis_angle_to_quat_wxyz(turn), world=track, camera=track)


def _in_picture(motion: BodyMotion, stand_in: BodyModel, side: Side) -> np.ndarray:
    assert motion.camera is not None and motion.intrinsics is not None
    seen = posed_joints(stand_in.rest_joints, local_rotmat_of(motion, motion.camera), motion.camera.translation)
    projected = seen.positions[:, WRIST[side]] @ motion.intrinsics[0].T
    pixels: np.ndarray = projected[:, :2] / projected[:, 2:]
    return pixels


def _hands(motion: BodyMotion, stand_in: BodyModel) -> HandPoses:
    """Both hands beside the body's."""
    tracks: dict[Side, HandTrack] = {}
    for side, track in MadeUpShot(COUNT).tracks().items():
        points = np.repeat((_in_picture(motion, stand_in, side) + (ASIDE, 0.0))[:, None], 21, axis=1)
        tracks[side] = replace(track, keypoints_2d=points)
    return HandPoses(tracks["left"], tracks["right"], np.arange(COUNT), np.arange(COUNT) / 24.0)


def _apply(armature: Any, motion: BodyMotion, poses: HandPoses | None, settings: WristSettings | None) -> AppliedBody:
    return apply_body(armature, motion, poses, None, "clip motion", True, settings)


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_bones_are_where_the_hands_are(maker: Any, stand_in: BodyModel, empty_scene: Any) -> None:
    armature, motion = maker(stand_in), _motion()
    applied = _apply(armature, motion, _hands(motion, stand_in), ASKED)
    assert applied.arms is not None and applied.arms.frames == 2 * COUNT
    assert applied.arms.before_px == pytest.approx(ASIDE, abs=0.01)
    assert applied.arms.after_px is not None and applied.arms.after_px < 1.0
    assert applied.arms.sentence() in warnings_of(armature, "body")
    scene = bpy.context.scene
    scene.frame_set(9)
    for side in SIDES:
        wrist = armature.matrix_world @ armature.pose.bones[f"{side}_wrist"].head
        x, y, _ = world_to_camera_view(scene, applied.camera, wrist)
        seen = np.array((x * scene.render.resolution_x, (1.0 - y) * scene.render.resolution_y))
        np.testing.assert_allclose(seen - _in_picture(motion, stand_in, side)[8], (ASIDE, 0.0), atol=1.5)


def test_by_default_arms_are_the_body_s(stand_in: BodyModel, empty_scene: Any) -> None:
    motion = _motion()
    with_hands, alone = add_body(stand_in), add_body(stand_in)
    assert _apply(with_hands, motion, _hands(motion, stand_in), None).arms is None
    _apply(alone, motion, None, None)
    for name in ARMS:
        np.testing.assert_array_equal(rotation_values(with_hands, name), rotation_values(alone, name))


def test_a_persons_keys_stay_and_switching_it_off_brings_the_body_s_arms_back(stand_in: BodyModel, empty_scene: Any) -> None:
    armature, motion = add_body(stand_in), _motion()
    poses = _hands(motion, stand_in)
    _apply(armature, motion, poses, None)
    before = {name: rotation_values(armature, name) for name in ARMS}
    bone = armature.pose.bones["left_elbow"]
    bone.rotation_quaternion = (0.5, 0.5, -0.5, 0.5)
    bone.keyframe_insert("rotation_quaternion", frame=5)
    assert _apply(armature, motion, poses, ASKED).keys.kept_keys == 4
    bpy.context.scene.frame_set(5)
    np.testing.assert_allclose(bone.rotation_quaternion, (0.5, 0.5, -0.5, 0.5), atol=1e-5)
    assert np.abs(rotation_values(armature, "right_shoulder") - before["right_shoulder"]).max() > 0.005
    _apply(armature, motion, poses, None)
    for name in ("left_shoulder", "right_shoulder", "right_elbow"):
        np.testing.assert_allclose(rotation_values(armature, name), before[name], atol=1e-6)


def test_it_needs_hands_and_a_body_that_a_camera_saw(stand_in: BodyModel, empty_scene: Any) -> None:
    armature, motion = add_body(stand_in), _motion()
    with pytest.raises(BadInputError, match="Arms to the hands need the hands"):
        _apply(armature, motion, None, ASKED)
    with pytest.raises(BadUsageError, match="no camera"):
        check_wrist(ASKED, replace(motion, camera=None, intrinsics=None))
    with pytest.raises(BadUsageError, match="need the arms of a GVHMR result"):
        check_wrist(ASKED, None)
    assert armature.animation_data is None
