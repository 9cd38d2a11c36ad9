from __future__ import annotations

import bpy

from ..drawing import CATEGORY, sentence


class HANDMOCAP_PT_source(bpy.types.Panel):
    """The clip and the GVHMR result"""

    bl_label = "Source"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = CATEGORY
    bl_order = 0

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.handmocap
        column = self.layout.column()
        column.prop(settings, "clip")
        column.prop(settings, "gvhmr")
        for path, name in ((settings.clip_path(), "clip"), (settings.gvhmr_path(), "GVHMR result")):
            if path is not None and not path.exists():
                sentence(column, f"There is no {name} {path}", "ERROR")


CLASSES = (HANDMOCAP_PT_source,)
