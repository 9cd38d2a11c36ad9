from __future__ import annotations

import math
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.motions import MadeUpShot
from addon_tests.blender.rigs import MAKERS, TO_BLENDER, bone_of, meshcapade_like, mpi_like, ours, rolled, world_joints
from addon_tests.making.formulas import angle_of, rodrigues
from handmocap_addon.blender.motion.motion_keys import write_body_keys, write_hand_keys
from handmocap_addon.blender.motion.shot import Shot
from handmocap_addon.blender.rig.pose_parameters import read_body_parameters
from handmocap_addon.core.body.model import BodyModel, posed_joints
from handmocap_addon.core.body.parameters import BodyParameters
from handmocap_addon.core.errors import ArmatureError
from handmocap_addon.core.skeleton import JOINT_INDEX

COUNT = 6
FRAMES = np.arange(1.0, COUNT + 1.0)


def _keyed(armature: Any) -> tuple[MadeUpShot, float]:
    shot = MadeUpShot(COUNT)
    _, lift = write_body_keys(Shot.of(armature), shot.motion(), FRAMES, "shot")
    write_hand_keys(Shot.of(armature), shot.hands(), shot.tracks(), FRAMES, "shot")
    return shot, lift


def _world_joints_on(armature: Any, frames: Any) -> Any:
    found = []
    for frame in frames:
        bpy.context.scene.frame_set(math.floor(frame), subframe=frame - math.floor(frame))
        found.append(world_joints(armature))
    return np.stack(found)


def _assert_stands_as_shown(parameters: BodyParameters, armature: Any, frames: Any, largest: float = 1e-5) -> None:
    upright = parameters.with_up("z")
    posed = posed_joints(upright.rest_joints, upright.local_rotmat(), upright.translation)
    shown = _world_joints_on(armature, frames)
    np.testing.assert_allclose(posed.positions * upright.world_scale[:, None, None], shown, atol=largest)


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_the_parameters_are_those_that_were_keyed(maker: Any, scene: Any, stand_in: BodyModel) -> None:
    armature = maker(stand_in)
    shot, lift = _keyed(armature)
    scene.frame_set(3)
    parameters = read_body_parameters(armature, FRAMES)
    between = np.swapaxes(parameters.local_rotmat(), -1, -2) @ shot.local_rotmat()
    assert np.degrees(angle_of(between)).max() < 1e-3
    np.testing.assert_allclose(parameters.translation, shot.translation + (0.0, lift, 0.0), atol=1e-5)
    np.testing.assert_allclose(parameters.rest_joints, stand_in.rest_joints, atol=1e-5)
    np.testing.assert_allclose(parameters.world_scale, 1.0, atol=1e-6)
    assert parameters.largest_offset.max() < 1e-5
    assert parameters.largest_scale.max() < 1e-5
    assert scene.frame_current == 3
    _assert_stands_as_shown(parameters, armature, FRAMES)


@pytest.mark.parametrize("maker", [ours, meshcapade_like, rolled], ids=lambda maker: maker.__name__)
def test_whatever_moves_the_body_is_read_also_between_frames(maker: Any, scene: Any, stand_in: BodyModel) -> None:
    armature = maker(stand_in)
    _keyed(armature)
    bone_of(armature, "left_elbow").constraints.new("LIMIT_ROTATION").use_limit_x = True
    holder = bpy.data.objects.new("holder", None)
    scene.collection.objects.link(holder)
    holder.location, holder.rotation_euler, holder.scale = (1.0, 2.0, 0.3), (0.2, 0.1, 0.7), (1.5, 1.5, 1.5)
    armature.parent = holder
    holder.keyframe_insert("location", frame=1)
    holder.location.x = 4.0
    holder.keyframe_insert("location", frame=COUNT)
    frames = [1.0, 2.5, 2.75, 6.0]
    seen: list[int] = []
    parameters = read_body_parameters(armature, frames, seen.append)
    assert seen == [1, 2, 3, 4]
    np.testing.assert_allclose(parameters.world_scale, 1.5, atol=1e-5)
    assert parameters.largest_offset.max() < 1e-5
    _assert_stands_as_shown(parameters, armature, frames)


def test_bones_that_were_moved_or_scaled_are_measured(scene: Any, stand_in: BodyModel) -> None:
    armature = mpi_like(stand_in)
    bone_of(armature, "left_index2").location = (0.0, 0.03, 0.0)
    bone_of(armature, "head").scale = (1.25, 1.25, 1.25)
    parameters = read_body_parameters(armature, [1.0])
    # The jaw and the eyes go along with the head's scale by less than the finger's bone was moved.
    assert parameters.largest_offset[0] == pytest.approx(0.03, abs=1e-4)
    assert parameters.largest_scale[0] == pytest.approx(0.25, abs=1e-5)


def test_an_armature_without_face_bones_leaves_the_face_at_rest(scene: Any, stand_in: BodyModel) -> None:
    armature = ours(stand_in)
    bpy.ops.object.mode_set(mode="EDIT")
    for joint in ("jaw", "left_eye_smplhf", "right_eye_smplhf"):
        armature.data.edit_bones.remove(armature.data.edit_bones[joint])
    bpy.ops.object.mode_set(mode="OBJECT")
    _keyed(armature)
    parameters = read_body_parameters(armature, FRAMES)
    jaw = JOINT_INDEX["jaw"]
    assert not parameters.has_bone[jaw : jaw + 3].any()
    assert parameters.has_bone.sum() == 52
    np.testing.assert_allclose(parameters.pose_axis_angle[:, jaw : jaw + 3], 0.0, atol=1e-12)


def test_a_mirrored_armature_is_refused(scene: Any, stand_in: BodyModel) -> None:
    armature = ours(stand_in)
    armature.scale.x = -1.0
    with pytest.raises(ArmatureError, match="mirrored"):
        read_body_parameters(armature, [1.0])


def test_the_resting_body_stands_upright_in_both_worlds(scene: Any, stand_in: BodyModel) -> None:
    parameters = read_body_parameters(ours(stand_in), [1.0])
    np.testing.assert_allclose(parameters.local_rotmat()[0, 0], np.eye(3), atol=1e-6)
    np.testing.assert_allclose(parameters.with_up("z").local_rotmat()[0, 0], TO_BLENDER, atol=1e-6)
    np.testing.assert_allclose(rodrigues(parameters.with_up("z").pose_axis_angle)[0, 0], TO_BLENDER, atol=1e-6)
