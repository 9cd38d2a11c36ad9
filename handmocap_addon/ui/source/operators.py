from __future__ import annotations

from pathlib import Path

import bpy

from ...blender.version_differences import path_options
from ...core.body.gvhmr_file import RESULT_NAME
from ..common import panel_jobs
from ..common.chosen_paths import path_said
from ..common.stages import SOURCE as STAGE

MOVIES = (".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".mpg", ".mpeg", ".mxf")
_BODY = Path(RESULT_NAME).suffix


class HANDMOCAP_OT_choose_clip(bpy.types.Operator):
    """Choose the movie, or GVHMR's hmr4d_results.pt, and fill in what lies beside it: bodies, people, earlier hands"""

    bl_idname = "handmocap.choose_clip"
    bl_label = "Choose Clip"
    bl_options = {"REGISTER", "UNDO"}

    filepath: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Clip", description="The movie, or the GVHMR result", subtype="FILE_PATH", options=path_options("SKIP_SAVE")
    )
    filter_glob: bpy.props.StringProperty(  # type: ignore[valid-type]
        default=";".join(f"*{suffix}" for suffix in MOVIES), options={"HIDDEN"}
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if self.filepath:  # dropped on the viewport
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        path, settings = path_said(self.filepath), context.scene.handmocap
        if not path.is_file():
            self.report({"ERROR"}, f"There is no file {path}: choose a movie or a GVHMR result")
            return {"CANCELLED"}
        if path.suffix.lower() not in (*MOVIES, _BODY):
            self.report({"ERROR"}, f"{path.name} is neither a movie nor a GVHMR result: choose another file")
            return {"CANCELLED"}
        if path.suffix.lower() == _BODY:
            settings.gvhmr = str(path)
            return {"FINISHED"}
        settings.clip = str(path)
        said = panel_jobs.status(STAGE)
        if said is not None:
            self.report({"INFO"} if said.ok else {"WARNING"}, said.sentence)
        return {"FINISHED"}


class HANDMOCAP_FH_clip(bpy.types.FileHandler):
    """Dropping a movie or a GVHMR result on the viewport or its sidebar offers it as the clip"""

    bl_idname = "HANDMOCAP_FH_clip"
    bl_label = "handmocap: Choose Clip"
    bl_import_operator = "handmocap.choose_clip"
    bl_file_extensions = ";".join((*MOVIES, _BODY))

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return context.area is not None and context.area.type == "VIEW_3D"


CLASSES = (HANDMOCAP_OT_choose_clip, HANDMOCAP_FH_clip)
