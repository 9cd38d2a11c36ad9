"""Which of an armature's actions is the one that this tool writes."""

from __future__ import annotations

from typing import Any

from .written_record import has_record


def tools_action(datablock: Any) -> Any | None:
    """The datablock's action that a run of this tool has keyed, or None."""
    animation = datablock.animation_data if datablock is not None else None
    action = animation.action if animation is not None else None
    return action if action is not None and has_record(action) else None
