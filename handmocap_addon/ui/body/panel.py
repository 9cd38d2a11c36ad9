from __future__ import annotations

import bpy

from ..apply.keys_in_the_way import keys_in_the_way
from ..common.drawing import stage_state
from ..common.preferences import smplx_folder
from ..common.stages import BODY as STAGE
from ..state.header import WithState


class HANDMOCAP_PT_body(WithState, bpy.types.Panel):
    """The armature, and GVHMR's motion on it"""

    bl_label = "Body"
    bl_order = 2
    stage = STAGE

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
        row = column.row(align=True)
        row.operator("handmocap.apply_body", icon="ARMATURE_DATA")
        row.prop(settings, "steady_camera", text="", icon="CAMERA_DATA")
        stage_state(column, STAGE)
        keys_in_the_way(column, STAGE)
        header, body = self.layout.panel("handmocap_wrists", default_closed=True)
        header.label(text="Arms and Wrists")
        if body is not None:
            body.prop(settings, "arms_to_hands")
            body.prop(settings, "wrist")
            body.prop(settings, "forearm_twist", slider=True)


CLASSES = (HANDMOCAP_PT_body,)
