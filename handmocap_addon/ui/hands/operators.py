from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ...blender.jobs import ChildJob
from ...blender.run import HAND_POSES_NAME, worker_command
from ...core import environments
from .. import panel_jobs
from ..drawing import waits_for
from ..preferences import environment_folder, wilor_folder
from ..settings import ESTIMATORS

STAGE = "hands"


class HANDMOCAP_OT_estimate(bpy.types.Operator):
    """Find the hands of the clip in a background process and write hand_poses.npz. Blender stays free meanwhile"""

    bl_idname = "handmocap.estimate"
    bl_label = "Estimate"

    output: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Output", description="The hand_poses.npz to write; empty for the scene's", subtype="FILE_PATH"
    )
    estimator: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Estimator", items=(("SCENE", "Scene's", "What the panel says"), *ESTIMATORS), default="SCENE"
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if panel_jobs.is_running(STAGE):
            return waits_for(cls, "Estimate is running; cancel it first")
        settings = context.scene.handmocap
        if settings.clip_path() is None:
            return waits_for(cls, "Choose a clip in Source first")
        if settings.frames == "RANGE" and settings.last_frame < settings.first_frame:
            return waits_for(cls, "The range of frames ends before it begins")
        if environments.find_worker(environment_folder(context)) is None:
            return waits_for(cls, "The hand estimator is not set up yet: press Set Up Hand Estimator below")
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = context.scene.handmocap
        clip = settings.clip_path()
        target = Path(bpy.path.abspath(self.output)) if self.output else settings.result_folder() / HAND_POSES_NAME
        estimator = settings.estimator if self.estimator == "SCENE" else self.estimator
        request = settings.estimate_request(target, estimator, wilor_folder(context))
        scene_name = context.scene.name

        def finish(result: dict[str, Any]) -> str:
            used = Path(result["clip"])
            # Another file may be open by now; then only the result file is left, which is whole.
            scene = bpy.data.scenes.get(scene_name)
            if scene is not None and scene.handmocap.clip_path() == clip:
                if used != clip:
                    # The camera's background must show the frames that the hands were found on.
                    scene.handmocap.clip = str(used)
                scene.handmocap.fill_in("hand_poses", str(target))
            found = result["detected"]
            whose = "" if used == clip else f" of GVHMR's {used.name}"
            return f"{result['frames']} frames{whose}: left hand seen on {found['left']}, right hand on {found['right']}"

        with panel_jobs.sentences_for(self, STAGE):
            command = worker_command(environment_folder(context), request.arguments())
            job = ChildJob(command, target.parent / "logs" / "estimate.log", targets=[target])
            panel_jobs.start(STAGE, job, job, finish)
            return {"FINISHED"}
        return {"CANCELLED"}


CLASSES = (HANDMOCAP_OT_estimate,)
