from __future__ import annotations

from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.motions import MadeUpShot
from addon_tests.blender.rigs import MAKERS, TO_BLENDER, add_plain_armature, ours, world_joints, world_surface
from handmocap_addon.blender.motion.motion_keys import write_body_keys, write_hand_keys
from handmocap_addon.blender.motion.shot import Shot
from handmocap_addon.blender.rig.armatures import deformed_meshes, map_armature, smplx_armatures
from handmocap_addon.core.body.model import BodyModel
from handmocap_addon.core.errors import ArmatureError
from handmocap_addon.core.skeleton import FIRST_HAND_JOINT, JOINT_NAMES

FRAMES = np.arange(1.0, 4.0)


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_a_shot_looks_the_same_on_every_makers_armature(maker: Any, scene: Any, stand_in: BodyModel) -> None:
    shot = MadeUpShot(len(FRAMES))
    armature = maker(stand_in)
    _report, lift = write_body_keys(Shot.of(armature), shot.motion(), FRAMES, "shot")
    write_hand_keys(Shot.of(armature), shot.hands(), shot.tracks(), FRAMES, "shot")
    for number, frame in enumerate(FRAMES):
        scene.frame_set(int(frame))
        joints, vertices = shot.expected(stand_in, number, lift)
        np.testing.assert_allclose(world_joints(armature), joints @ TO_BLENDER.T, atol=1e-5)
        np.testing.assert_allclose(world_surface(armature), vertices @ TO_BLENDER.T, atol=1e-5)


@pytest.mark.parametrize("maker", MAKERS[1:], ids=lambda maker: maker.__name__)
def test_fingers_alone_bend_as_on_our_own_armature(maker: Any, scene: Any, stand_in: BodyModel) -> None:
    shot = MadeUpShot(len(FRAMES), seed=8)
    places = []
    for armature in (ours(stand_in), maker(stand_in)):
        armature.pose.bones["pelvis"].location = (0.0, 0.0, 0.0)
        write_hand_keys(Shot.of(armature), shot.hands(), shot.tracks(), FRAMES, "fingers")
        scene.frame_set(2)
        places.append(world_joints(armature)[FIRST_HAND_JOINT["left"] :])
    np.testing.assert_allclose(places[1], places[0], atol=1e-5)
    at_rest = stand_in.rest_joints[FIRST_HAND_JOINT["left"] :] @ TO_BLENDER.T
    assert np.linalg.norm(places[0] - at_rest, axis=1).max() > 0.02


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_lift_to_the_floor_does_not_depend_on_the_maker(maker: Any, stand_in: BodyModel) -> None:
    shot = MadeUpShot(len(FRAMES))
    _report, lift = write_body_keys(Shot.of(maker(stand_in)), shot.motion(), FRAMES, "shot")
    _report, lift_of_ours = write_body_keys(Shot.of(ours(stand_in)), shot.motion(), FRAMES, "shot")
    assert lift == pytest.approx(lift_of_ours, abs=1e-5)


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_rest_joints_come_out_in_metres_and_the_models_axes(maker: Any, stand_in: BodyModel) -> None:
    rig = map_armature(maker(stand_in))
    np.testing.assert_allclose(rig.rest_joints, stand_in.rest_joints, atol=1e-6)


def test_capital_letters_in_bone_names_are_no_obstacle(stand_in: BodyModel) -> None:
    armature = ours(stand_in)
    armature.data.bones["left_index1"].name = "Left_Index1"
    assert map_armature(armature).bone_of_joint["left_index1"] == "Left_Index1"


def test_hands_go_on_an_armature_that_was_moved_by_the_artist(scene: Any, stand_in: BodyModel) -> None:
    shot = MadeUpShot(len(FRAMES))
    armature = ours(stand_in)
    write_hand_keys(Shot.of(armature), shot.hands(), shot.tracks(), FRAMES, "fingers")
    scene.frame_set(1)
    before = world_joints(armature)
    armature.location = (5.0, -3.0, 1.0)
    write_hand_keys(Shot.of(armature), shot.hands(), shot.tracks(), FRAMES, "fingers")
    scene.frame_set(2)
    scene.frame_set(1)
    np.testing.assert_allclose(world_joints(armature), before + np.array((5.0, -3.0, 1.0)), atol=2e-6)


def test_an_armature_without_fingers_is_named_with_the_first_missing_bone(stand_in: BodyModel) -> None:
    heads = dict(zip(JOINT_NAMES[:22], (stand_in.rest_joints @ TO_BLENDER.T)[:22].tolist(), strict=True))
    armature = add_plain_armature({name: tuple(head) for name, head in heads.items()}, "Legs only")
    with pytest.raises(ArmatureError) as caught:
        map_armature(armature)
    assert caught.value.message == "The armature Legs only lacks finger bones (left_index1 is not there)"
    assert "stand-in" in caught.value.hint


def test_an_armature_of_another_kind_lacks_smplx_bones() -> None:
    armature = add_plain_armature({"Hips": (0.0, 0.0, 1.0), "Head": (0.0, 0.0, 1.6)}, "Mixamo")
    with pytest.raises(ArmatureError, match=r"Mixamo lacks SMPL-X bones \(pelvis is not there\)"):
        map_armature(armature)


def test_a_mesh_is_no_armature() -> None:
    mesh = bpy.data.objects.new("Cube", bpy.data.meshes.new("Cube"))
    with pytest.raises(ArmatureError, match="No armature is chosen"):
        map_armature(mesh)


def test_nothing_is_no_armature() -> None:
    with pytest.raises(ArmatureError, match="No armature is chosen"):
        map_armature(None)


def test_a_rest_pose_that_leans_between_the_axes_is_refused(stand_in: BodyModel) -> None:
    angle = np.radians(45.0)
    lean = np.array(((1, 0, 0), (0, np.cos(angle), -np.sin(angle)), (0, np.sin(angle), np.cos(angle))))
    heads = (stand_in.rest_joints @ TO_BLENDER.T @ lean.T).tolist()
    armature = add_plain_armature({name: tuple(head) for name, head in zip(JOINT_NAMES, heads, strict=True)}, "Leaning")
    with pytest.raises(ArmatureError, match="Leaning does not rest in a T-pose"):
        map_armature(armature)


def test_a_t_pose_that_lies_on_its_back_is_understood(scene: Any, stand_in: BodyModel) -> None:
    """Heads in the model's own y-up axes and no turned object: the figure lies in Blender, and is still understood."""
    heads = stand_in.rest_joints.tolist()
    armature = add_plain_armature({name: tuple(head) for name, head in zip(JOINT_NAMES, heads, strict=True)}, "Lying")
    rig = map_armature(armature)
    np.testing.assert_allclose(rig.rest_joints, stand_in.rest_joints, atol=1e-6)
    np.testing.assert_allclose(rig.model_to_armature, np.eye(3), atol=1e-6)


def test_only_armatures_with_every_finger_are_offered(stand_in: BodyModel) -> None:
    armature = ours(stand_in)
    add_plain_armature({"pelvis": (0.0, 0.0, 1.0)}, "Other")
    assert smplx_armatures() == [armature]


def test_meshes_of_other_armatures_are_not_baked_along(stand_in: BodyModel) -> None:
    armature, other = ours(stand_in), add_plain_armature({"bone": (0.0, 0.0, 0.0)}, "Other")
    prop = bpy.data.objects.new("Prop", bpy.data.meshes.new("Prop"))
    bpy.context.scene.collection.objects.link(prop)
    prop.modifiers.new("Armature", "ARMATURE").object = other
    assert [mesh.name for mesh in deformed_meshes(armature)] == ["ours mesh"]
