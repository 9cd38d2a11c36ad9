"""Adds a skinned SMPL-X body to the scene: an armature whose bone axes are the model's axes, and its mesh."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...core.body.model import BodyModel
from ...core.skeleton import BODY_JOINTS, JOINT_NAMES, PARENTS
from ..nodes import node_of_type
from .rest_marks import keep_rest
from .smplx_shape import remember_shape

Array = NDArray[Any]

# Model axes (x left, y up, z forward) to Blender's z up with the figure facing -Y: (x, y, z) becomes (x, -z, y).
MODEL_TO_BLENDER = np.array(((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)))
# Bones point straight up, so that their own axes are the model's; only the length is for the eye.
_BODY_BONE_LENGTH = 0.1
_HAND_BONE_LENGTH = 0.02
_WOOD = (0.55, 0.36, 0.2, 1.0)


def add_body(model: BodyModel, name: str | None = None) -> Any:
    """Add the body's armature and mesh to the scene and return the armature object. Leaves object mode active."""
    name = name or model.name
    armature = _add_armature(model, name)
    _add_mesh(model, name, armature)
    # The model's origin is near its chest: this stands it on the floor until a motion says where it goes. Bone axes are the
    # model's, so its y is up.
    armature.pose.bones["pelvis"].location = (0.0, -model.sole_height, 0.0)
    armature["handmocap_body"] = model.name
    armature["handmocap_licence"] = model.licence
    keep_rest(armature)
    remember_shape(armature, model)
    return armature


def _add_armature(model: BodyModel, name: str) -> Any:
    data = bpy.data.armatures.new(name)
    data.display_type = "STICK"
    armature = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(armature)
    armature.show_in_front = True
    view_layer = bpy.context.view_layer
    if view_layer.objects.active is not None and view_layer.objects.active.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    for other in view_layer.objects.selected:
        other.select_set(False)
    view_layer.objects.active = armature
    armature.select_set(True)
    # Edit bones are the only way to make bones, and they need this mode.
    bpy.ops.object.mode_set(mode="EDIT")
    root = data.edit_bones.new("root")
    root.head, root.tail = (0.0, 0.0, 0.0), (0.0, 0.0, _BODY_BONE_LENGTH)
    heads = model.rest_joints @ MODEL_TO_BLENDER.T
    bones: list[Any] = []
    for joint, joint_name in enumerate(JOINT_NAMES):
        bone = data.edit_bones.new(joint_name)
        length = _BODY_BONE_LENGTH if joint_name in BODY_JOINTS else _HAND_BONE_LENGTH
        bone.head = heads[joint]
        bone.tail = heads[joint] + np.array((0.0, 0.0, length))
        bone.parent = bones[PARENTS[joint]] if PARENTS[joint] >= 0 else root
        bone.use_connect = False
        bones.append(bone)
    bpy.ops.object.mode_set(mode="OBJECT")
    return armature


def _add_mesh(model: BodyModel, name: str, armature: Any) -> Any:
    data = bpy.data.meshes.new(f"{name} mesh")
    vertices = model.vertices @ MODEL_TO_BLENDER.T
    data.from_pydata(vertices.tolist(), [], model.faces.tolist())
    data.polygons.foreach_set("use_smooth", np.ones(len(model.faces), dtype=bool))
    data.update()
    mesh = bpy.data.objects.new(f"{name} mesh", data)
    bpy.context.scene.collection.objects.link(mesh)
    mesh.parent = armature
    groups = [mesh.vertex_groups.new(name=joint_name) for joint_name in JOINT_NAMES]
    for influence in range(model.skin_joints.shape[1]):
        _add_weights(groups, model.skin_joints[:, influence], model.skin_weights[:, influence])
    modifier = mesh.modifiers.new("Armature", "ARMATURE")
    modifier.object = armature
    material = bpy.data.materials.new(f"{name} material")
    material.diffuse_color = _WOOD
    shader = node_of_type(material.node_tree, "BSDF_PRINCIPLED")
    if shader is not None:
        shader.inputs["Base Color"].default_value = _WOOD
        shader.inputs["Roughness"].default_value = 0.6
    data.materials.append(material)
    return mesh


def _add_weights(groups: list[Any], joints: Array, weights: Array) -> None:
    """Vertices that share joint and weight go in one call; rigid parts are thousands of them."""
    order = np.lexsort((weights, joints))
    joints, weights = joints[order], weights[order]
    starts = np.flatnonzero(np.concatenate(([True], (np.diff(joints) != 0) | (np.diff(weights) != 0))))
    for start, stop in zip(starts, [*starts[1:], len(order)], strict=True):
        if weights[start] > 0.0:
            groups[joints[start]].add(order[start:stop].tolist(), float(weights[start]), "ADD")
