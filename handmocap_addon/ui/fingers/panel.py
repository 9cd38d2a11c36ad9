from __future__ import annotations

from typing import Any

import bpy

from ...core.cleanup.settings import SMOOTHING_TARGETS
from ..apply.keys_in_the_way import keys_in_the_way
from ..common.drawing import stage_state
from ..common.stages import FINGERS as STAGE
from ..state.header import WithState


class HANDMOCAP_PT_fingers(WithState, bpy.types.Panel):
    """Finger keys on the armature"""

    bl_label = "Fingers"
    bl_order = 3
    stage = STAGE

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.handmocap
        row = self.layout.row(align=True)
        row.prop(settings, "smoothing", slider=True)
        row.prop(context.scene.handmocap_cleanup, "live", text="", icon="PLAY")
        row = self.layout.row(align=True)
        row.operator("handmocap.apply_hands", icon="KEYINGSET")
        row.operator("handmocap.start_over", text="", icon="LOOP_BACK")
        stage_state(self.layout, STAGE)
        keys_in_the_way(self.layout, STAGE)
        _draw_own_strengths(self.layout, settings)
        _draw_filling_in(self.layout, settings)
        _draw_keys(self.layout, settings)


def _draw_filling_in(layout: bpy.types.UILayout, settings: Any) -> None:
    header, body = layout.panel("handmocap_filling_in", default_closed=True)
    header.label(text="Gaps and Own Keys")
    if body is None:
        return
    column = body.column()
    row = column.row(align=True)
    row.prop(settings, "longest_gap", text="Gap")
    row.prop(settings, "ease")
    column.prop(settings, "lowest_score", slider=True)
    row = column.row(align=True)
    row.prop(settings, "hand_key_ease")
    row.prop(settings, "whole_frames", text="", icon="SNAP_INCREMENT")


def _draw_keys(layout: bpy.types.UILayout, settings: Any) -> None:
    header, body = layout.panel("handmocap_fewer_keys", default_closed=True)
    header.label(text="Fewer Keys, Rotation")
    if body is None:
        return
    column = body.column()
    row = column.row(align=True)
    row.prop(settings, "reduction_error")
    row.prop(settings, "reduction_sharing", text="")
    row = column.row(align=True)
    row.operator("handmocap.reduce_keys", icon="IPO_BEZIER")
    row.operator("handmocap.full_keys", icon="KEYFRAME")
    column.operator_menu_enum("handmocap.convert_rotation", "mode", text="Convert Rotation", icon="ORIENTATION_GIMBAL")


def _draw_own_strengths(layout: bpy.types.UILayout, settings: Any) -> None:
    header, body = layout.panel("handmocap_own_smoothing", default_closed=True)
    header.label(text="By Hand and Finger")
    if body is None:
        return
    column = body.column(align=True)
    for number, target in enumerate(SMOOTHING_TARGETS):
        row = column.row(align=True)
        row.prop(settings, "has_own_smoothing", index=number, text=target.replace("_", " ").capitalize())
        strength = row.row(align=True)
        strength.enabled = settings.has_own_smoothing[number]
        strength.prop(settings, "own_smoothing", index=number, text="", slider=True)


CLASSES = (HANDMOCAP_PT_fingers,)
