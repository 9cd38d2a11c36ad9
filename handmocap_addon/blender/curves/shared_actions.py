"""Actions that move other datablocks too: an armature gets one of its own before it is keyed."""

from __future__ import annotations

from typing import Any

from .tool_actions import find_tool_action
from .written_record import has_record


def use_own_action(armature: Any) -> str:
    """Give the armature a copy of its action where that moves others in the same slot; returns a sentence about it, or none.

    Actions into which the tool has written before stay as they are.
    """
    place = find_tool_action(armature)
    if place is None or has_record(place.action, place.slot):
        return ""
    others = [user.name for user in place.slot.users() if user != armature]
    if not others:
        return ""
    copy = place.action.copy()
    animation = armature.animation_data
    animation.action = copy
    animation.action_slot = copy.slots[place.slot.identifier]
    moved = ", ".join(others[:3])
    return f"{armature.name} has the action {copy.name} of its own now, as {place.action.name} moves {moved} too"
