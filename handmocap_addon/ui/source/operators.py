from __future__ import annotations

import bpy

from ...blender.version_differences import path_options
from ...core.body.makers import BODY_SUFFIXES
from ...core.hands.hand_poses_file import is_hand_poses
from ..common import panel_jobs
from ..common.blender_types import Answer
from ..common.chosen_paths import path_said
from ..common.stages import SOURCE as STAGE

MOVIES = (".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".mpg", ".mpeg", ".mxf")


class HANDMOCAP_OT_choose_clip(bpy.types.Operator):
    """Choose the movie, a body's motion such as GVHMR's hmr4d_results.pt, or hands, and fill in what lies beside it"""

    bl_idname = "handmocap.choose_clip"
    bl_label = "Choose Clip"
    bl_options = {"REGISTER", "UNDO"}

    filepath: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Clip",
        description="The movie, the body's motion or the hands",
        subtype="FILE_PATH",
        options=path_options("SKIP_SAVE"),
    )
    filter_glob: bpy.props.StringProperty(  # type: ignore[valid-type]
        default=";".join(f"*{suffix}" for suffix in (*MOVIES, *BODY_SUFFIXES)), options={"HIDDEN"}
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Answer:
        if self.filepath:  # dropped on the viewport
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> Answer:
        path, settings = path_said(self.filepath), context.scene.handmocap
        if not path.is_file():
            self.report({"ERROR"}, f"There is no file {path}: choose a movie or a body's motion")
            return {"CANCELLED"}
        if path.suffix.lower() not in (*MOVIES, *BODY_SUFFIXES):
            self.report({"ERROR"}, f"{path.name} is neither a movie nor a body's motion: choose another file")
            return {"CANCELLED"}
        if is_hand_poses(path):
            settings.hand_poses = str(path)
            return {"FINISHED"}
        if path.suffix.lower() in BODY_SUFFIXES:
            settings.gvhmr = str(path)
            return {"FINISHED"}
        settings.clip = str(path)
        said = panel_jobs.status(STAGE)
        if said is not None:
            self.report({"INFO"} if said.ok else {"WARNING"}, said.sentence)
        return {"FINISHED"}


class HANDMOCAP_FH_clip(bpy.types.FileHandler):
    """Dropping a movie, a body's motion or hands on the viewport or its sidebar chooses them"""

    bl_idname = "HANDMOCAP_FH_clip"
    bl_label = "handmocap: Choose Clip"
    bl_import_operator = "handmocap.choose_clip"
    bl_file_extensions = ";".join((*MOVIES, *BODY_SUFFIXES))

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return context.area is not None and context.area.type == "VIEW_3D"


CLASSES = (HANDMOCAP_OT_choose_clip, HANDMOCAP_FH_clip)
