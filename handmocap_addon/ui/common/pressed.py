"""Operators whose redo panel says what was done: pressed, they first take from the panel what a script may leave out."""

from __future__ import annotations

from typing import ClassVar

import bpy

from . import panel_jobs
from .blender_types import Answer
from .stage_operator import StageOperator


class TakesFromPanel(StageOperator):
    """For operators of a stage. A script's empty properties still mean what the panel says.

    `taken` are the properties that are filled in, each unless it was given.
    """

    taken: ClassVar[tuple[str, ...]] = ()

    def take_from_panel(self, context: bpy.types.Context) -> None:
        """Fill in what was not given.

        Raises:
            HandmocapError: the panel's choice cannot be followed.
        """
        raise NotImplementedError

    def is_given(self, name: str) -> bool:
        return bool(self.properties.is_property_set(name))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Answer:
        with panel_jobs.sentences_for(self, self.stage):
            self.take_from_panel(context)
            return self.execute(context)
        return {"CANCELLED"}

    def prepare_work(self, context: bpy.types.Context) -> None:
        """Repeat Last (Shift R) means the tool, on what is chosen now; the redo panel means what it shows.

        Raises:
            HandmocapError: the panel's choice cannot be followed.
        """
        if self.options.is_repeat_last:
            for name in self.taken:
                self.properties.property_unset(name)
            self.take_from_panel(context)
