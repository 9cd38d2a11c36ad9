"""Writes motion files in a background Blender, on a saved copy of the open file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.audience import way_out
from ...core.body.motion_formats import MotionFormat
from ...core.body.parameters import UpAxis
from ...core.errors import BadInputError, BadUsageError
from ...core.files.atomic_files import ensure_output_folder
from ...core.skeleton import BODY_JOINTS
from ..jobs.scene_copy_job import SceneCopyJob, exporting_command
from ..rig.armatures import HAND_JOINTS, map_armature
from .exporters import has_exporter


@dataclass(frozen=True)
class MotionTarget:
    """One file to write."""

    motion_format: MotionFormat
    path: Path


@dataclass(frozen=True)
class MotionRequest:
    """Files of one armature's motion over whole frames, both ends included."""

    armature: str
    targets: tuple[MotionTarget, ...]
    first_frame: int
    last_frame: int
    up_axis: UpAxis = "y"  # where the format leaves it open
    hands: Path | None = None  # the hand_poses.npz that the fingers were made from

    @property
    def paths(self) -> list[Path]:
        return [target.path for target in self.targets]


def joints_needed(motion_format: MotionFormat) -> tuple[str, ...]:
    """The joints that must have bones for a format to be written; others rest in it."""
    if motion_format is MotionFormat.HANDS:
        return HAND_JOINTS
    if motion_format.needs_exporter:
        return ()
    return BODY_JOINTS if motion_format is MotionFormat.BODY_66 else (*BODY_JOINTS, *HAND_JOINTS)


def motion_request_for(
    armature: Any,
    targets: Sequence[MotionTarget],
    frames: tuple[int, int],
    up_axis: UpAxis = "y",
    hands: Path | None = None,
) -> MotionRequest:
    """Look at everything that can be found wrong without work.

    Raises:
        ArmatureError: the armature lacks bones that a format needs.
        BadUsageError: the range or a file's name cannot be, or a file is named twice.
        BadInputError: there is no file of hands.
    """
    for target in targets:
        if target.motion_format is MotionFormat.FBX or target.motion_format is MotionFormat.GLTF:
            if armature is None or armature.type != "ARMATURE":
                map_armature(armature)
        else:
            map_armature(armature, joints_needed(target.motion_format))
        target.motion_format.check_name(target.path)
        if hands is not None and target.path.resolve() == hands.resolve():
            raise BadUsageError(f"{hands.name} holds the estimate itself", "give the edited hands another name")
    paths = [target.path for target in targets]
    if len(set(paths)) != len(paths):
        raise BadUsageError("Two motion files have one name", "name each of them otherwise")
    if frames[1] < frames[0]:
        raise BadUsageError(f"The range {frames[0]} to {frames[1]} ends before it begins", "turn it round")
    if hands is not None and not hands.is_file():
        raise BadInputError(
            f"There is no file {hands}",
            way_out(
                "run Estimate first, or clear the Hands field", "name a hand_poses.npz that is there, or leave --hands out"
            ),
        )
    return MotionRequest(armature.name, tuple(targets), *frames, up_axis, hands)


class MotionJob(SceneCopyJob):
    """A running export."""

    def __init__(self, request: MotionRequest, bpy_python: Path | None, log_path: Path) -> None:
        """Start it.

        Raises:
            MissingSetupError, OutputError, WorkerFailedError: nothing was started.
        """
        for folder in {path.parent for path in request.paths}:
            ensure_output_folder(folder)
        formats = [target.motion_format for target in request.targets]
        lacking = next((one.label for one in formats if not has_exporter(one)), None)
        super().__init__(exporting_command(lacking, bpy_python), "export", request, request.paths, log_path)
