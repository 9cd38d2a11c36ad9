"""SMPL-X armatures as people have them: of any shape, rest, names, axes, units and extra bones. Needs bpy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from addon_tests.making.formulas import rodrigues
from handmocap_addon.core.body.model import posed_joints
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.skeleton import JOINT_INDEX, JOINT_NAMES, PARENTS

Array = NDArray[Any]
Turns = Mapping[str, tuple[float, float, float]]

# (x left, y up, z forward) as Blender's z up, figure facing -y.
TO_BLENDER = np.array(((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)))
A_POSE: Turns = {"left_shoulder": (0.0, 0.0, -0.87), "right_shoulder": (0.0, 0.0, 0.87)}


@dataclass(frozen=True)
class PersonRig:
    """An armature to make.

    `turns` are axis-angles by joint, model's axes, that bring the T-pose to the rest. `axes` says how bones lie in it: `up`
    (all alike), `turned` (alike in the T-pose, and turned with the joints), `child` (tails on the next joint, any roll) or
    `random`.
    """

    name: str = "person"
    betas: Array = field(default_factory=lambda: np.zeros(10))
    turns: Turns = field(default_factory=dict)
    axes: str = "up"
    spelled: Callable[[str], str] = str
    to_armature: Array = field(default_factory=lambda: TO_BLENDER)
    units_per_metre: float = 1.0
    roots: tuple[str, ...] = ("root",)
    left_out: tuple[str, ...] = ()
    between: Mapping[str, str] = field(default_factory=dict)  # an extra bone's name by the joint that hangs on it
    seed: int = 0

    def t_pose(self) -> Array:
        """Joints (55, 3) of the shape, metres, model's axes."""
        return _shaped(tuple(float(beta) for beta in self.betas)).copy()

    def rest(self) -> tuple[Array, Array]:
        """Joints (55, 3) and global turns (55, 3, 3) as they rest, model's axes."""
        axis_angle = np.zeros((1, len(JOINT_NAMES), 3))
        for joint, turn in self.turns.items():
            axis_angle[0, JOINT_INDEX[joint]] = turn
        posed = posed_joints(self.t_pose(), rodrigues(axis_angle), np.zeros((1, 3)))
        return posed.positions[0], posed.rotmat[0]


@lru_cache(maxsize=32)
def _shaped(betas: tuple[float, ...]) -> Array:
    joints: Array = load_stand_in_body(np.array(betas)).rest_joints
    return joints


def add_person_rig(rig: PersonRig) -> Any:
    """Add the armature object to the scene, without a mesh, and return it."""
    joints, turns = rig.rest()
    heads = joints @ rig.to_armature.T * rig.units_per_metre
    rotmat = _axes(rig, joints, turns)
    data = bpy.data.armatures.new(rig.name)
    armature = bpy.data.objects.new(rig.name, data)
    bpy.context.scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    above = None
    for name in rig.roots:
        above = _add_bone(data, name, np.zeros(3), np.array(((1.0, 0, 0), (0, 0, -1.0), (0, 1.0, 0))), above, rig)
    bones: dict[int, Any] = {}
    for joint, name in enumerate(JOINT_NAMES):
        if name in rig.left_out:
            continue
        parent = bones[PARENTS[joint]] if joint > 0 else above
        if name in rig.between:
            parent = _add_bone(data, rig.between[name], heads[joint], rotmat[joint], parent, rig)
        bones[joint] = _add_bone(data, rig.spelled(name), heads[joint], rotmat[joint], parent, rig)
    bpy.ops.object.mode_set(mode="OBJECT")
    return armature


def _add_bone(data: Any, name: str, head: Array, rotmat: Array, parent: Any | None, rig: PersonRig) -> Any:
    bone = data.edit_bones.new(name)
    bone.head, bone.tail = (0.0, 0.0, 0.0), (0.0, 0.05 * rig.units_per_metre, 0.0)
    bone.matrix = Matrix.LocRotScale(head.tolist(), Matrix(rotmat.tolist()).to_quaternion(), None)
    bone.parent = parent
    return bone


def _axes(rig: PersonRig, joints: Array, turns: Array) -> Array:
    """The bones' axes (55, 3, 3) in the armature's."""
    random = np.random.default_rng(rig.seed)
    if rig.axes == "up":
        return np.repeat(rodrigues(np.array((np.pi / 2, 0.0, 0.0)))[None], len(joints), axis=0)
    if rig.axes == "turned":
        turned: Array = rig.to_armature @ turns @ rig.to_armature.T @ rodrigues(np.array((np.pi / 2, 0.0, 0.0)))
        return turned
    rotmat: Array = rodrigues(random.normal(size=(len(joints), 3)) * 1.5)
    if rig.axes == "child":
        for joint, parent in reversed(list(enumerate(PARENTS))):
            if parent >= 0:
                along = rig.to_armature @ (joints[joint] - joints[parent])
                across = np.cross(random.normal(size=3), along)
                along, across = along / np.linalg.norm(along), across / np.linalg.norm(across)
                rotmat[parent] = np.stack((across, along, np.cross(across, along)), axis=-1)
    return rotmat
