"""What is shown over the clip. Saved with the file."""

from __future__ import annotations

import bpy


class HandmocapShown(bpy.types.PropertyGroup):
    """Switches of what is drawn over the clip."""

    hands: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Hands", description="Draw the measured hands over the clip behind the camera", default=True
    )
    boxes: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Boxes",
        description="Draw each hand's box with its side and score; dashed where the hand was filled in",
        default=True,
    )
    strip: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Strip",
        description="Draw a line for each hand over the clip's length: seen, filled in, missing. Click it to go to a frame",
        default=True,
    )


CLASSES = (HandmocapShown,)
