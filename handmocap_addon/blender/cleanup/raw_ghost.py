"""The raw hands beside the clean ones: a second armature over the first, of which nothing is left when it goes."""

from __future__ import annotations

from typing import Any

import bmesh
import bpy

from ...core.cleanup.raw_hands import raw_hand
from ...core.hands.hand_poses import HandPoses
from ...core.skeleton import SIDES
from ..clip.clock import timeline_frames
from ..curves.tool_actions import check_own
from ..motion.motion_keys import write_hand_keys
from ..motion.shot import Shot
from ..nodes import node_of_type
from ..rig.armatures import HAND_JOINTS, deformed_meshes, map_armature
from ..rig.finger_target import finger_bones
from ..rig.ghosts import GHOST_OF, ghosts_of

# A point is shown where so much of it hangs on finger bones.
_LEAST_FINGER_WEIGHT = 0.2
# See-through, so that the clean fingers show behind, and unlike wood and skin.
_COLOUR = (0.02, 0.35, 1.0, 0.5)


def show_raw(armature: Any, poses: HandPoses, scene: Any) -> Any:
    """Add the ghost of an armature to the scene, instead of a former one, and return it.

    It is the armature's own bones and those parts of its meshes that hang on fingers: more would cover what it is held
    against. It follows every bone but the fingers, which are keyed as measured. It cannot be selected, rendered or baked.

    Raises:
        ArmatureError: the armature lacks fingers, or is linked.
    """
    map_armature(armature, HAND_JOINTS)
    check_own(armature)
    hide_raw(armature)
    collection = bpy.data.collections.new(f"{armature.name} raw")
    collection.hide_render = True
    collection[GHOST_OF] = armature
    scene.collection.children.link(collection)
    ghost = _copy(armature, collection, armature)
    ghost.parent = None
    ghost.constraints.clear()
    _follow(ghost.constraints, armature, None)
    fingers = set(finger_bones(armature).values())
    for bone in ghost.pose.bones:
        for constraint in list(bone.constraints):
            bone.constraints.remove(constraint)
        if bone.name not in fingers:
            _follow(bone.constraints, armature, bone.name)
    material = _see_through(armature)
    for mesh in deformed_meshes(armature):
        body = _copy(mesh, collection, armature)
        body.data = _hands_of(mesh, fingers)
        body.data[GHOST_OF] = armature
        body.data.materials.clear()
        body.data.materials.append(material)
        body.parent, body.matrix_parent_inverse = ghost, mesh.matrix_parent_inverse
        for modifier in body.modifiers:
            if modifier.type == "ARMATURE" and modifier.object == armature:
                modifier.object = ghost
    tracks = {side: poses.track(side) for side in SIDES}
    hands = {side: raw_hand(track) for side, track in tracks.items()}
    write_hand_keys(Shot.of(ghost), hands, tracks, timeline_frames(scene, poses, armature), f"{armature.name} raw")
    return ghost


def hide_raw(armature: Any) -> bool:
    """Take the ghost of an armature away, and those of armatures that are gone; returns whether there was any."""
    collections = ghosts_of(armature)
    for collection in collections:
        things = list(collection.objects)
        things += [thing.data for thing in collection.objects if GHOST_OF in thing.data]
        things += {slot.material for thing in collection.objects for slot in thing.material_slots if _is_ours(slot.material)}
        animations = [thing.animation_data for thing in collection.objects]
        actions = {animation.action for animation in animations if animation and animation.action}
        bpy.data.batch_remove([*things, *(action for action in actions if action.users <= 1), collection])
    return bool(collections)


def is_raw_shown(armature: Any) -> bool:
    """Whether the armature has a ghost."""
    return any(collection.get(GHOST_OF) == armature for collection in ghosts_of(armature))


def _copy(thing: Any, collection: Any, armature: Any) -> Any:
    copied = thing.copy()
    copied.name = f"{thing.name} raw"
    copied[GHOST_OF] = armature
    copied.animation_data_clear()
    collection.objects.link(copied)
    # Bones in wire: as sticks they would cover the fingers.
    copied.display_type = "WIRE" if copied.type == "ARMATURE" else "SOLID"
    copied.show_in_front, copied.color = True, _COLOUR
    copied.hide_select = copied.hide_render = True
    return copied


def _see_through(armature: Any) -> Any:
    """The material of the ghost: of one colour, whichever shading the viewport has."""
    material = bpy.data.materials.new(f"{armature.name} raw")
    material[GHOST_OF] = armature
    material.diffuse_color = _COLOUR
    shader = node_of_type(material.node_tree, "BSDF_PRINCIPLED")
    if shader is not None:
        shader.inputs["Base Color"].default_value = _COLOUR
        shader.inputs["Alpha"].default_value = _COLOUR[3]
    return material


def _is_ours(material: Any | None) -> bool:
    return material is not None and GHOST_OF in material


def _hands_of(mesh: Any, fingers: set[str]) -> Any:
    """A mesh of those points of another one's that hang on finger bones, with everything that belongs to them."""
    data = mesh.data.copy()
    data.name = f"{mesh.data.name} raw"
    groups = {group.index for group in mesh.vertex_groups if group.name in fingers}
    shape = bmesh.new()
    try:
        shape.from_mesh(data)
        weights = shape.verts.layers.deform.active
        others = [
            point
            for point in shape.verts
            if weights is None
            or sum(weight for group, weight in point[weights].items() if group in groups) < _LEAST_FINGER_WEIGHT
        ]
        bmesh.ops.delete(shape, geom=others, context="VERTS")
        shape.to_mesh(data)
    finally:
        shape.free()
    return data


def _follow(constraints: Any, armature: Any, bone: str | None) -> None:
    constraint = constraints.new("COPY_TRANSFORMS")
    constraint.target = armature
    if bone is not None:
        constraint.subtarget = bone
