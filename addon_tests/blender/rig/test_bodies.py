from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.motions import MadeUpShot
from addon_tests.blender.rigs import TO_BLENDER, world_joints, world_surface
from addon_tests.making.smplx_models import VERTEX_COUNT, write_smplx_model
from handmocap_addon.blender.apply import add_body_to_scene
from handmocap_addon.blender.motion.motion_keys import write_body_keys, write_hand_keys
from handmocap_addon.blender.motion.shot import Shot
from handmocap_addon.blender.rig.armatures import deformed_meshes
from handmocap_addon.blender.rig.bodies import add_body
from handmocap_addon.core.body.model import BodyModel
from handmocap_addon.core.body.smplx_model_file import read_smplx_model
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.errors import BodyModelError

FRAMES = np.arange(1.0, 5.0)
BETAS = np.array((0.8, -0.6, 0.4, 0.0, 0.2, 0.0, 0.0, -0.3, 0.0, 0.1))


def _smplx_file(folder: Path) -> Path:
    path = folder / "SMPLX_NEUTRAL.npz"
    write_smplx_model(path)
    return path


def _posed_matches_core(model: BodyModel, scene: Any) -> None:
    shot = MadeUpShot(len(FRAMES), seed=11, betas=model.betas)
    # The pelvis of the motion is counted from the SMPL-X rest pelvis of its betas, which a made-up file does not share.
    from_pelvis = load_stand_in_body(model.betas).rest_joints[0] - model.rest_joints[0]
    armature = add_body(model)
    _report, lift = write_body_keys(Shot.of(armature), shot.motion(), FRAMES, "shot")
    write_hand_keys(Shot.of(armature), shot.hands(), shot.tracks(), FRAMES, "shot")
    for number, frame in enumerate(FRAMES):
        scene.frame_set(int(frame))
        joints, vertices = shot.expected(model, number, lift)
        np.testing.assert_allclose(world_joints(armature), (joints + from_pelvis) @ TO_BLENDER.T, atol=1e-5)
        np.testing.assert_allclose(world_surface(armature), (vertices + from_pelvis) @ TO_BLENDER.T, atol=1e-5)


@pytest.mark.parametrize("betas", [None, BETAS], ids=["neutral", "shaped"])
def test_the_posed_stand_in_is_where_core_says(betas: np.ndarray | None, scene: Any) -> None:
    _posed_matches_core(load_stand_in_body(betas), scene)


@pytest.mark.parametrize("betas", [None, BETAS], ids=["neutral", "shaped"])
def test_a_posed_smplx_file_is_where_core_says(betas: np.ndarray | None, scene: Any, tmp_path: Path) -> None:
    _posed_matches_core(read_smplx_model(_smplx_file(tmp_path), betas), scene)


def test_an_smplx_file_comes_with_all_its_vertices_and_weights(tmp_path: Path) -> None:
    armature = add_body_to_scene(str(_smplx_file(tmp_path)))
    (mesh,) = deformed_meshes(armature)
    assert len(mesh.data.vertices) == VERTEX_COUNT
    sums = [sum(group.weight for group in vertex.groups) for vertex in mesh.data.vertices]
    np.testing.assert_allclose(sums, 1.0, atol=1e-5)
    assert armature["handmocap_body"] == "SMPLX_NEUTRAL"
    assert "non-commercial" in armature["handmocap_licence"]


def test_betas_of_the_smplx_file_change_the_body_in_the_scene(tmp_path: Path, scene: Any) -> None:
    path = str(_smplx_file(tmp_path))
    heights = []
    for betas in (np.zeros(10), np.array([2.0, *np.zeros(9)])):
        points = world_surface(add_body_to_scene(path, betas))
        heights.append(float(np.ptp(points[:, 2])))
    assert heights[1] > heights[0] * 1.02


def test_a_model_file_of_something_else_adds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "SMPLX_NEUTRAL.npz"
    np.savez(path, v_template=np.zeros((6890, 3)))
    with pytest.raises(BodyModelError, match="is not an SMPL-X model file"):
        add_body_to_scene(str(path))
    assert len(bpy.data.objects) == 0


def test_a_new_body_stands_on_the_floor_and_faces_minus_y(stand_in: BodyModel) -> None:
    points = world_surface(add_body(stand_in))
    assert abs(points[:, 2].min()) < 1e-4
    assert 1.5 < points[:, 2].max() < 2.0
    feet = points[points[:, 2] < 0.03]
    # Toes reach further from the ankle than the heel does.
    assert -feet[:, 1].min() > feet[:, 1].max()


def test_a_second_body_does_not_take_the_first_ones_mesh(stand_in: BodyModel) -> None:
    first, second = add_body(stand_in), add_body(stand_in)
    assert first is not second
    assert [len(deformed_meshes(armature)) for armature in (first, second)] == [1, 1]
    assert deformed_meshes(first) != deformed_meshes(second)


def test_a_body_can_be_added_while_another_object_is_being_edited(stand_in: BodyModel) -> None:
    first = add_body(stand_in)
    bpy.context.view_layer.objects.active = first
    bpy.ops.object.mode_set(mode="POSE")
    second = add_body(stand_in)
    assert bpy.context.mode == "OBJECT"
    assert len(second.data.bones) == 56


def test_a_new_body_turns_by_quaternions_and_another_mode_is_left_as_it_is(stand_in: BodyModel) -> None:
    armature = add_body(stand_in)
    assert {bone.rotation_mode for bone in armature.pose.bones} == {"QUATERNION"}
    armature.pose.bones["left_thumb2"].rotation_mode = "XYZ"
    shot = MadeUpShot(len(FRAMES))
    write_hand_keys(Shot.of(armature), shot.hands(), shot.tracks(), FRAMES, "fingers")
    assert armature.pose.bones["left_thumb2"].rotation_mode == "XYZ"


def test_joints_of_the_rest_pose_are_the_models(stand_in: BodyModel) -> None:
    armature = add_body(stand_in)
    armature.pose.bones["pelvis"].location = (0.0, 0.0, 0.0)
    bpy.context.view_layer.update()
    np.testing.assert_allclose(world_joints(armature), stand_in.rest_joints @ TO_BLENDER.T, atol=1e-6)
