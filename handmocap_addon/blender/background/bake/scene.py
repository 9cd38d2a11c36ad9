"""Makes a background copy of the file ready for an export: names, one root, the wanted parts."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

import bmesh
import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from ....core.bake.options import OVER_ORIGIN, BakeOptions, Part
from ....core.errors import BadInputError
from ....core.skeleton import SIDES, hand_joint_names
from ...rig.armatures import map_armature
from ...scene_time import set_frame_rate

Array = NDArray[Any]

ROOT_NAME = "root"
_HANDS, _CAMERA = "hands", "camera"
# A vertex belongs to a hand where at least this share of its weight is the wrist's and the fingers'.
_HAND_SHARE = 0.5
_Y_UP_TO_Z_UP = Matrix(((1, 0, 0, 0), (0, 0, -1, 0), (0, 1, 0, 0), (0, 0, 0, 1)))


@dataclass(frozen=True)
class BakeScene:
    """The objects of each part. `root` is above all of them; moving it moves everything that is baked."""

    scene: Any
    root: Any
    armature: Any
    objects: dict[Part, tuple[Any, ...]]
    offset: Matrix

    def of(self, parts: tuple[Part, ...]) -> tuple[list[Any], Any | None]:
        """Meshes and camera of some parts."""
        meshes = [thing for part in parts if part != "camera" for thing in self.objects[part]]
        return meshes, self.objects["camera"][0] if "camera" in parts else None

    def turn_for(self, suffix: str, options: BakeOptions) -> None:
        """Turn everything so that the file has the wanted axis up; Blender's Alembic files are y up always."""
        turned = suffix == ".abc" and options.up_axis_of(suffix) == "z"
        self.root.matrix_world = (_Y_UP_TO_Z_UP if turned else Matrix()) @ self.offset
        bpy.context.view_layer.update()


def prepare_scene(options: BakeOptions, armature: Any, meshes: list[Any], camera: Any | None, first_frame: int) -> BakeScene:
    """Name, part and place what is baked, in the open file, which is a copy.

    Raises:
        BadInputError: a part is not there, or something does not move with its parents.
    """
    scene = bpy.context.scene
    if options.frame_rate is not None:
        set_frame_rate(scene, options.frame_rate)
    _give_names([armature, *meshes])
    objects: dict[Part, tuple[Any, ...]] = {"body": tuple(meshes)}
    if "hands" in options.parts:
        objects["hands"] = tuple(_hand_meshes(armature, meshes, cut=options.geometry == "skeleton"))
    root = bpy.data.objects.new(ROOT_NAME, None)
    scene.collection.objects.link(root)
    _put_under(root, [armature, *(mesh for part in objects.values() for mesh in part)])
    if "camera" in options.parts:
        if camera is None:
            raise BadInputError("The scene has no camera to bake", "apply a body with its camera, or leave the camera out")
        objects["camera"] = (_following_camera(camera, root),)
    scene.frame_set(first_frame)
    before = armature.matrix_world.copy()
    offset = _offset(options, armature)
    root.matrix_world = offset
    bpy.context.view_layer.update()
    if not np.allclose(np.array(armature.matrix_world), np.array(offset @ before), atol=1e-4):
        raise BadInputError(f"{armature.name} is held in its place by a constraint", "bake it without an offset")
    return BakeScene(scene, root, armature, objects, offset)


def _give_names(things: list[Any]) -> None:
    """Names that both formats take as they are and that do not depend on what else the file held, such as `.001`."""
    wanted: dict[str, Any] = {}
    for thing in sorted(things, key=lambda thing: thing.name):
        plain = _plain_name(re.sub(r"\.\d+$", "", thing.name))
        name, number = plain, 1
        while name in wanted or name in (ROOT_NAME, _HANDS, _CAMERA):
            number += 1
            name = f"{plain}_{number}"
        wanted[name] = thing
    for kept in (bpy.data.objects, bpy.data.meshes, bpy.data.cameras, bpy.data.armatures):
        for other in kept:
            if other.library is None and other.name in (*wanted, ROOT_NAME, _HANDS, _CAMERA):
                other.name = f"_{other.name}"
    for name, thing in wanted.items():
        thing.name = name
        if thing.data.users > 1:
            thing.data = thing.data.copy()
        thing.data.name = name


