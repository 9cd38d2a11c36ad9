"""The frame of a stage's operators: when the button is grey and why, one step for undo, and what comes of a failure."""

from __future__ import annotations

from typing import Any, ClassVar

import bpy

from . import panel_jobs
from .blender_types import Answer, OperatorPart


class StageOperator(OperatorPart):
    """Does its `work`, and says in the panel of its `stage` what came of it.

    `needs` is one of the functions for `poll`, which greys the button out with a reason.
    """

    bl_options = {"REGISTER", "UNDO"}
    stage: ClassVar[str]

    @staticmethod
    def needs(operator_class: Any, context: bpy.types.Context) -> bool:  # noqa: ARG004
        """Whether there is what it needs; all there is by itself."""
        return True

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return cls.needs(cls, context)

    def execute(self, context: bpy.types.Context) -> Answer:
        with panel_jobs.sentences_for(self, self.stage):
            self.prepare_work(context)
            said = self.work(context)
            if said:
                panel_jobs.set_status(self.stage, True, said)
            return {"FINISHED"}
        return {"CANCELLED"}

    def prepare_work(self, context: bpy.types.Context) -> None:
        """What all of a kind do before their work."""

    def work(self, context: bpy.types.Context) -> str:
        """The sentence for the panel; empty where the work has said what there is to say.

        Raises:
            HandmocapError: its sentence is shown.
        """
        raise NotImplementedError


class JobOperator(StageOperator):
    """Starts a process, which says later what came of it. There is nothing to undo or to repeat."""

    bl_options = set()
