"""What the background Blender does for motion files: reads the pose as it is shown and writes it in each format."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ....core.body.motion_formats import MotionFormat
from ....core.body.parameter_files import write_amass, write_plain_poses, write_smpl
from ....core.body.parameters import BodyParameters
from ....core.body.shape import UNKNOWN_SHAPE, BodyShape
from ....core.files.atomic_files import replacing
from ....core.hands.hand_poses_file import read_hand_poses, write_hand_poses
from ....core.job_protocol import Progress
from ...jobs.scene_copy_order import SceneCopyOrder
from ...motion_files.request import MotionRequest, joints_needed
from ...rig.body_shapes import body_shape_of
from ...rig.pose_parameters import read_body_parameters
from ...scene_time import frame_rate_fraction
from ..edited_hands import shown_hand_poses
from ..object_mode import leave_modes
from .exchange_files import write_exchange_file

ProgressSink = Callable[[Progress], None]


def export_request(order: SceneCopyOrder, request: MotionRequest, report_progress: ProgressSink) -> list[dict[str, Any]]:
    """Open the order's file and write each target; returns one report a file.

    Raises:
        HandmocapError: targets that were not finished are as they were.
    """
    bpy.ops.wm.open_mainfile(filepath=str(order.blend))
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = request.first_frame, request.last_frame
    _show(scene, bpy.data.objects[request.armature])
    export = _Export(request, report_progress)
    return [export.write(target.motion_format, target.path) for target in request.targets]


def _show(scene: Any, armature: Any) -> None:
    """Blender does not evaluate what it shows nowhere. This is a copy."""
    leave_modes()
    if armature.name not in scene.collection.objects:
        scene.collection.objects.link(armature)
    armature.hide_viewport = False
    armature.hide_set(False)


class _Export:
    """One request's files; what several need is read once."""

    def __init__(self, request: MotionRequest, report_progress: ProgressSink) -> None:
        self._report_progress = report_progress
        self._scene = bpy.context.scene
        self._armature = bpy.data.objects[request.armature]
        self._frames = np.arange(request.first_frame, request.last_frame + 1, dtype=np.float64)
        self._up_axis = request.up_axis
        self._hands = request.hands
        self._fps = frame_rate_fraction(self._scene)
        self._formats = [target.motion_format for target in request.targets]
        self._parameters: BodyParameters | None = None

    def write(self, motion_format: MotionFormat, target: Path) -> dict[str, Any]:
        """Write one file and say what is in it."""
        if motion_format is MotionFormat.HANDS:
            content = self._write_hands(target)
        elif motion_format.needs_exporter:
            content = self._write_exchange(motion_format, target)
        else:
            content = self._write_parameters(motion_format, target)
        return {"path": str(target), "format": motion_format.value, "bytes": target.stat().st_size, **content}

    def _write_parameters(self, motion_format: MotionFormat, target: Path) -> dict[str, Any]:
        parameters = self._read()
        known = body_shape_of(self._armature)
        shape: BodyShape = known or UNKNOWN_SHAPE
        if motion_format is MotionFormat.AMASS:
            write_amass(target, parameters, shape, self._fps)
        elif motion_format is MotionFormat.SMPL:
            write_smpl(target, parameters, shape, self._fps)
        else:
            with_hands = motion_format is MotionFormat.BODY_AND_HANDS_156
            write_plain_poses(target, parameters.with_up(self._up_axis), shape, self._fps, with_hands)
        return {
            "frames": parameters.frame_count,
            "shape_known": known is not None,
            # What these formats cannot say.
            "largest_bone_offset_m": float(parameters.largest_offset.max()),
            "largest_bone_scale": float(parameters.largest_scale.max()),
        }

    def _read(self) -> BodyParameters:
        if self._parameters is None:
            needed = {joint for one in self._formats if one is not MotionFormat.HANDS for joint in joints_needed(one)}
            on_frame = self._counted("Reading the pose", len(self._frames))
            self._parameters = read_body_parameters(self._armature, self._frames, on_frame, sorted(needed))
        return self._parameters

    def _write_hands(self, target: Path) -> dict[str, Any]:
        source = read_hand_poses(self._hands) if self._hands is not None else None
        count = len(self._frames) if source is None else source.frame_count
        on_frame = self._counted("Reading the fingers", count)
        poses = shown_hand_poses(self._armature, self._scene, source, self._frames, self._fps, on_frame)
        write_hand_poses(target, poses)
        return {"frames": count}

    def _write_exchange(self, motion_format: MotionFormat, target: Path) -> dict[str, Any]:
        first, count = int(self._frames[0]), len(self._frames)
        counted = self._counted(f"Writing {target.name}", count)

        def on_frame(frame: int) -> None:
            # Exporters also go to frames outside of the range, before and after.
            if first <= frame < first + count:
                counted(frame - first + 1)

        with replacing(target) as temporary:
            write_exchange_file(motion_format, self._armature, temporary, self._up_axis, on_frame)
        return {"frames": count}

    def _counted(self, stage: str, total: int) -> Callable[[int], None]:
        started = time.monotonic()

        def counted(done: int) -> None:
            elapsed = time.monotonic() - started
            fps = done / elapsed if elapsed > 0 else 0.0
            eta = round((total - done) / fps, 1) if fps else None
            self._report_progress(Progress(stage, done, total, round(fps, 2), eta))

        return counted
