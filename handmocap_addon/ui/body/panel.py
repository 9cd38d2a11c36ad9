from __future__ import annotations

import bpy

from ..drawing import CATEGORY, stage_state
from ..preferences import smplx_folder
from .operators import STAGE


class HANDMOCAP_PT_body(bpy.types.Panel):
    """The armature, and GVHMR's motion on it"""

    bl_label = "Body"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = CATEGORY
    bl_order = 2

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.handmocap
        column = self.layout.column()
        column.row().prop(settings, "body", expand=True)
        if settings.body == "FILE":
            if smplx_folder(context) is not None and not settings.smplx_model:
                column.row().prop(settings, "smplx_kind", expand=True)
            column.prop(settings, "smplx_model")
        column.operator("handmocap.add_body", icon="OUTLINER_OB_ARMATURE")
        column.prop(settings, "armature")
        column.prop(settings, "wrist")
        column.prop(settings, "forearm_twist", slider=True)
        row = column.row(align=True)
        row.operator("handmocap.apply_body", icon="ARMATURE_DATA")
        row.prop(settings, "steady_camera", text="", icon="CAMERA_DATA")
        stage_state(column, STAGE)


CLASSES = (HANDMOCAP_PT_body,)
