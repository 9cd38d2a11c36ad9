from __future__ import annotations

import bpy

from ...blender.motion.key_reduction import ReductionResult, reduce_finger_keys, restore_full_keys
from ..apply.fingers import apply_fingers
from ..common.choices import SHARINGS
from ..common.drawing import has_armature_and_hands, has_own_armature
from ..common.matching import wants_match
from ..common.pressed import TakesFromPanel
from ..common.stage_operator import StageOperator
from ..common.stages import FINGERS as STAGE


class HANDMOCAP_OT_apply_hands(StageOperator, bpy.types.Operator):
    """Key the fingers. Keys that you made yourself stay"""

    bl_idname = "handmocap.apply_hands"
    bl_label = "Apply Fingers"
    stage = STAGE
    needs = staticmethod(has_armature_and_hands)

    match_scene: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Match Scene",
        description="Give the scene the clip's frame rate, picture size and range; by itself only where the scene is not "
        "animated yet",
        options={"SKIP_SAVE"},
    )

    def work(self, context: bpy.types.Context) -> str:
        self.match_scene = wants_match(self, context.scene)
        apply_fingers(context, self.match_scene)
        return ""


class HANDMOCAP_OT_reduce_keys(TakesFromPanel, bpy.types.Operator):
    """Leave only the finger keys that are needed to stay within the error. Keys that you made yourself stay"""

    bl_idname = "handmocap.reduce_keys"
    bl_label = "Reduce Keys"
    needs = staticmethod(has_own_armature)
    stage = STAGE
    taken = ("error", "sharing")

    error: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Error",
        description="By how many degrees a finger bone may turn from where all keys would have it; the panel's where "
        "not given",
        min=0.05,
        max=45.0,
        soft_max=10.0,
        options={"SKIP_SAVE"},
    )
    sharing: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Keys By",
        description="Which bones have their keys on the same frames; the panel's where not given",
        items=SHARINGS,
        options={"SKIP_SAVE"},
    )

    def work(self, context: bpy.types.Context) -> str:
        settings = context.scene.handmocap
        # Tools that bring full keys back for a moment reduce them again as the panel says.
        if self.is_given("error"):
            settings.reduction_error = self.error
        if self.is_given("sharing"):
            settings.reduction_sharing = self.sharing
        result = reduce_finger_keys(settings.armature, settings.reduction())
        worst = max(hand.largest_error_degrees for hand in result.hands.values())
        sentence = f"{result.keys_after} of {result.keys_before} finger keys left, at most {worst:.2f}° off"
        return sentence + _kept(result)

    def take_from_panel(self, context: bpy.types.Context) -> None:
        settings = context.scene.handmocap
        if not self.is_given("error"):
            self.error = settings.reduction_error
        if not self.is_given("sharing"):
            self.sharing = settings.reduction_sharing


class HANDMOCAP_OT_full_keys(StageOperator, bpy.types.Operator):
    """Bring back the finger keys that were left out. Keys that you made, changed or deleted yourself stay so"""

    bl_idname = "handmocap.full_keys"
    bl_label = "Full Keys"
    stage = STAGE
    needs = staticmethod(has_own_armature)

    def work(self, context: bpy.types.Context) -> str:
        result = restore_full_keys(context.scene.handmocap.armature)
        return f"{result.keys_after} finger keys{_kept(result)}"


def _kept(result: ReductionResult) -> str:
    return f", {result.kept_keys} keys of your own kept" if result.kept_keys else ""


CLASSES = (HANDMOCAP_OT_apply_hands, HANDMOCAP_OT_reduce_keys, HANDMOCAP_OT_full_keys)
