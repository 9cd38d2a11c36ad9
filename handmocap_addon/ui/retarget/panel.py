from __future__ import annotations

import bpy

from ...core.skeleton import SIDES
from ..common.drawing import InSidebar, stage_state
from .operators import STAGE
from .settings import HandmocapRetargetSettings


class HANDMOCAP_PT_retarget(InSidebar, bpy.types.Panel):
    """The fingers on Rigify, Mixamo or another rig"""

    bl_label = "To Another Rig"
    bl_order = 5
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        retarget = context.scene.handmocap.retarget
        column = self.layout.column()
        column.prop(retarget, "target")
        if retarget.target is not None:
            _draw_map(column, retarget)
            column.prop(retarget, "same_pose")
        column.operator("handmocap.transfer_fingers", icon="CON_ARMATURE")
        stage_state(column, STAGE)


def _draw_map(layout: bpy.types.UILayout, retarget: HandmocapRetargetSettings) -> None:
    header, body = layout.panel("handmocap_bone_map", default_closed=True)
    count = sum(bool(item.bone) for item in retarget.bones)
    header.label(
        text=f"{retarget.map_name or 'No map'}: {count} of {len(retarget.bones)} bones" if count else "No bones yet"
    )
    header.operator("handmocap.detect_bone_map", text="", icon="VIEWZOOM")
    header.operator("handmocap.load_bone_map", text="", icon="FILE_FOLDER")
    header.operator("handmocap.save_bone_map", text="", icon="FILE_TICK")
    if body is None:
        return
    for side in SIDES:
        column = body.column(align=True)
        column.label(text=f"{side.capitalize()} hand")
        for item in retarget.bones:
            if item.name.startswith(side):
                name = item.name.removeprefix(f"{side}_").capitalize()
                column.prop_search(item, "bone", retarget.target.data, "bones", text=name)


CLASSES = (HANDMOCAP_PT_retarget,)
