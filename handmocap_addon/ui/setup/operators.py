from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import bpy

from ...blender.jobs import ChildJob
from .. import panel_jobs
from ..drawing import waits_for
from ..preferences import environment_folder

STAGE = "setup"
_SET_UP_SCRIPT = Path(__file__).resolve().parent.parent.parent / "set_up.py"


class HANDMOCAP_OT_set_up(bpy.types.Operator):
    """Download and install into a folder of its own, outside Blender"""

    bl_idname = "handmocap.set_up"
    bl_label = "Set Up"

    what: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="What",
        items=(
            ("worker", "Hand Estimator", "MediaPipe and its hand model, about 600 MB on disk"),
            ("blender", "Exporter", "Blender as a Python module, about 1 GB; for builds without Alembic and USD"),
        ),
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if panel_jobs.is_running(STAGE):
            return waits_for(cls, "A set-up is running; cancel it first")
        if not bpy.app.online_access:
            return waits_for(cls, "Blender may not go online: turn on Preferences > System > Allow Online Access")
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        folder = environment_folder(context)
        with panel_jobs.sentences_for(self, STAGE):
            job = ChildJob([sys.executable, str(_SET_UP_SCRIPT), self.what, str(folder)], folder / "logs" / "set_up.log")
            panel_jobs.start(STAGE, job, job, _finished)
            return {"FINISHED"}
        return {"CANCELLED"}


def _finished(result: dict[str, Any]) -> str:
    return f"Ready in {result['folder']}"


CLASSES = (HANDMOCAP_OT_set_up,)
