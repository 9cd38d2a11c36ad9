"""What the cleanup tools act on: bones and frames, as chosen by a script, on the screen or in the panel, in this order."""

from __future__ import annotations

import math
from typing import Any

import bpy

from ...blender.finger_target import FingerTarget, selected_target, target_of
from ...blender.tool_actions import written_action
from ...core.errors import BadUsageError
from ...core.skeleton import FINGERS, SIDES
from ..drawing import has_own_armature, waits_for
from .settings import FINGER_ITEMS, SIDE_ITEMS


class OnTarget:
    """The properties of a tool that acts on finger bones over a range; a script gives them, the panel leaves them out."""

    sides: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Hands",
        description="Act on the fingers of these hands; without any, on the selected bones or the panel's hands",
        items=SIDE_ITEMS,
        options={"ENUM_FLAG", "SKIP_SAVE"},
    )
    fingers: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Fingers",
        description="Act on these fingers; without any, on the selected bones or the panel's fingers",
        items=FINGER_ITEMS,
        options={"ENUM_FLAG", "SKIP_SAVE"},
    )
    first: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="First",
        description="Where to begin, a frame of the scene; without it the preview range or the panel's",
        options={"SKIP_SAVE"},
    )
    last: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Last",
        description="Where to end, itself included; without it the preview range or the panel's",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_edit_keys(cls, context)


def can_edit_keys(cls: Any, context: bpy.types.Context) -> bool:
    """For `poll`: there is an armature with keys of this tool that can be changed."""
    if not has_own_armature(cls, context):
        return False
    place = written_action(context.scene.handmocap.armature)
    if place is None:
        return waits_for(cls, "Press Apply Fingers first: this works on its keys")
    if not place.action.is_editable:
        return waits_for(cls, "The action is linked from another file; make it local first")
    return True


def can_apply_again(cls: Any, context: bpy.types.Context) -> bool:
    """For `poll`: corrections of the estimate need its file."""
    if not can_edit_keys(cls, context):
        return False
    path = context.scene.handmocap.hand_poses_path()
    if path is None or not path.is_file():
        return waits_for(cls, "The hands' file is not there; choose it in Hands, or run Estimate again")
    return True


def chosen_target(context: bpy.types.Context, operator: Any = None) -> FingerTarget:
    """The finger bones to act on.

    Raises:
        BadUsageError: no finger is chosen.
    """
    cleanup = context.scene.handmocap_cleanup
    given = operator is not None and (operator.sides or operator.fingers)
    if given:
        sides, fingers = operator.sides or SIDES, operator.fingers or FINGERS
    else:
        armature = context.scene.handmocap.armature
        selected = selected_target(armature) if armature is not None else None
        if selected is not None:
            return selected
        sides, fingers = cleanup.sides, cleanup.fingers
    target = target_of([side.lower() for side in sides], [finger.lower() for finger in fingers])
    if not target.joints:
        raise BadUsageError("No finger is chosen", "choose hands and fingers in the panel, or select finger bones")
    return target


def chosen_range(context: bpy.types.Context, operator: Any = None) -> tuple[int, int] | None:
    """First and last frame, or None where a person chose none.

    Raises:
        BadUsageError: the last one is before the first.
    """
    scene, cleanup = context.scene, context.scene.handmocap_cleanup
    given = [name for name in ("first", "last") if operator is not None and operator.properties.is_property_set(name)]
    if given:
        first = operator.first if "first" in given else operator.last
        last = operator.last if "last" in given else operator.first
    elif scene.use_preview_range:
        first, last = scene.frame_preview_start, scene.frame_preview_end
    elif cleanup.use_range:
        first, last = cleanup.first, cleanup.last
    else:
        return None
    if last < first:
        raise BadUsageError(f"The frames {first} to {last} are none", "give a first frame and a later one")
    return first, last


def current_frame(context: bpy.types.Context) -> tuple[int, int]:
    """The playhead as a range."""
    frame = math.floor(context.scene.frame_current_final)
    return frame, frame
