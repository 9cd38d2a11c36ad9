"""The state of a stage in the header of its panel."""

from __future__ import annotations

from typing import ClassVar

import bpy

from ..common.drawing import InSidebar
from .states import ICONS, state_of


class WithState(InSidebar):
    """A panel whose header shows how far its stage is, also while it is closed."""

    bl_options = {"DEFAULT_CLOSED"}
    stage: ClassVar[str]

    def draw_header(self, context: bpy.types.Context) -> None:
        self.layout.label(text="", icon=ICONS[state_of(context, self.stage).kind])
