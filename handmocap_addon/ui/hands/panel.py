from __future__ import annotations

from typing import Any

import bpy

from ..common.drawing import sentence, stage_state
from ..state.header import WithState
from .operators import STAGE


class HANDMOCAP_PT_hands(WithState, bpy.types.Panel):
    """From the clip to raw hands"""

    bl_label = "Hands"
    bl_order = 1
    stage = STAGE

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.handmocap
        column = self.layout.column()
        column.prop(settings, "estimator", text="")
        if settings.estimator == "wilor":
            row = column.row(align=True)
            row.prop(settings, "detector_size")
            row.prop(settings, "batch")
        place = settings.result_place()
        if place.said:
            sentence(column, place.said, "ERROR" if place.folder is None else "INFO")
        column.operator("handmocap.estimate", icon="VIEW_PAN")
        stage_state(column, STAGE)
        column.prop(settings, "hand_poses")
        _draw_what(self.layout, settings)


def _draw_what(layout: bpy.types.UILayout, settings: Any) -> None:
    header, body = layout.panel("handmocap_estimate_what", default_closed=True)
    whole = settings.sides == "BOTH" and settings.frames == "ALL" and not settings.afresh
    header.label(text="Again, or in Part", icon="NONE" if whole else "INFO")
    if body is None:
        return
    column = body.column()
    column.row().prop(settings, "sides", expand=True)
    column.row().prop(settings, "frames", expand=True)
    if settings.frames == "RANGE":
        row = column.row(align=True)
        row.prop(settings, "first_frame")
        row.prop(settings, "last_frame")
    column.prop(settings, "afresh")


CLASSES = (HANDMOCAP_PT_hands,)
