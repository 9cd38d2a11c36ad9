from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ...blender.bake.exact_request import ExactRequest, exact_request
from ...blender.bake.request import BakeJob, request_for
from ...blender.rig.body_stillness import stillness_warnings
from ...blender.version_differences import path_options
from ...core.bake.options import BakeOptions
from ...core.errors import BadUsageError, HandmocapError
from ...set_up import environments
from ..common import panel_jobs
from ..common.chosen_paths import path_said
from ..common.drawing import has_armature, waits_for
from ..common.preferences import environment_folder
from ..common.stage_operator import JobOperator
from ..state.bake_targets import bake_targets

STAGE = "bake"
_NAMED = 3  # files; of more there is only room for their number


class HANDMOCAP_OT_bake(JobOperator, bpy.types.Operator):
    """Bake the deformed mesh over the scene's range in a background process, read it back and compare it with the scene"""

    bl_idname = "handmocap.bake"
    bl_label = "Bake"
    stage = STAGE

    folder: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Folder", description="Where the files go; empty for the scene's", subtype="DIR_PATH", options=path_options()
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        settings = context.scene.handmocap
        if panel_jobs.is_running(STAGE):
            whose = panel_jobs.whose(STAGE, context.scene)
            return waits_for(cls, f"A bake is running{' for ' + whose if whose else ''}; cancel it first")
        if not has_armature(cls, context):
            return False
        if not (settings.bake_alembic or settings.bake_usd):
            return waits_for(cls, "Choose Alembic, USD or both")
        if not (settings.bake.body or settings.bake.hands or settings.bake.camera):
            return waits_for(cls, "Choose a part: body, hands or camera")
        place = settings.result_place()
        if not settings.bake_folder and place.folder is None and place.said:
            return waits_for(cls, place.said)
        lacking = what_exact_lacks(context)
        return waits_for(cls, lacking) if lacking else True

    def work(self, context: bpy.types.Context) -> str:
        settings = context.scene.handmocap
        targets = bake_targets(context, self.folder)
        if not targets:
            raise BadUsageError("It is not known where to bake to", "choose a folder")
        module = environments.find_blender_module(environment_folder(context))
        readers = environments.find_readers(environment_folder(context))
        options = settings.bake.options()
        exact = _exact(context, options)
        request = request_for(settings.armature, targets, context.scene, options, _sources(settings), exact)
        log = targets[0].parent / "logs" / "bake.log"
        bake = BakeJob(request, module.python if module else None, log, readers.python if readers else None)
        warnings = stillness_warnings(settings.armature)
        for warning in warnings:
            self.report({"WARNING"}, warning)

        def finished(result: dict[str, Any]) -> str:
            return ". ".join((_finished(result), *warnings))

        panel_jobs.start(STAGE, bake, bake.job, finished, context.scene)
        return ""


def _exact(context: bpy.types.Context, options: BakeOptions) -> ExactRequest | None:
    settings = context.scene.handmocap
    return exact_request(options, settings.armature, _model(settings.smplx_model), environment_folder(context))


def what_exact_lacks(context: bpy.types.Context) -> str:
    """The sentence for an exact surface that is chosen and cannot be had; empty where all is there."""
    settings = context.scene.handmocap
    if settings.bake.geometry == "EXACT" and settings.armature is not None:
        try:
            _exact(context, BakeOptions(geometry="exact"))
        except HandmocapError as error:
            return error.sentence()
    return ""


def _model(text: str) -> Path | None:
    return path_said(text) if text else None


def _sources(settings: Any) -> dict[str, Path]:
    """What the shot was made of, so far as the panel knows."""
    paths = {"clip": settings.clip_path(), "hand_poses": settings.hand_poses_path(), "gvhmr": settings.gvhmr_path()}
    return {what: path for what, path in paths.items() if path is not None}


def _finished(result: dict[str, Any]) -> str:
    files = result["files"]
    kept = sum(bool(file.get("kept")) for file in files)
    names = " and ".join(Path(file["path"]).name for file in files) if len(files) <= _NAMED else f"{len(files)} files"
    largest = max(file["largest_distance_m"] for file in files)
    frames = max(file["last_frame"] for file in files) - min(file["first_frame"] for file in files) + 1
    return f"{names}{f' ({kept} kept)' if kept else ''}: {frames} frames, at most {largest * 1000:.3f} mm from the scene"


CLASSES = (HANDMOCAP_OT_bake,)
