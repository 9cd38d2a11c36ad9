"""From one range that needs a look to the next."""

from __future__ import annotations

import bpy

from ...blender.cleanup.cleaned_hands import cleaned_hands
from ...blender.cleanup.problems import find_problems
from ...core.hands.hand_poses_file import read_hand_poses
from ..apply import problem_list
from ..common.blender_types import Answer, OperatorPart
from ..common.drawing import waits_for
from ..common.stage_operator import StageOperator
from .correction_operators import STAGE
from .target import can_apply_again, can_edit_keys


class _Goes(OperatorPart):
    bl_options = {"REGISTER", "UNDO"}
    forwards = True

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not can_edit_keys(cls, context):
            return False
        if all(problem.done for problem in context.scene.handmocap_cleanup.problems):
            return waits_for(cls, "Nothing is left to look at; Apply Fingers looks again")
        return True

    def execute(self, context: bpy.types.Context) -> Answer:
        index = problem_list.nearest(context, self.forwards)
        if index is None:
            self.report({"INFO"}, f"No problem {'after' if self.forwards else 'before'} this frame")
            return {"CANCELLED"}
        context.scene.handmocap_cleanup.active_problem = index
        return {"FINISHED"}


class HANDMOCAP_OT_next_problem(_Goes, bpy.types.Operator):
    """Go to the next range that needs a look, and select the bones that it is about. Done ones are passed over"""

    bl_idname = "handmocap.next_problem"
    bl_label = "Next Problem"


class HANDMOCAP_OT_previous_problem(_Goes, bpy.types.Operator):
    bl_idname = "handmocap.previous_problem"
    bl_label = "Previous Problem"
    bl_description = (
        "Go to the range that needs a look before this frame, and select the bones that it is about. Done ones are "
        "passed over"
    )
    forwards = False


class HANDMOCAP_OT_find_problems(StageOperator, bpy.types.Operator):
    """Look for what needs a look in the hands as the settings have them now, without keying anything"""

    bl_idname = "handmocap.find_problems"
    bl_label = "Find Problems"
    stage = STAGE
    needs = staticmethod(can_apply_again)

    def work(self, context: bpy.types.Context) -> str:
        settings = context.scene.handmocap
        poses = read_hand_poses(settings.hand_poses_path())
        cleaned = cleaned_hands(settings.armature, poses, settings.cleanup())
        problem_list.show_problems(context, find_problems(settings.armature, cleaned, poses))
        return ""


CLASSES = (HANDMOCAP_OT_find_problems, HANDMOCAP_OT_next_problem, HANDMOCAP_OT_previous_problem)
