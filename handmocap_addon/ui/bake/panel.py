from __future__ import annotations

import bpy

from ...blender.rig.body_stillness import stillness_warnings
from ..common.drawing import sentence, stage_state
from ..common.preferences import environment_folder
from ..state import disk
from ..state.header import WithState
from ..state.states import armature_of
from .operators import STAGE, what_exact_lacks
from .settings import HandmocapBakeSettings


class HANDMOCAP_PT_bake(WithState, bpy.types.Panel):
    """Files for the next department"""

    bl_label = "Bake"
    bl_order = 6
    stage = STAGE

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.handmocap
        column = self.layout.column()
        row = column.row(align=True)
        row.prop(settings, "bake_alembic", toggle=True)
        row.prop(settings, "bake_usd", toggle=True)
        column.prop(settings.bake, "preset")
        _draw_options(column, settings.bake)
        lacking = what_exact_lacks(context)
        if lacking:
            sentence(column, lacking, "INFO")
        column.prop(settings, "bake_folder")
        place = settings.result_place()
        if place.said and not settings.bake_folder:
            sentence(column, place.said, "ERROR" if place.folder is None else "INFO")
        armature = armature_of(context)
        for warning in stillness_warnings(armature) if armature is not None else ():
            sentence(column, warning, "ERROR")
        column.operator("handmocap.bake", icon="EXPORT")
        stage_state(column, STAGE)
        if not disk.is_set_up(environment_folder(context), "readers"):
            row = column.row()
            row.label(text="Checked by Blender alone", icon="INFO")
            row.operator("handmocap.set_up", text="Set Up Readers", icon="IMPORT").what = "readers"


def _draw_options(column: bpy.types.UILayout, bake: HandmocapBakeSettings) -> None:
    header, body = column.panel("handmocap_bake_parts", default_closed=True)
    header.label(text="Geometry and Parts")
    if body is not None:
        body.prop(bake, "geometry", text="")
        row = body.row(align=True)
        for part in ("body", "hands", "camera"):
            row.prop(bake, part, toggle=True)
        body.prop(bake, "apart")
    header, body = column.panel("handmocap_bake_time", default_closed=True)
    header.label(text="Range and Time")
    if body is not None:
        body.prop(bake, "own_range")
        row = body.row(align=True)
        row.active = bake.own_range
        row.prop(bake, "first_frame")
        row.prop(bake, "last_frame")
        body.prop(bake, "handles")
        row = body.row(align=True)
        row.prop(bake, "in_pieces", toggle=True)
        pieces = row.row(align=True)
        pieces.active = bake.in_pieces
        pieces.prop(bake, "piece_frames")
        body.prop(bake, "samples")
        row = body.row(align=True)
        row.active = bake.samples > 1
        row.prop(bake, "shutter_open", text="Opens")
        row.prop(bake, "shutter_close")
        body.prop(bake, "frame_rate")
    header, body = column.panel("handmocap_bake_space", default_closed=True)
    header.label(text="Unit, Axis and Place")
    if body is not None:
        row = body.row(align=True)
        row.prop(bake, "unit", text="")
        row.prop(bake, "up_axis", text="")
        row = body.row(align=True)
        row.prop(bake, "normals", toggle=True)
        row.prop(bake, "uvs", toggle=True)
        body.prop(bake, "place", text="")
        if bake.place == "GIVEN":
            body.prop(bake, "offset", text="")


CLASSES = (HANDMOCAP_PT_bake,)
