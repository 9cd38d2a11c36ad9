"""What the panel holds of motion files. Saved with the file."""

from __future__ import annotations

import bpy

from ...blender.version_differences import path_options
from ...core.body.motion_formats import MotionFormat

FORMAT_ITEMS = [(one.name, one.label, one.description) for one in MotionFormat]
UP_AXIS_ITEMS = [
    ("y", "Y Up", "As GVHMR, SMPL-X, Maya and most engines have it"),
    ("z", "Z Up", "As Blender and AMASS have it"),
]


class HandmocapMotionFiles(bpy.types.PropertyGroup):
    """The fields of the stage."""

    motion_format: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Format", description="Which kind of motion file is written, and for which program", items=FORMAT_ITEMS
    )
    up_axis: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Up", description="The axis that points up in the file", items=UP_AXIS_ITEMS
    )
    folder: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Folder",
        description="Where the files go; empty for where all results go",
        subtype="DIR_PATH",
        options=path_options(),
    )

    def chosen_format(self) -> MotionFormat:
        return MotionFormat[self.motion_format]


CLASSES = (HandmocapMotionFiles,)