def _free_name(wanted: str) -> str:
    """A name that nothing in the file has: Blender would add a number after a point, which the exporters write otherwise."""
    taken = {thing.name for kept in (bpy.data.objects, bpy.data.meshes) for thing in kept}
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name


def _plain_name(name: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"\W", "_", ascii_only)
    return plain if plain and not plain[0].isdigit() else f"_{plain}"


def _put_under(root: Any, things: list[Any]) -> None:
    for thing in things:
        top = thing
        while top.parent is not None and top.parent != root:
            top = top.parent
        if top != root and top.parent is None:
            top.parent = root
            top.matrix_parent_inverse = Matrix()


def _hand_meshes(armature: Any, meshes: list[Any], cut: bool) -> list[Any]:
    """A second object of each mesh that has hands, cut down to them: its data, or where points are baked after all else."""
    bones = map_armature(armature).bone_of_joint
    joints = [joint for side in SIDES for joint in (f"{side}_wrist", *hand_joint_names(side))]
    names = {bones[joint] for joint in joints if joint in bones}
    found = []
    for mesh in meshes:
        members = _hand_vertices(mesh, names)
        if len(members) == 0:
            continue
        hands = mesh.copy()
        hands.data = mesh.data.copy()
        bpy.context.scene.collection.objects.link(hands)
        hands.name = _free_name(_HANDS if len(meshes) == 1 else f"{mesh.name}_{_HANDS}")
        hands.data.name = hands.name
        if cut:
            _keep_vertices(hands.data, members)
        else:
            group = hands.vertex_groups.new(name="handmocap hands")
            group.add(members.tolist(), 1.0, "REPLACE")
            mask = hands.modifiers.new("Hands", "MASK")
            mask.vertex_group = group.name
        found.append(hands)
    if not found:
        raise BadInputError(f"No mesh of {armature.name} has hands", "leave the hands out")
    return found


def _hand_vertices(mesh: Any, bones: set[str]) -> Array:
    groups = {group.index for group in mesh.vertex_groups if group.name in bones}
    deforming = {group.index for group in mesh.vertex_groups}
    shares = []
    for vertex in mesh.data.vertices:
        weights = [(entry.group in groups, entry.weight) for entry in vertex.groups if entry.group in deforming]
        total = sum(weight for _, weight in weights)
        shares.append(sum(weight for is_hand, weight in weights if is_hand) / total if total else 0.0)
    return np.flatnonzero(np.array(shares) >= _HAND_SHARE)


def _keep_vertices(data: Any, members: Array) -> None:
    kept = set(members.tolist())
    shape = bmesh.new()
    shape.from_mesh(data)
    others = [vertex for vertex in shape.verts if vertex.index not in kept]
    bmesh.ops.delete(shape, geom=others, context="VERTS")
    shape.to_mesh(data)
    shape.free()


def _following_camera(camera: Any, root: Any) -> Any:
    """A camera that is where the scene's is, whatever moves that one, and goes where the root goes."""
    follower = bpy.data.objects.new(_CAMERA, camera.data)
    camera.data.name = _CAMERA
    bpy.context.scene.collection.objects.link(follower)
    follower.parent = root
    copied = follower.constraints.new("COPY_TRANSFORMS")
    copied.target = camera
    copied.target_space, copied.owner_space = "WORLD", "LOCAL"
    return follower


def _offset(options: BakeOptions, armature: Any) -> Matrix:
    if options.offset is None:
        return Matrix()
    if options.offset != OVER_ORIGIN:
        return Matrix.Translation(options.offset)
    pelvis = map_armature(armature).bone_of_joint.get("pelvis")
    if pelvis is None:
        raise BadInputError(f"{armature.name} has no pelvis to put over the origin", "give the offset as x,y,z")
    place = armature.matrix_world @ armature.pose.bones[pelvis].head
    return Matrix.Translation((-place.x, -place.y, 0.0))
