"""What the cleanup tools act on: bones and frames, as chosen by a script, on the screen or in the panel, in this order."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import bpy

from ...blender.curves.tool_actions import written_action
from ...blender.rig.armatures import HAND_JOINTS
from ...blender.rig.finger_target import FingerTarget, selected_target, target_of, target_of_joints
from ...core.errors import BadUsageError
from ...core.skeleton import FINGERS, SIDES
from ..common.drawing import has_own_armature, waits_for
from ..common.pressed import TakesFromPanel
from .settings import FINGER_ITEMS, SIDE_ITEMS


class OnTarget(TakesFromPanel):
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
    joints: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Bones",
        description="Act on these joints alone, such as left_index2, left_thumb3; empty for whole fingers",
        options={"SKIP_SAVE"},
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
    whole_clip: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Whole Clip", description="Act on every frame of the clip instead of a range", options={"SKIP_SAVE"}
    )

    taken: ClassVar[tuple[str, ...]] = ("sides", "fingers", "joints", "first", "last", "whole_clip")
    # What matters to the tool, and so is in its redo panel.
    has_hands: ClassVar[bool] = True
    has_fingers: ClassVar[bool] = True
    has_range: ClassVar[bool] = True
    has_whole_clip: ClassVar[bool] = False  # what no range means: the whole clip, or the current frame
    shown: ClassVar[tuple[str, ...]] = ()  # of its own properties, in the redo panel
    layout: Any

    @staticmethod
    def needs(operator_class: Any, context: bpy.types.Context) -> bool:
        return can_edit_keys(operator_class, context)

    def take_from_panel(self, context: bpy.types.Context) -> None:
        target, frames = chosen_target(context, self), chosen_range(context, self)
        if self.has_hands and not (self.sides or self.fingers or self.joints):
            self.sides = {side.upper() for side in target.sides}
            if self.has_fingers:
                self.fingers = {finger.upper() for side in target.sides for finger in target.fingers(side)}
                if chosen_target(context, self).joints != target.joints:
                    self.joints = ", ".join(target.joints)
        if not self.has_range:
            return
        if frames is not None or not self.has_whole_clip:
            self.first, self.last = frames or current_frame(context)
        else:
            self.first, self.last = context.scene.frame_start, context.scene.frame_end
            self.whole_clip = True

    def draw(self, _context: bpy.types.Context) -> None:
        """The redo panel: what was done, and nothing else."""
        column = self.layout.column()
        column.use_property_split = True
        for name in self.shown:
            column.prop(self, name)
        if self.joints:
            column.prop(self, "joints")
        elif self.has_hands:
            column.row().prop(self, "sides")
        if self.has_fingers and not self.joints:
            column.column().prop(self, "fingers")
        if not self.has_range:
            return
        if self.has_whole_clip:
            column.prop(self, "whole_clip")
        ends = column.column(align=True)
        ends.enabled = not self.whole_clip
        ends.prop(self, "first")
        ends.prop(self, "last")


def can_edit_keys(operator_class: Any, context: bpy.types.Context) -> bool:
    """For `poll`: there is an armature with keys of this tool that can be changed."""
    if not has_own_armature(operator_class, context):
        return False
    place = written_action(context.scene.handmocap.armature)
    if place is None:
        return waits_for(operator_class, "Press Apply Fingers first: this works on its keys")
    if not place.action.is_editable:
        return waits_for(operator_class, "The action is linked from another file; make it local first")
    return True


def can_apply_again(operator_class: Any, context: bpy.types.Context) -> bool:
    """For `poll`: corrections of the estimate need its file."""
    if not can_edit_keys(operator_class, context):
        return False
    path = context.scene.handmocap.hand_poses_path()
    if path is None or not path.is_file():
        return waits_for(operator_class, "The hands' file is not there; choose it in Hands, or run Estimate again")
    return True


def chosen_target(context: bpy.types.Context, operator: Any = None) -> FingerTarget:
    """The finger bones to act on.

    Raises:
        BadUsageError: no finger is chosen.
    """
    cleanup = context.scene.handmocap_cleanup
    if operator is not None and operator.joints:
        return _named(operator.joints)
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


def _named(text: str) -> FingerTarget:
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in HAND_JOINTS]
    if unknown:
        raise BadUsageError(f"There is no finger joint {', '.join(unknown)}", f"give names such as {HAND_JOINTS[0]}")
    return target_of_joints(names)


def chosen_range(context: bpy.types.Context, operator: Any = None) -> tuple[int, int] | None:
    """First and last frame, or None where a person chose none.

    Raises:
        BadUsageError: the last one is before the first.
    """
    scene, cleanup = context.scene, context.scene.handmocap_cleanup
    given = [name for name in ("first", "last") if operator is not None and operator.properties.is_property_set(name)]
    if operator is not None and operator.whole_clip:
        return None
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
