"""Which action is the tool's: the one that carries its record, also where it was pushed down to the NLA."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import bpy

from ...core.errors import ArmatureError
from ...core.plain_text import plain_text
from .. import version_differences
from .written_record import has_record


@dataclass(frozen=True)
class ToolAction:
    """An action, and the slot in it that is a datablock's."""

    action: Any
    slot: Any

    def channelbag(self) -> Any | None:
        """The curves, or None where there are none yet."""
        return version_differences.channelbag(self.action, self.slot)


def find_tool_action(datablock: Any) -> ToolAction | None:
    """The action into which the tool wrote the datablock's keys, active or in a strip; else the active one, else None."""
    animation = datablock.animation_data
    if animation is None:
        return None
    for candidate in actions_of(animation):
        if has_record(candidate.action, candidate.slot):
            return candidate
    return next(actions_of(animation), None) if animation.action is not None and animation.action_slot is not None else None


def written_action(datablock: Any) -> ToolAction | None:
    """The action into which the tool wrote the datablock's keys, or None where it wrote none."""
    found = find_tool_action(datablock) if datablock is not None else None
    return found if found is not None and has_record(found.action, found.slot) else None


def ensure_tool_action(datablock: Any, name: str) -> ToolAction:
    """The tool's action of a datablock, or the active one, or a new one of that name.

    An action without the tool's record is only ever extended where the tool's own is nowhere on the datablock.

    Raises:
        ArmatureError: the datablock or its action is linked from another file.
    """
    check_own(datablock)
    animation = datablock.animation_data or datablock.animation_data_create()
    found = find_tool_action(datablock)
    if found is None:
        if animation.action is None:
            animation.action = bpy.data.actions.new(plain_text(name))
        action = animation.action
        check_editable(action, datablock)
        animation.action_slot = _free_slot(animation) or action.slots.new(datablock.id_type, datablock.name)
        found = ToolAction(action, animation.action_slot)
    check_editable(found.action, datablock)
    return found


def is_own(datablock: Any) -> bool:
    """Whether a person may change it here: of this file, or an override of a linked one that is editable."""
    override = datablock.override_library
    return bool(datablock.is_editable) and not (override is not None and override.is_system_override)


def check_own(datablock: Any) -> None:
    """Raises ArmatureError where the datablock is linked from another file."""
    if not is_own(datablock):
        raise ArmatureError(*linked(datablock))


def linked(datablock: Any) -> tuple[str, str]:
    """What is wrong with a linked datablock, and what to do."""
    override = datablock.override_library
    todo = "make its override editable" if override is not None else "make a library override of it"
    return f"{datablock.name} is linked from another file", f"{todo} first (Object > Library Override)"


def check_editable(action: Any, datablock: Any) -> None:
    """Raises ArmatureError where the action is linked from another file."""
    if not action.is_editable:
        raise ArmatureError(
            f"The action {action.name} of {datablock.name} is linked from another file and cannot be changed",
            "make the action local, or unlink it so that a new one is made",
        )


def actions_of(animation: Any) -> Iterator[ToolAction]:
    """The active action, then those of strips from the top track down."""
    if animation.action is not None and animation.action_slot is not None:
        yield ToolAction(animation.action, animation.action_slot)
    for track in reversed(animation.nla_tracks):
        for strip in track.strips:
            if strip.action is not None and strip.action_slot is not None:
                yield ToolAction(strip.action, strip.action_slot)


def _free_slot(animation: Any) -> Any | None:
    """A slot that nothing uses and that fits the datablock, as where an action comes from another file."""
    return next((slot for slot in animation.action_suitable_slots if not slot.users()), None)
