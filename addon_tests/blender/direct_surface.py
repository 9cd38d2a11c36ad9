"""The exact surface computed from Blender's own bone matrices, joint by joint in float64; no parameters are read for it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from addon_tests.blender.rigs import bone_of
from handmocap_addon.core.skeleton import JOINT_NAMES, PARENTS

Array = NDArray[Any]


def set_time(frame: float) -> None:
    whole = math.floor(frame)
    bpy.context.scene.frame_set(whole, subframe=frame - whole)


def direct_surface(armature: Any, model_file: Path, betas: Array, expression: Array | None = None) -> Array:
    """Vertices (V, 3) in the world, on the current frame."""
    with np.load(model_file) as model:
        rest = model["v_template"] + model["shapedirs"][:, :, : len(betas)].astype(float) @ betas
        if expression is not None:
            rest = rest + model["shapedirs"][:, :, 300 : 300 + len(expression)].astype(float) @ expression
        correctives, weights, regressor = model["posedirs"].astype(float), model["weights"], model["J_regressor"]
    evaluated = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    place = np.array(evaluated.matrix_world)
    # A bone turns what it carries by its pose on its rest; the axes of the model and the armature drop out in between.
    axes = _axes(armature)
    turned = []
    for name in JOINT_NAMES:
        bone = bone_of(evaluated, name)
        turn = np.array(bone.matrix)[:3, :3] @ np.linalg.inv(np.array(bone.bone.matrix_local)[:3, :3])
        turned.append(axes.T @ turn @ axes)
    local = np.array([turned[PARENTS[joint]].T @ turned[joint] for joint in range(1, len(JOINT_NAMES))])
    shaped = rest + correctives @ (local - np.eye(3)).reshape(-1)
    joints = regressor @ rest
    heads = np.empty_like(joints)
    units = _units(armature)
    heads[0] = axes.T @ np.array(bone_of(evaluated, "pelvis").head) / units
    for joint in range(1, len(JOINT_NAMES)):
        parent = PARENTS[joint]
        heads[joint] = heads[parent] + turned[parent] @ (joints[joint] - joints[parent])
    posed = np.zeros_like(rest)
    for joint, turn in enumerate(turned):
        posed += weights[:, joint, None] * ((shaped - joints[joint]) @ turn.T + heads[joint])
    return (posed @ axes.T * units) @ place[:3, :3].T + place[:3, 3]


def _axes(armature: Any) -> Array:
    """Model to armature: what is upright there is z or y."""
    upright = abs(bone_of(armature, "head").bone.head_local.z) > abs(bone_of(armature, "head").bone.head_local.y)
    return np.array(((1.0, 0, 0), (0, 0, -1.0), (0, 1.0, 0))) if upright else np.eye(3)


def _units(armature: Any) -> float:
    span = bone_of(armature, "head").bone.head_local - bone_of(armature, "pelvis").bone.head_local
    return 100.0 if span.length > 10.0 else 1.0
