"""How far each stage is. Facts of the file, of its armature and of the disk; only jobs and failures are the session's."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ...blender.cleanup.problems import read_problems
from ...blender.curves.made_from import recall
from ...blender.curves.tool_actions import written_action
from ...blender.motion.apply_warnings import warnings_of
from ...blender.rig.armatures import map_armature
from ...blender.rig.body_stillness import NO_BODY_MOTION, moves_body
from ...blender.version_differences import can_export
from ...core.body.body_motion_file import BODY_MOTION_NAME
from ...core.errors import HandmocapError, HandPosesFileError
from ..common import panel_jobs
from ..common.blender_types import Icon
from ..common.preferences import environment_folder
from . import disk, origins
from .bake_targets import baked_files


class Kind(enum.Enum):
    """How far a stage is."""

    NOTHING = "nothing yet"
    RUNNING = "running"
    DONE = "done"
    LOOK = "needs a look"
    FAILED = "failed"
    OUTDATED = "out of date"


ICONS: dict[Kind, Icon] = {
    Kind.NOTHING: "RADIOBUT_OFF",
    Kind.RUNNING: "TIME",
    Kind.DONE: "CHECKMARK",
    Kind.LOOK: "VIEWZOOM",
    Kind.FAILED: "ERROR",
    Kind.OUTDATED: "FILE_REFRESH",
}
STAGES = {
    "setup": "Set-up",
    "source": "Clip",
    "hands": "Hands",
    "body": "Body",
    "fingers": "Fingers",
    "cleanup": "Cleanup",
    "bake": "Bake",
}


@dataclass(frozen=True)
class StageState:
    """How far a stage is, in a word and in a few; the log of a failure where there is one."""

    kind: Kind
    text: str = ""
    fraction: float = 0.0
    log_path: Path | None = None


def state_of(context: bpy.types.Context, stage: str) -> StageState:
    """What the panel shows: a job of this scene that runs, else what failed last, else the facts."""
    if panel_jobs.is_running(stage) and not panel_jobs.whose(stage, context.scene):
        progress = panel_jobs.progress(stage)
        if panel_jobs.is_cancelled(stage):
            return StageState(Kind.RUNNING, "Cancelling", progress.fraction if progress else 0.0)
        return StageState(Kind.RUNNING, "Starting") if progress is None else _running(progress.fraction, progress.eta_s)
    said = panel_jobs.status(stage)
    if (
        said is not None
        and not (said.ok or said.is_refusal)
        and (said.owner is None or not said.owner.name_for(context.scene))
    ):
        return StageState(Kind.FAILED, said.sentence, log_path=said.log_path)
    return facts_of(context, stage)


def facts_of(context: bpy.types.Context, stage: str) -> StageState:
    """How far a stage is, whatever was pressed last."""
    return _FACTS[stage](context)


def _running(fraction: float, eta_seconds: float | None) -> StageState:
    left = f", {eta_seconds:.0f} s left" if eta_seconds is not None else ""
    return StageState(Kind.RUNNING, f"{fraction:.0%}{left}", fraction)


def _set_up(context: bpy.types.Context) -> StageState:
    settings, folder = context.scene.handmocap, environment_folder(context)
    if not disk.has_estimator(folder, settings.estimator):
        return StageState(Kind.NOTHING, "No estimator yet")
    if not can_bake(context):
        return StageState(Kind.LOOK, "No exporter yet")
    return StageState(Kind.DONE, "Ready")


def can_bake(context: bpy.types.Context) -> bool:
    """Whether this Blender, or the `bpy` environment, writes the formats that are chosen."""
    settings = context.scene.handmocap
    wanted = [suffix for suffix, chosen in ((".abc", settings.bake_alembic), (".usdc", settings.bake_usd)) if chosen]
    return all(map(can_export, wanted)) or disk.is_set_up(environment_folder(context), "blender")


def _clip(context: bpy.types.Context) -> StageState:
    settings = context.scene.handmocap
    clip = settings.clip_path()
    if clip is None:
        return StageState(Kind.NOTHING, "No clip chosen")
    if not disk.is_there(clip):
        return StageState(Kind.LOOK, f"{clip.name} is not there any more")
    return StageState(Kind.DONE, clip.name)


def _hands(context: bpy.types.Context) -> StageState:
    settings = context.scene.handmocap
    path = settings.hand_poses_path()
    found = disk.hands_in(path) if path is not None else None
    if path is None:
        return StageState(Kind.NOTHING, "Not estimated yet")
    if found is None:
        return StageState(Kind.NOTHING, f"{path.name} is not there any more")
    if isinstance(found, HandPosesFileError):
        return StageState(Kind.LOOK, found.sentence())
    clip = settings.clip_path()
    if clip is not None and found.clip_name and found.clip_name != clip.name:
        return StageState(Kind.LOOK, f"Found on {found.clip_name}")
    if found.estimator and settings.estimator not in found.estimator.lower():
        return StageState(Kind.OUTDATED, f"Found by {found.estimator}")
    return StageState(Kind.LOOK if found.left_seen + found.right_seen == 0 else Kind.DONE, found.sentence())


def _body(context: bpy.types.Context) -> StageState:
    settings = context.scene.handmocap
    armature = armature_of(context)
    if armature is None:
        return StageState(Kind.NOTHING, "No armature yet")
    try:
        map_armature(armature)
    except HandmocapError as error:
        return StageState(Kind.LOOK, error.sentence())
    if not settings.gvhmr:
        if moves_body(armature):
            return StageState(Kind.DONE, f"{armature.name}, its own motion")
        return StageState(Kind.LOOK, f"{armature.name}: {NO_BODY_MOTION}")
    if not disk.is_there(settings.gvhmr_path()):
        return StageState(Kind.LOOK, f"{settings.gvhmr_path().name} is not there")
    known = recall(armature, "body")
    if known is None:
        return StageState(Kind.NOTHING, f"{armature.name}, not keyed yet")
    source = "" if settings.gvhmr_path().name != BODY_MOTION_NAME else ", the built-in body"
    state = _compared(known, origins.of_body(settings), "gvhmr", "body", f"{armature.name} keyed{source}")
    return _with_warnings(state, armature, "body")


def _fingers(context: bpy.types.Context) -> StageState:
    settings = context.scene.handmocap
    armature = armature_of(context)
    known = recall(armature, "fingers") if armature is not None else None
    if known is None:
        return StageState(Kind.NOTHING, "Not keyed yet")
    return _with_warnings(_compared(known, origins.of_fingers(settings), "hands", "hands", "Keyed"), armature, "fingers")


def _compared(known: dict[str, Any], now: dict[str, Any], source: str, word: str, done: str) -> StageState:
    """Keys of which nothing is known, and sources that are gone, are no reason to key anew."""
    if known.get(source) and now[source] and known[source] != now[source]:
        return StageState(Kind.OUTDATED, f"The {word} changed since")
    if known.get("hands") and now["hands"] and known["hands"] != now["hands"]:
        return StageState(Kind.OUTDATED, "The hands changed since")
    if "settings" in known and known["settings"] != now["settings"]:
        return StageState(Kind.OUTDATED, "Settings changed since")
    return StageState(Kind.DONE, done)


def _with_warnings(state: StageState, armature: Any, stage: str) -> StageState:
    """What is done needs a look where the apply had something to say."""
    sentences = warnings_of(armature, stage)
    return StageState(Kind.LOOK, " ".join(sentences)) if sentences and state.kind == Kind.DONE else state


def _cleanup(context: bpy.types.Context) -> StageState:
    armature = armature_of(context)
    place = written_action(armature) if armature is not None else None
    if place is None:
        return StageState(Kind.NOTHING, "Nothing keyed yet")
    left = sum(not problem.done for problem in read_problems(armature))
    if left:
        return StageState(Kind.LOOK, f"{left} ranges to look at" if left > 1 else "1 range to look at")
    return StageState(Kind.DONE, "Nothing left to look at")


def _bake(context: bpy.types.Context) -> StageState:
    try:
        baked = {path: disk.changed_at(path) for path in baked_files(context)}
    except HandmocapError as error:
        return StageState(Kind.LOOK, error.sentence())
    written = [at for at in baked.values() if at is not None]
    if not baked or len(written) < len(baked):
        return StageState(Kind.NOTHING, "Not baked yet")
    armature = armature_of(context)
    if armature is None:
        return StageState(Kind.NOTHING, "No armature yet")
    keyed = [at for stage in ("body", "fingers") if isinstance(at := (recall(armature, stage) or {}).get("at"), float)]
    if min(written) < max(keyed, default=0.0):
        return StageState(Kind.OUTDATED, "Keys were applied since")
    return StageState(Kind.DONE, " and ".join(path.name for path in baked) if len(baked) <= 2 else f"{len(baked)} files")


def armature_of(context: bpy.types.Context) -> Any | None:
    """The chosen armature; one that was deleted is still referred to, but in no scene."""
    armature = context.scene.handmocap.armature
    return armature if armature is not None and armature.name in context.scene.objects else None


_FACTS: dict[str, Callable[[bpy.types.Context], StageState]] = {
    "setup": _set_up,
    "source": _clip,
    "hands": _hands,
    "body": _body,
    "fingers": _fingers,
    "cleanup": _cleanup,
    "bake": _bake,
}
