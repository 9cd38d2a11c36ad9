"""A clip as a Blender scene: its people as meshes, camera, lights and background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Vector
from numpy.typing import NDArray

from handmocap_addon.core.body.model import BodyModel, PosedJoints, skinned_vertices
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.skeleton import BODY_JOINTS, JOINT_INDEX

from .clip import Colour, Look, Surroundings, TruthClip, Wall
from .truth import PersonTruth

Array = NDArray[Any]

# Blender's world is z up; the truth's is y up.
_TO_BLENDER = np.array(((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)))
# Blender's camera looks along its -z with y up; the truth's along +z with y down.
_CAMERA_TO_BLENDER = np.diag((1.0, -1.0, -1.0))


@dataclass(frozen=True)
class PersonMesh:
    """One person in the scene."""

    mesh: bpy.types.Mesh
    model: BodyModel
    posed: PosedJoints


def _material(name: str, colour: Colour, roughness: float) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    shader = material.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*colour, 1.0)
    shader.inputs["Roughness"].default_value = roughness
    return material


def _bare_joints(look: Look) -> set[int]:
    """Joints whose surface is bare skin; everything else is dressed. The forearm's surface follows the elbow."""
    bare = ("head", "neck", "wrist") if look.long_sleeves else ("head", "neck", "elbow", "wrist")
    return {JOINT_INDEX[name] for name in BODY_JOINTS if name.endswith(bare)} | set(
        range(len(BODY_JOINTS), len(JOINT_INDEX))
    )


def _add_person(truth: PersonTruth, look: Look) -> PersonMesh:
    model = load_stand_in_body(truth.betas)
    mesh = bpy.data.meshes.new("Body")
    mesh.from_pydata(model.vertices.tolist(), [], model.faces.tolist())
    mesh.shade_smooth()
    mesh.materials.append(_material("Skin", look.skin, 0.5))
    mesh.materials.append(_material("Clothes", look.clothes, 0.8))
    strongest = np.take_along_axis(model.skin_joints, model.skin_weights.argmax(axis=1)[:, None], axis=1)[:, 0]
    dressed = ~np.isin(strongest, list(_bare_joints(look)))
    mesh.polygons.foreach_set("material_index", dressed[model.faces[:, 0]].astype(np.int32))
    bpy.context.collection.objects.link(bpy.data.objects.new("Body", mesh))
    return PersonMesh(mesh, model, truth.posed(model))


def place(people: list[PersonMesh], frame: int) -> None:
    """Move everybody to a frame."""
    for person in people:
        vertices = skinned_vertices(person.model, person.posed, frame)
        person.mesh.vertices.foreach_set("co", (vertices @ _TO_BLENDER.T).astype(np.float32).ravel())
        person.mesh.update()


def _add_lights(surroundings: Surroundings, target: Array) -> None:
    """The target is in the truth's world."""
    for number, wanted in enumerate(surroundings.lights):
        light = bpy.data.lights.new(f"Light {number}", "AREA")
        light.energy, light.size, light.color = wanted.power, wanted.size, wanted.colour
        lamp = bpy.data.objects.new(light.name, light)
        bpy.context.collection.objects.link(lamp)
        offset = Vector((_TO_BLENDER @ np.array(wanted.offset)).tolist())
        lamp.location = Vector((_TO_BLENDER @ target).tolist()) + offset
        lamp.rotation_euler = (-offset).to_track_quat("-Z", "Y").to_euler()


def _add_background(colour: Colour) -> None:
    """The same colour from everywhere, which also lights the shadows."""
    world = bpy.data.worlds.new("Background")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (*colour, 1.0)
    bpy.context.scene.world = world


def _add_wall(wall: Wall) -> None:
    half = 6.0
    corners = np.array([(x, y, wall.z) for x, y in ((-half, -half), (half, -half), (half, half), (-half, half))])
    mesh = bpy.data.meshes.new("Wall")
    mesh.from_pydata((corners @ _TO_BLENDER.T).tolist(), [], [(0, 1, 2, 3)])
    material = _material("Wall", wall.colours[0], 0.9)
    nodes, links = material.node_tree.nodes, material.node_tree.links
    place_node, noise, ramp = (nodes.new(f"ShaderNode{kind}") for kind in ("TexCoord", "TexNoise", "ValToRGB"))
    noise.inputs["Scale"].default_value = wall.pattern_scale
    noise.inputs["Detail"].default_value = 1.0
    for element, position, colour in zip(ramp.color_ramp.elements, (0.42, 0.58), wall.colours, strict=True):
        element.position, element.color = position, (*colour, 1.0)
    links.new(place_node.outputs["Object"], noise.inputs["Vector"])
    links.new(noise.outputs["Fac"], ramp.inputs["Fac"])
    links.new(ramp.outputs["Color"], nodes["Principled BSDF"].inputs["Base Color"])
    mesh.materials.append(material)
    bpy.context.collection.objects.link(bpy.data.objects.new("Wall", mesh))


def _add_camera(truth: PersonTruth) -> None:
    """A camera with exactly the truth's intrinsics and place."""
    data = bpy.data.cameras.new("Camera")
    data.sensor_fit = "HORIZONTAL"
    data.lens = float(truth.intrinsics[0, 0] / truth.frame_size[0]) * data.sensor_width
    camera = bpy.data.objects.new("Camera", data)
    bpy.context.collection.objects.link(camera)
    bpy.context.scene.camera = camera
    rotmat = truth.world_to_camera_rotmat.astype(np.float64)
    to_world = np.eye(4)
    to_world[:3, :3] = _TO_BLENDER @ rotmat.T @ _CAMERA_TO_BLENDER
    to_world[:3, 3] = _TO_BLENDER @ -rotmat.T @ truth.world_to_camera_translation
    camera.matrix_world = Matrix(to_world.tolist())


def build_scene(clip: TruthClip, truths: list[PersonTruth]) -> list[PersonMesh]:
    """Everything of a clip in a new scene, in the order of its people; `place` moves them."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    people = [_add_person(truth, person.look) for truth, person in zip(truths, clip.people, strict=True)]
    first = truths[0]
    _add_lights(clip.surroundings, 0.5 * (first.left_wrist_world[0] + first.right_wrist_world[0]))
    _add_background(clip.surroundings.background)
    if clip.surroundings.wall:
        _add_wall(clip.surroundings.wall)
    _add_camera(first)
    return people
