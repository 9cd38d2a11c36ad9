"""SMPL-X armatures as different makers rest them, built from the stand-in, and where their parts are in the world."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import bmesh
import bpy
import numpy as np
from numpy.typing import NDArray

from handmocap_addon.blender.background.bake.read_back import world_vertices
from handmocap_addon.blender.rig.armatures import deformed_meshes
from handmocap_addon.blender.rig.bodies import add_body
from handmocap_addon.core.body.model import BodyModel
from handmocap_addon.core.skeleton import JOINT_NAMES, PARENTS

Array = NDArray[Any]

# (x left, y up, z forward) as Blender's z up, figure facing -y.
TO_BLENDER = np.array(((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)))


def ours(model: BodyModel) -> Any:
    return add_body(model, "ours")


def mpi_like(model: BodyModel) -> Any:
    """Metres, every bone straight up, the object at rest."""
    heads = model.rest_joints @ TO_BLENDER.T
    return _rig("mpi", heads, heads + np.array((0.0, 0.0, 0.1)), model.vertices @ TO_BLENDER.T, model)


def meshcapade_like(model: BodyModel) -> Any:
    """Centimetres in the model's own axes; the object turns and shrinks them. Eyes go without a suffix."""
    heads = model.rest_joints * 100.0
    rename = {"left_eye_smplhf": "left_eye", "right_eye_smplhf": "right_eye"}
    armature = _rig("meshcapade", heads, heads + np.array((0.0, 10.0, 0.0)), model.vertices * 100.0, model, rename=rename)
    armature.rotation_euler = (math.radians(90.0), 0.0, 0.0)
    armature.scale = (0.01, 0.01, 0.01)
    bpy.context.view_layer.update()
    return armature


def rolled(model: BodyModel) -> Any:
    """Nobody's add-on: each bone points to its child and has a roll of its own, so no axis is the model's."""
    heads = model.rest_joints @ TO_BLENDER.T
    tails = heads + np.array((0.0, -0.03, 0.01))
    for joint, parent in reversed(list(enumerate(PARENTS))):
        if parent >= 0 and np.linalg.norm(heads[joint] - heads[parent]) > 0.01:
            tails[parent] = heads[joint]
    rolls = np.linspace(-2.5, 2.5, len(JOINT_NAMES))
    return _rig("rolled", heads, tails, model.vertices @ TO_BLENDER.T, model, rolls=rolls)


MAKERS: tuple[Callable[[BodyModel], Any], ...] = (ours, mpi_like, meshcapade_like, rolled)


def _rig(
    name: str, heads: Array, tails: Array, vertices: Array, model: BodyModel,
    rolls: Array | None = None, rename: dict[str, str] | None = None,
) -> Any:  # fmt: skip
    rename = rename or {}
    data = bpy.data.armatures.new(name)
    armature = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    root = data.edit_bones.new("root")
    root.head, root.tail = (0.0, 0.0, 0.0), tails[0] - heads[0]
    bones: list[Any] = []
    for joint, joint_name in enumerate(JOINT_NAMES):
        bone = data.edit_bones.new(rename.get(joint_name, joint_name))
        bone.head, bone.tail = heads[joint], tails[joint]
        if rolls is not None:
            bone.roll = float(rolls[joint])
        bone.parent = bones[PARENTS[joint]] if PARENTS[joint] >= 0 else root
        bones.append(bone)
    bpy.ops.object.mode_set(mode="OBJECT")
    _skinned_mesh(name, armature, vertices, model, rename)
    return armature


def _skinned_mesh(name: str, armature: Any, vertices: Array, model: BodyModel, rename: dict[str, str]) -> None:
    data = bpy.data.meshes.new(f"{name} mesh")
    data.from_pydata(vertices.tolist(), [], model.faces.tolist())
    mesh = bpy.data.objects.new(f"{name} mesh", data)
    bpy.context.scene.collection.objects.link(mesh)
    mesh.parent = armature
    for joint_name in JOINT_NAMES:
        mesh.vertex_groups.new(name=rename.get(joint_name, joint_name))
    editable = bmesh.new()
    editable.from_mesh(data)
    layer = editable.verts.layers.deform.verify()
    for vertex, joints, weights in zip(editable.verts, model.skin_joints, model.skin_weights, strict=True):
        for joint, weight in zip(joints, weights, strict=True):
            if weight > 0.0:
                vertex[layer][int(joint)] = vertex[layer].get(int(joint), 0.0) + float(weight)
    editable.to_mesh(data)
    editable.free()
    mesh.modifiers.new("Armature", "ARMATURE").object = armature


def add_plain_armature(bones: dict[str, tuple[float, float, float]], name: str = "plain") -> Any:
    """An armature with bones of these names and heads and no mesh. What is named as SMPL-X's joints are hangs on them as they do."""
    data = bpy.data.armatures.new(name)
    armature = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    for bone_name, head in bones.items():
        bone = data.edit_bones.new(bone_name)
        bone.head, bone.tail = head, np.add(head, (0.0, 0.0, 0.1))
        parent = PARENTS[JOINT_NAMES.index(bone_name)] if bone_name in JOINT_NAMES else -1
        if parent >= 0 and JOINT_NAMES[parent] in bones:
            bone.parent = data.edit_bones[JOINT_NAMES[parent]]
    bpy.ops.object.mode_set(mode="OBJECT")
    return armature


def bone_of(armature: Any, joint: str) -> Any:
    """The pose bone of a joint, by either spelling of the eyes."""
    bones = armature.pose.bones
    return bones.get(joint) or bones[joint.removesuffix("_smplhf")]


def world_joints(armature: Any) -> Array:
    """Heads (55, 3) of the posed bones in the world, on the current frame."""
    evaluated = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    place = evaluated.matrix_world
    return np.array([place @ bone_of(evaluated, joint).head for joint in JOINT_NAMES])


def world_surface(armature: Any) -> Array:
    """Vertices (V, 3) of the one mesh that the armature deforms, in the world, on the current frame."""
    (mesh,) = deformed_meshes(armature)
    return world_vertices(mesh)
