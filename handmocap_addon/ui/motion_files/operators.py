"""AMASS, .smpl, plain npz, hands, FBX and glTF."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ...blender.motion_files.request import MotionJob, MotionTarget, motion_request_for
from ...blender.version_differences import path_options
from ...core.body.motion_formats import MotionFormat
from ...core.errors import BadUsageError
from ...set_up import environments
from ..common import panel_jobs
from ..common.blender_types import Answer
from ..common.chosen_paths import chosen_folder
from ..common.drawing import has_armature, waits_for
from ..common.guards import quiet
from ..common.preferences import environment_folder
from ..common.stage_operator import JobOperator
from .settings import FORMAT_ITEMS, UP_AXIS_ITEMS

STAGE = "motion files"
# Moved bones under this are Blender's own rounding.
_WORTH_TELLING_METRES = 1e-4


class HANDMOCAP_OT_export_motion(JobOperator, bpy.types.Operator):
    """Write the armature's motion over the scene's range, as it is shown with all edits, in a background process"""

    bl_idname = "handmocap.export_motion"
    bl_label = "Export Motion"
    stage = STAGE

    motion_format: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Format", description="Which kind of motion file is written, and for which program", items=FORMAT_ITEMS
    )
    up_axis: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Up",
        description="The axis that points up in the file. AMASS is always z up, .smpl and glTF are y up",
        items=UP_AXIS_ITEMS,
    )
    filepath: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="File",
        description="The file; empty for the panel's folder and the format's usual name",
        subtype="FILE_PATH",
        options=path_options(),
    )
    filter_glob: bpy.props.StringProperty(default="*.npz;*.smpl;*.fbx;*.glb", options={"HIDDEN"})  # type: ignore[valid-type]
    check_existing: bpy.props.BoolProperty(default=True, options={"HIDDEN"})  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if panel_jobs.is_running(STAGE):
            whose = panel_jobs.whose(STAGE, context.scene)
            return waits_for(cls, f"An export is running{' for ' + whose if whose else ''}; cancel it first")
        return has_armature(cls, context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Answer:
        if not self.filepath:
            self.filepath = str((_folder(context) or Path()) / self._format.file_name)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def check(self, _context: bpy.types.Context) -> bool:
        """The file browser's name follows the format."""
        path = Path(self.filepath)
        named = path.with_suffix(self._format.suffix) if path.stem else path
        changed = str(named) != self.filepath
        self.filepath = str(named)
        return changed

    def draw(self, _context: bpy.types.Context) -> None:
        """Beside the file browser."""
        column = self.layout.column()
        column.prop(self, "motion_format")
        if self._format.has_up_axis:
            column.row().prop(self, "up_axis", expand=True)

    def work(self, context: bpy.types.Context) -> str:
        scene, settings = context.scene, context.scene.handmocap
        path = self._path(context)
        if path is None:
            raise BadUsageError("It is not known where to write to", "choose a folder for the motion files")
        hands = settings.hand_poses_path() if self._format is MotionFormat.HANDS else None
        frames = (scene.frame_start, scene.frame_end)
        target = MotionTarget(self._format, path)
        request = motion_request_for(settings.armature, [target], frames, self.up_axis, hands)
        module = environments.find_blender_module(environment_folder(context))
        export = MotionJob(request, module.python if module else None, path.parent / "logs" / "export.log")
        panel_jobs.start(STAGE, export, export.job, _finished, scene)
        return ""

    @property
    def _format(self) -> MotionFormat:
        return MotionFormat[self.motion_format]

    def _path(self, context: bpy.types.Context) -> Path | None:
        if self.filepath:
            path = Path(bpy.path.abspath(self.filepath))
            return path if path.suffix else path.with_suffix(self._format.suffix)
        folder = _folder(context)
        return folder / self._format.file_name if folder is not None else None


def _folder(context: bpy.types.Context) -> Path | None:
    settings = context.scene.handmocap
    chosen = settings.motion_files.folder
    if chosen:
        return chosen_folder(chosen)
    hands = settings.hand_poses_path()
    return settings.result_folder() or (hands.parent if hands is not None else None)


def _finished(result: dict[str, Any]) -> str:
    (file,) = result["files"]
    said = [f"{Path(file['path']).name}: {file['frames']} frames"]
    if file.get("largest_bone_offset_m", 0.0) > _WORTH_TELLING_METRES:
        said.append(f"bones that were moved or scaled are off by up to {file['largest_bone_offset_m'] * 1000:.1f} mm in it")
    if not file.get("shape_known", True):
        said.append("the body's shape is not known, so its betas are 0")
    return "; ".join(said)


class HANDMOCAP_MT_export_motion(bpy.types.Menu):
    """The armature of the handmocap tab, for other programs"""

    bl_idname = "HANDMOCAP_MT_export_motion"
    bl_label = "Motion of SMPL-X Armature (handmocap)"

    def draw(self, _context: bpy.types.Context) -> None:
        for one in MotionFormat:
            text = f"{one.label} ({one.suffix})"
            self.layout.operator("handmocap.export_motion", text=text).motion_format = one.name


@quiet
def draw_export_entry(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """The submenu of File > Export."""
    menu.layout.menu(HANDMOCAP_MT_export_motion.bl_idname)


CLASSES = (HANDMOCAP_OT_export_motion, HANDMOCAP_MT_export_motion)
