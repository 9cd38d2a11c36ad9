"""Which step comes next."""

from __future__ import annotations

from dataclasses import dataclass, field

import bpy

from ..common.blender_types import Icon
from ..common.preferences import environment_folder
from ..state import disk
from ..state.states import Kind, can_bake, facts_of


@dataclass(frozen=True)
class Step:
    """A stage's own operator, what its button is called, and the stage that runs meanwhile."""

    label: str
    operator: str  # of `bpy.ops.handmocap`
    icon: Icon
    stage: str
    options: dict[str, str] = field(default_factory=dict)


CHOOSE_CLIP = Step("Choose Clip", "choose_clip", "FILE_MOVIE", "source")
SET_UP_ESTIMATOR = Step("Set Up Hand Estimator", "set_up", "IMPORT", "setup", {"what": "worker"})
SET_UP_WILOR = Step("Set Up WiLoR", "set_up_wilor", "IMPORT", "setup")
ESTIMATE = Step("Estimate Hands", "estimate", "VIEW_PAN", "hands")
PUT_ON_BODY = Step("Put on Body", "put_on_body", "OUTLINER_OB_ARMATURE", "fingers")
SET_UP_EXPORTER = Step("Set Up Exporter", "set_up", "IMPORT", "setup", {"what": "blender"})
BAKE = Step("Bake", "bake", "EXPORT", "bake")
BAKE_AGAIN = Step("Bake Again", "bake", "EXPORT", "bake")
_TO_DO = (Kind.NOTHING, Kind.OUTDATED)


def next_step(context: bpy.types.Context) -> Step:
    """The first thing that is not there yet, or out of date."""
    settings = context.scene.handmocap
    if not settings.clip and not settings.hand_poses:
        return CHOOSE_CLIP
    if facts_of(context, "hands").kind in _TO_DO:
        if not settings.clip:
            return CHOOSE_CLIP
        if disk.has_estimator(environment_folder(context), settings.estimator):
            return ESTIMATE
        return SET_UP_WILOR if settings.estimator == "wilor" else SET_UP_ESTIMATOR
    if any(facts_of(context, stage).kind in _TO_DO for stage in ("body", "fingers")):
        return PUT_ON_BODY
    if not can_bake(context):
        return SET_UP_EXPORTER
    return BAKE if facts_of(context, "bake").kind in _TO_DO else BAKE_AGAIN
