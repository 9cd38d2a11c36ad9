"""The raw hands for comparison, and everything faster, slower, sooner or later."""

from __future__ import annotations

import bpy

from ...blender.cleanup.problems import read_problems
from ...blender.cleanup.raw_ghost import hide_raw, is_raw_shown, show_raw
from ...blender.cleanup.retiming import retime
from ...core.hands.hand_poses_file import read_hand_poses
from ..apply.problem_list import show_problems
from ..common.blender_types import Answer
from ..common.stage_operator import StageOperator
from ..overlay.right_picture import bring_up_to_date
from .correction_operators import STAGE
from .target import can_apply_again, can_edit_keys


class HANDMOCAP_OT_compare_raw(StageOperator, bpy.types.Operator):
    bl_idname = "handmocap.compare_raw"
    bl_label = "Compare with Raw"
    bl_description = (
        "Show the hands as they were measured, see-through over the clean ones; press again to take them away. They "
        "are never baked or rendered"
    )
    stage = STAGE

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        armature = context.scene.handmocap.armature
        return (armature is not None and is_raw_shown(armature)) or can_apply_again(cls, context)

    def work(self, context: bpy.types.Context) -> str:
        settings = context.scene.handmocap
        if is_raw_shown(settings.armature):
            hide_raw(settings.armature)
        else:
            show_raw(settings.armature, read_hand_poses(settings.hand_poses_path()), context.scene)
        return ""


class HANDMOCAP_OT_retime(StageOperator, bpy.types.Operator):
    bl_idname = "handmocap.retime"
    bl_label = "Retime"
    bl_description = (
        "Make everything of this clip faster or slower about the current frame, or move it: fingers, body, camera, "
        "the clip behind it, and your own keys with them. Later runs follow"
    )
    stage = STAGE
    needs = staticmethod(can_edit_keys)

    speed: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Speed",
        description="2 makes everything of the clip twice as fast, 0.5 half as fast",
        default=1.0,
        min=0.01,
        soft_max=10.0,
    )
    offset: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Offset", description="By how many frames all of it comes later; earlier where negative"
    )
    around: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Around", description="The frame that stays; the current one where not given", options={"SKIP_SAVE"}
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Answer:
        if not self.properties.is_property_set("around"):
            self.around = context.scene.frame_current
        return context.window_manager.invoke_props_dialog(self)

    def work(self, context: bpy.types.Context) -> str:
        scene = context.scene
        around = self.around if self.properties.is_property_set("around") else scene.frame_current
        armature = scene.handmocap.armature
        count = retime(armature, self.speed, around, self.offset, scene)
        bring_up_to_date(scene)
        if is_raw_shown(armature):
            # It is a picture of the hands' file, drawn again when wanted.
            hide_raw(armature)
        show_problems(context, read_problems(armature))
        return f"{count} keys moved"


CLASSES = (HANDMOCAP_OT_compare_raw, HANDMOCAP_OT_retime)
