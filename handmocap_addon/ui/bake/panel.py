from __future__ import annotations

import bpy

from ..drawing import CATEGORY, stage_state
from ..flow.header import WithState
from .operators import STAGE


class HANDMOCAP_PT_bake(WithState, bpy.types.Panel):
    """Files for the next department"""

    bl_label = "Bake"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = CATEGORY
    bl_order = 6
    bl_options = {"DEFAULT_CLOSED"}
    stage = STAGE

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.handmocap
        column = self.layout.column()
        row = column.row(align=True)
        row.prop(settings, "bake_alembic", toggle=True)
        row.prop(settings, "bake_usd", toggle=True)
        column.prop(settings, "bake_folder")
        column.operator("handmocap.bake", icon="EXPORT")
        stage_state(column, STAGE)


CLASSES = (HANDMOCAP_PT_bake,)
