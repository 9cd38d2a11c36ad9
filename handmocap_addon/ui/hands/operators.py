from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ...blender.jobs.child_job import ChildJob
from ...blender.jobs.worker_command import worker_command
from ...blender.version_differences import path_options
from ...core.body.body_choices import GVHMR
from ...core.files.atomic_files import ensure_output_folder
from ...core.hands.hand_poses_file import HAND_POSES_NAME
from ..common import panel_jobs
from ..common.choices import GVHMR_MISSING
from ..common.drawing import waits_for
from ..common.estimators import ESTIMATORS
from ..common.preferences import device, environment_folder, wilor_folder
from ..common.stage_operator import JobOperator
from ..overlay.right_picture import bring_up_to_date
from ..state import disk

STAGE = "hands"


class HANDMOCAP_OT_estimate(JobOperator, bpy.types.Operator):
    """Find the hands of the clip in a background process and write hand_poses.npz. Blender stays free meanwhile"""

    bl_idname = "handmocap.estimate"
    bl_label = "Estimate"
    stage = STAGE

    output: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Output",
        description="The hand_poses.npz to write; empty for the scene's",
        subtype="FILE_PATH",
        options=path_options(),
    )
    estimator: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Estimator",
        description="What finds the hands, for this run alone",
        items=(("SCENE", "Scene's", "What the panel says"), *ESTIMATORS),
        default="SCENE",
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if panel_jobs.is_running(STAGE):
            whose = panel_jobs.whose(STAGE, context.scene)
            return waits_for(cls, f"Estimate is running{' for ' + whose if whose else ''}; cancel it first")
        settings = context.scene.handmocap
        if settings.clip_path() is None:
            return waits_for(cls, "Choose a clip in Source first")
        place = settings.result_place()
        if place.folder is None:
            return waits_for(cls, place.said)
        if settings.frames == "RANGE" and settings.last_frame < settings.first_frame:
            return waits_for(cls, "The range of frames ends before it begins")
        if settings.worker_body() == GVHMR and not settings.runs_gvhmr():
            return waits_for(cls, GVHMR_MISSING)
        estimator = settings.estimator
        if not disk.has_estimator(environment_folder(context), estimator):
            button = "WiLoR" if estimator == "wilor" else "Hand Estimator"
            is_outdated = disk.is_outdated(environment_folder(context), "worker")
            why = "was set up by another version" if is_outdated else "is not set up yet"
            return waits_for(cls, f"The hand estimator {why}: press Set Up {button} in Set-up")
        return True

    def work(self, context: bpy.types.Context) -> str:
        settings = context.scene.handmocap
        clip = settings.clip_path()
        target = Path(bpy.path.abspath(self.output)) if self.output else settings.result_folder() / HAND_POSES_NAME
        estimator = settings.estimator if self.estimator == "SCENE" else self.estimator
        asked_for = settings.worker_body()
        request = settings.estimate_request(target, estimator, wilor_folder(context), device(context))

        def finish(result: dict[str, Any]) -> str:
            used, seen = Path(result["clip"]), result["detected"]
            whose = "" if used == clip else f" of GVHMR's {used.name}"
            again = ", as before" if result["reused"] else ""
            made = "GVHMR's body" if asked_for == GVHMR else "the body from the clip"
            body = f"; with {made}" if result.get("body") else ""
            body = f". {result['no_body']}" if result.get("no_body") else body
            hands = f"left hand seen on {seen['left']}, right hand on {seen['right']}"
            return f"{result['frames']} frames{whose}{again}: {hands}{body}"

        def fill_in(scene: bpy.types.Scene, result: dict[str, Any], again: bool) -> None:
            fields, used = scene.handmocap, Path(result["clip"])
            if fields.clip_path() not in (clip, used):
                return
            if again and fields.hand_poses not in ("", fields.found_hand_poses):
                return  # hands that the artist chose himself
            if fields.clip_path() != used:
                # The camera's background must show the frames that the hands were found on.
                fields.clip = str(used)
            fields.fill_in("hand_poses", str(target))
            if result.get("body") and (fields.given_body() is None or fields.body_from == "MEDIAPIPE"):
                fields.fill_in("gvhmr", result["body"])
            if not again:
                bring_up_to_date(scene)

        ensure_output_folder(target.parent)
        command = worker_command(environment_folder(context), request.arguments(), estimator)
        job = ChildJob(command, target.parent / "logs" / "estimate.log", targets=[target])
        panel_jobs.start(STAGE, job, job, finish, context.scene, fill_in)
        return ""


CLASSES = (HANDMOCAP_OT_estimate,)
