"""Keys that are perhaps another program's: the buttons that replace or keep them, under the sentence that asks."""

from __future__ import annotations

import bpy

from ...core.errors import KeysInTheWayError
from ...core.keys.own_keys import OwnKeys
from ..common import panel_jobs
from ..common.blender_types import Answer, OperatorPart
from ..common.drawing import has_own_armature
from .body import apply_motion
from .fingers import apply_fingers

_REPLACE_SHARE = 0.7  # of the row, so that the number is seen
_STAGES = (("body", "Body", "Pelvis and body"), ("fingers", "Fingers", "All fingers"))


def keys_in_the_way(layout: bpy.types.UILayout, stage: str) -> None:
    """The buttons, where the stage's last apply was refused for such keys."""
    error = _asked(bpy.context, stage)
    if error is None or not error.key_count:
        return
    row = layout.row(align=True) if error.are_all else layout.split(factor=_REPLACE_SHARE, align=True)
    replace = row.operator("handmocap.replace_keys", text=f"Replace {error.key_count:,} Keys")
    replace.stage, replace.also_own = stage, error.are_all
    if not error.are_all:
        row.operator("handmocap.keep_keys", text="Keep").stage = stage


def _asked(context: bpy.types.Context, stage: str) -> KeysInTheWayError | None:
    said = panel_jobs.status(stage)
    if said is None or (said.owner is not None and said.owner.name_for(context.scene)):
        return None
    return said.error if isinstance(said.error, KeysInTheWayError) else None


class _Answers(OperatorPart):
    """What both answers have in common."""

    stage: bpy.props.EnumProperty(name="Stage", description="Whose keys are meant", items=_STAGES, default="fingers")  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return has_own_armature(cls, context)

    def execute(self, context: bpy.types.Context) -> Answer:
        apply = {"body": apply_motion, "fingers": apply_fingers}[self.stage]
        with panel_jobs.sentences_for(self, self.stage):
            apply(context, own_keys=self.answer())
            return {"FINISHED"}
        return {"CANCELLED"}

    def answer(self) -> OwnKeys:
        raise NotImplementedError


class HANDMOCAP_OT_replace_keys(_Answers, bpy.types.Operator):
    """Key over the keys that are in the way. Those that no run wrote are kept in a copy of the action"""

    bl_idname = "handmocap.replace_keys"
    bl_label = "Replace Keys"
    bl_options = {"REGISTER", "UNDO"}

    also_own: bpy.props.BoolProperty(name="Also Your Own", description="Keys that are surely your own, too")  # type: ignore[valid-type]

    def answer(self) -> OwnKeys:
        return OwnKeys.START_OVER if self.also_own else OwnKeys.REPLACE


class HANDMOCAP_OT_keep_keys(_Answers, bpy.types.Operator):
    """The keys that are in the way are your own: key around them"""

    bl_idname = "handmocap.keep_keys"
    bl_label = "Keep Keys"
    bl_options = {"REGISTER", "UNDO"}

    def answer(self) -> OwnKeys:
        return OwnKeys.KEEP


CLASSES = (HANDMOCAP_OT_replace_keys, HANDMOCAP_OT_keep_keys)
