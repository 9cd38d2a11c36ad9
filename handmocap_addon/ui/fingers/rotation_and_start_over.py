"""Another rotation mode for the fingers' keys, and fingers from the file again without the keys of one's own."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import bpy

from ...blender.apply import start_over
from ...blender.cleanup.problems import find_problems
from ...blender.motion.rotation_conversion import convert_rotations
from ...blender.rig.armatures import HAND_JOINTS, map_armature
from ...core.errors import BadUsageError
from ...core.hands.hand_poses_file import read_hand_poses
from ...core.maths.rotation_modes import EULER_ORDERS, QUATERNION
from ...core.skeleton import SIDES, hand_joint_names, joint_group
from ..apply.problem_list import show_problems
from ..common.blender_types import Answer
from ..common.drawing import has_armature_and_hands, has_own_armature
from ..common.pressed import TakesFromPanel
from ..common.stage_operator import StageOperator
from ..common.stages import FINGERS as STAGE

TARGETS = (
    ("SELECTED", "Selected Fingers", "The fingers of the selected bones"),
    ("LEFT", "Left Hand", "All fingers of the left hand"),
    ("RIGHT", "Right Hand", "All fingers of the right hand"),
    ("ALL", "Both Hands", "All fingers, and what you said about the estimate"),
)
MODES = (
    (QUATERNION, "Quaternion", "Four numbers, no gimbal lock"),
    *((order, f"{order} Euler", f"Angles about three axes, {order[0]} first") for order in EULER_ORDERS),
)


class HANDMOCAP_OT_start_over(StageOperator, bpy.types.Operator):
    """Key fingers afresh from the hands' file. Keys that you made on them yourself are lost"""

    bl_idname = "handmocap.start_over"
    bl_label = "Start Over"
    stage = STAGE
    needs = staticmethod(has_armature_and_hands)

    target: bpy.props.EnumProperty(name="Fingers", description="Whose own keys are forgotten", items=TARGETS, default="ALL")  # type: ignore[valid-type]

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Answer:
        self.target = "SELECTED" if _selected_joints(context) else "ALL"
        return context.window_manager.invoke_props_dialog(self, title="Lose Your Own Keys on", confirm_text="Start Over")

    def execute(self, context: bpy.types.Context) -> Answer:
        if not _joints(context, self.target):
            self.report({"WARNING"}, "Select bones of the fingers in pose mode first")
            return {"CANCELLED"}
        return super().execute(context)

    def work(self, context: bpy.types.Context) -> str:
        settings = context.scene.handmocap
        poses = read_hand_poses(settings.hand_poses_path())
        options = (settings.cleanup(), settings.action_name(), settings.key_settings())
        applied = start_over(settings.armature, poses, *options, _joints(context, self.target))
        show_problems(context, find_problems(settings.armature, applied, poses))
        return f"{poses.frame_count} frames keyed afresh{applied.keys.sentence()}"


class HANDMOCAP_OT_convert_rotation(TakesFromPanel, bpy.types.Operator):
    """Turn all keys of the selected bones, or of all fingers, into another rotation mode. Keys of your own stay yours"""

    bl_idname = "handmocap.convert_rotation"
    bl_label = "Convert Rotation"
    needs = staticmethod(has_own_armature)

    stage = STAGE
    taken = ("bones",)

    mode: bpy.props.EnumProperty(name="Mode", description="The rotation mode that the bones and their keys get", items=MODES)  # type: ignore[valid-type]
    bones: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Bones",
        description="Which bones are converted; where not given the selected ones, without any all fingers",
        items=(
            ("SELECTED", "Selected Bones", "The bones that are selected in pose mode"),
            ("FINGERS", "All Fingers", "The bones of all fingers"),
        ),
        options={"SKIP_SAVE"},
    )

    def work(self, context: bpy.types.Context) -> str:
        armature = context.scene.handmocap.armature
        bones = [bone.name for bone in _selected_bones(context)]
        if self.is_given("bones") and self.bones == "SELECTED" and not bones:
            raise BadUsageError("No bone is selected", "select some in pose mode, or take all fingers")
        if not bones or (self.is_given("bones") and self.bones == "FINGERS"):
            bone_of_joint = map_armature(armature).bone_of_joint
            bones = [bone_of_joint[joint] for joint in HAND_JOINTS]
        result = convert_rotations(armature, bones, self.mode)
        left = f", {len(result.left)} locked bones left as they are" if result.left else ""
        return f"{result.keys} keys of {result.bones} bones converted{left}"

    def take_from_panel(self, context: bpy.types.Context) -> None:
        if not self.is_given("bones"):
            self.bones = "SELECTED" if _selected_bones(context) else "FINGERS"


def _selected_bones(context: bpy.types.Context) -> list[Any]:
    armature = context.scene.handmocap.armature
    return [bone for bone in context.selected_pose_bones or () if bone.id_data == armature]


def _selected_joints(context: bpy.types.Context) -> set[str]:
    """Joints of every finger of which a bone is selected."""
    selected = {bone.name for bone in _selected_bones(context)}
    if not selected:
        return set()
    bone_of_joint = map_armature(context.scene.handmocap.armature).bone_of_joint
    fingers = {joint_group(joint) for joint in HAND_JOINTS if bone_of_joint[joint] in selected}
    return {joint for joint in HAND_JOINTS if joint_group(joint) in fingers}


def _joints(context: bpy.types.Context, target: str) -> Collection[str]:
    if target == "SELECTED":
        return _selected_joints(context)
    return [joint for side in SIDES if target in ("ALL", side.upper()) for joint in hand_joint_names(side)]


CLASSES = (HANDMOCAP_OT_start_over, HANDMOCAP_OT_convert_rotation)
