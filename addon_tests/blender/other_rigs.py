"""Rigs of other makers: Rigify's, made by Rigify itself, and a double of what Mixamo's files become in Blender."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from addon_tests.making.patience import COMMAND_PATIENCE

Array = NDArray[Any]

META_RIG, RIGIFY = "metarig", "rig"
_MAKER = Path(__file__).resolve().parents[1] / "making" / "rigify_rig.py"
# A body of 180 cm in its T-pose, y up, left towards +x; the left side only. Heads, and the tips as Index4 and the like.
_MIXAMO_BODY = {
    "Hips": ((0, 100, 0), None), "Spine": ((0, 110, 0), "Hips"), "Spine1": ((0, 122, 0), "Spine"),
    "Spine2": ((0, 134, 0), "Spine1"), "LeftShoulder": ((6, 145, -1), "Spine2"), "LeftArm": ((18, 144, -3), "LeftShoulder"),
    "LeftForeArm": ((45, 144, -3), "LeftArm"), "LeftHand": ((71, 144, -3), "LeftForeArm"),
}  # fmt: skip
# From the wrist: where a finger begins, where it points, how long its bones are.
_MIXAMO_FINGERS = {
    "Thumb": ((2.6, -1.4, 2.8), (0.75, -0.35, 0.55), (4.3, 3.1, 2.6)),
    "Index": ((9.6, 0.3, 3.0), (0.99, -0.05, 0.06), (3.9, 2.9, 2.4)),
    "Middle": ((9.8, 0.5, 0.6), (1.0, -0.04, 0.0), (4.3, 3.2, 2.5)),
    "Ring": ((9.3, 0.2, -1.6), (0.99, -0.06, -0.05), (3.9, 2.9, 2.4)),
    "Pinky": ((8.5, -0.4, -3.5), (0.98, -0.09, -0.12), (3.0, 2.1, 2.0)),
}


def mixamo_double(prefix: str = "mixamorig:", rotation_mode: str = "QUATERNION") -> Any:
    """A skeleton with Mixamo's names, hierarchy, T-pose, centimetres and object transform; not a file of theirs.

    Every bone has a roll of its own, so that nothing can depend on bones' axes.
    """
    armature = _empty_armature("Mixamo double")
    bones: dict[str, tuple[Array, str | None]] = {}
    for name, (head, parent) in _MIXAMO_BODY.items():
        bones[name] = (np.array(head, dtype=float), parent)
    wrist = bones["LeftHand"][0]
    for finger, (base, way, lengths) in _MIXAMO_FINGERS.items():
        head, parent = wrist + base, "LeftHand"
        for number, length in enumerate((*lengths, 0.0), start=1):
            name = f"LeftHand{finger}{number}"
            bones[name] = (head, parent)
            # Fingers bend a little where they rest.
            bend = np.array((0.0, -0.06 * number, 0.0))
            head, parent = head + length * (np.array(way) + bend) / np.linalg.norm(np.array(way) + bend), name
    mirror = np.array((-1.0, 1.0, 1.0))
    for name, (head, parent) in list(bones.items()):
        if name.startswith("Left"):
            bones[name.replace("Left", "Right", 1)] = (head * mirror, parent and parent.replace("Left", "Right", 1))
    bpy.ops.object.mode_set(mode="EDIT")
    made: dict[str, Any] = {}
    for number, (name, (head, parent)) in enumerate(bones.items()):
        bone = made[name] = armature.data.edit_bones.new(prefix + name)
        children = [other for other, held in bones.values() if held == name]
        bone.head, bone.tail = head, np.mean(children, axis=0) if children else head + np.array((0.0, 0.0, 2.0))
        bone.roll = math.sin(number * 7.0) * 3.0
        bone.parent = made[parent] if parent else None
    bpy.ops.object.mode_set(mode="OBJECT")
    # What an FBX file in centimetres with y up becomes.
    armature.rotation_euler, armature.scale = (math.radians(90.0), 0.0, 0.0), (0.01, 0.01, 0.01)
    for pose_bone in armature.pose.bones:
        pose_bone.rotation_mode = rotation_mode
    bpy.context.view_layer.update()
    return armature


def _empty_armature(name: str) -> Any:
    armature = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    bpy.context.scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    return armature


def save_rigify_rigs(path: Path) -> None:
    """Save a generated rig with its meta-rig, by a process of its own: Rigify leaves some that hang at their end."""
    done = subprocess.run(
        [sys.executable, str(_MAKER), str(path)], capture_output=True, text=True, check=False, timeout=COMMAND_PATIENCE
    )
    assert path.is_file(), done.stdout + done.stderr


def append_rig(path: Path, name: str) -> Any:
    """A rig of the saved file in the open scene."""
    with bpy.data.libraries.load(str(path)) as (_there, wanted):
        wanted.objects = [name]
    (rig,) = wanted.objects
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.update()
    return rig
