"""What the keys on an armature were made from, kept on the tool's action, so that it goes where the keys go."""

from __future__ import annotations

import json
from typing import Any

from ..version_differences import drop_older_copy
from .kept_text import json_object
from .tool_actions import written_action

_PROPERTY = "handmocap_made_from"


def remember(armature: Any, stage: str, origin: dict[str, Any]) -> None:
    """Keep what a stage's keys were made from, in values that JSON knows; nothing where no run has keyed the armature."""
    place = written_action(armature)
    if place is None:
        return
    place.action[_PROPERTY] = json.dumps(_all(place) | {stage: origin})
    drop_older_copy(place.action, _PROPERTY)


def recall(armature: Any, stage: str) -> dict[str, Any] | None:
    """What a stage's keys were made from; None where it has keyed nothing, {} where that is not known."""
    place = written_action(armature)
    if place is None:
        return None
    known = _all(place)
    return known.get(stage) if known else {}


def _all(place: Any) -> dict[str, Any]:
    known = json_object(place.action.get(_PROPERTY), _PROPERTY)
    return {stage: origin for stage, origin in known.items() if isinstance(origin, dict)}
