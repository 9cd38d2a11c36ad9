"""What a person says about the estimate. Each of these is kept with the keys, and every later run follows it."""

from __future__ import annotations

from collections.abc import Sequence

import bpy

from ...blender.cleanup.clip_rows import rows_between
from ...blender.cleanup.corrections_store import read_corrections, without_target, write_corrections
from ...blender.motion.key_edits import forget_edits
from ...blender.rig.finger_target import FingerTarget
from ...core.cleanup import corrections as said
from ...core.cleanup.corrections import Correction, Rows
from ...core.cleanup.wrist_source import WristSource
from ...core.errors import HandmocapError
from ...core.hands.hand_poses_file import read_hand_poses
from ..apply.body import apply_motion
from ..apply.fingers import apply_fingers
from ..common.choices import WRISTS
from ..common.drawing import waits_for
from .reduced_keys import reduced_as_before
from .target import OnTarget, can_apply_again, chosen_range, chosen_target, current_frame

STAGE = "cleanup"


class _Corrects(OnTarget):
    """Says something about some rows and hands, and applies the fingers again."""

    needs = staticmethod(can_apply_again)
    stage = STAGE
    has_whole_clip = True

    def work(self, context: bpy.types.Context) -> str:
        armature = context.scene.handmocap.armature
        before = read_corrections(armature)
        target, rows = chosen_target(context, self), self._rows(context)
        self.prepare(context, target)
        apply_corrections(context, before, self.corrected(before, target, rows))
        return self.sentence(context, target)

    def corrected(self, before: tuple[Correction, ...], target: FingerTarget, rows: Rows) -> tuple[Correction, ...]:
        raise NotImplementedError

    def prepare(self, context: bpy.types.Context, target: FingerTarget) -> None:
        """What is to be done before the fingers are applied again."""

    def sentence(self, context: bpy.types.Context, target: FingerTarget) -> str:
        return f"{self.bl_label}: {target.text()}, {range_text(context, self, not self.has_whole_clip)}"

    def _rows(self, context: bpy.types.Context) -> Rows:
        settings = context.scene.handmocap
        poses = read_hand_poses(settings.hand_poses_path())
        frames = chosen_range(context, self) or (None if self.has_whole_clip else current_frame(context))
        if frames is None:
            return Rows(0, max(poses.frame_count - 1, 0))
        return rows_between(context.scene, poses, settings.armature, *frames)


def range_text(context: bpy.types.Context, operator: OnTarget | None = None, only_current_frame: bool = False) -> str:
    """What a panel says about the range."""
    frames = chosen_range(context, operator)
    if frames is None:
        return f"frame {current_frame(context)[0]}" if only_current_frame else "whole clip"
    return f"frames {frames[0]} to {frames[1]}" if frames[0] < frames[1] else f"frame {frames[0]}"


def apply_corrections(context: bpy.types.Context, before: Sequence[Correction], after: Sequence[Correction]) -> None:
    """Keep corrections and key what they change; where that fails, all stays as it was.

    Raises:
        HandmocapError: nothing was changed.
    """
    settings = context.scene.handmocap
    write_corrections(settings.armature, after)
    try:
        with reduced_as_before(context):
            apply_fingers(context)
        gvhmr = settings.gvhmr_path()
        wrists_chosen = any(isinstance(each, said.WristFrom) for each in (*before, *after))
        from_hands = settings.wrist_settings().needs_hands or wrists_chosen
        if from_hands and gvhmr is not None and gvhmr.is_file():
            apply_motion(context)
    except HandmocapError:
        write_corrections(settings.armature, before)
        raise


class HANDMOCAP_OT_mark_not_seen(_Corrects, bpy.types.Operator):
    bl_idname = "handmocap.mark_not_seen"
    bl_label = "Not Seen"
    bl_description = (
        "What was found on these frames is not this hand: they count as not seen and are filled in from the frames "
        "around. Without a range, the current frame"
    )
    has_whole_clip = False
    has_fingers = False

    def corrected(self, before: tuple[Correction, ...], target: FingerTarget, rows: Rows) -> tuple[Correction, ...]:
        return (*before, *(said.NotSeen(rows, side) for side in target.sides))


class HANDMOCAP_OT_swap_sides(_Corrects, bpy.types.Operator):
    bl_idname = "handmocap.swap_sides"
    bl_label = "Swap Left and Right"
    bl_description = (
        "The left hand was taken for the right one and the other way round: exchange them on these frames. Once "
        "more exchanges them back"
    )
    has_hands = has_fingers = False

    def corrected(self, before: tuple[Correction, ...], target: FingerTarget, rows: Rows) -> tuple[Correction, ...]:
        return said.with_swap(before, rows)

    def sentence(self, context: bpy.types.Context, target: FingerTarget) -> str:
        return f"{self.bl_label}: {range_text(context, self)}"


class HANDMOCAP_OT_smooth(_Corrects, bpy.types.Operator):
    """Give these fingers a smoothing of their own on these frames, whatever the slider above says"""

    bl_idname = "handmocap.smooth"
    bl_label = "Smooth"

    strength: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Strength",
        description="How strongly these fingers are calmed here. Raise it where a hold trembles; 0 keeps what was measured",
        default=0.8,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    shown = ("strength",)

    def corrected(self, before: tuple[Correction, ...], target: FingerTarget, rows: Rows) -> tuple[Correction, ...]:
        own = (said.OwnSmoothing(rows, side, target.fingers(side), self.strength) for side in target.sides)
        return (*before, *own)


class HANDMOCAP_OT_back_to_raw(_Corrects, bpy.types.Operator):
    bl_idname = "handmocap.back_to_raw"
    bl_label = "Back to Raw"
    bl_description = (
        "Put what was measured back on these fingers and frames, without smoothing. Your own keys stay unless you "
        "tick My Keys Too"
    )

    also_my_keys: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="My Keys Too", description="Also give up the keys that you made, moved, changed or deleted here"
    )
    shown = ("also_my_keys",)

    def prepare(self, context: bpy.types.Context, target: FingerTarget) -> None:
        if self.also_my_keys:
            frames = chosen_range(context, self) or (-float("inf"), float("inf"))
            forget_edits(context.scene.handmocap.armature, target, *frames)

    def corrected(self, before: tuple[Correction, ...], target: FingerTarget, rows: Rows) -> tuple[Correction, ...]:
        return (*before, *(said.OwnSmoothing(rows, side, target.fingers(side), 0.0) for side in target.sides))


class HANDMOCAP_OT_shift_hands(_Corrects, bpy.types.Operator):
    bl_idname = "handmocap.shift_hands"
    bl_label = "Offset in Time"
    bl_description = (
        "Everything of the chosen hands comes later by so many frames of the clip, or earlier where negative. "
        "Always the whole clip"
    )

    frames: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Frames", description="By how many frames of the clip the hands come later; earlier where negative", default=1
    )
    shown = ("frames",)
    has_fingers = has_range = False

    def corrected(self, before: tuple[Correction, ...], target: FingerTarget, rows: Rows) -> tuple[Correction, ...]:
        for side in target.sides:
            before = said.with_shift(before, side, self.frames)
        return before

    def sentence(self, context: bpy.types.Context, target: FingerTarget) -> str:
        return f"{target.text()}: {abs(self.frames)} frames {'later' if self.frames >= 0 else 'earlier'}"


class HANDMOCAP_OT_wrist_from(_Corrects, bpy.types.Operator):
    """Whose rotation these hands' wrists get on these frames, instead of what is chosen in Body. Keys the body again"""

    bl_idname = "handmocap.wrist_from"
    bl_label = "Wrist From"

    source: bpy.props.EnumProperty(name="Wrist", description="Whose rotation the wrists get on these frames", items=WRISTS)  # type: ignore[valid-type]
    shown = ("source",)
    has_fingers = False

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        gvhmr = context.scene.handmocap.gvhmr_path()
        if gvhmr is None or not gvhmr.is_file():
            return waits_for(cls, "Choose GVHMR's hmr4d_results.pt in Source first: the wrists hang on its arms")
        return can_apply_again(cls, context)

    def corrected(self, before: tuple[Correction, ...], target: FingerTarget, rows: Rows) -> tuple[Correction, ...]:
        source = WristSource(self.source.lower())
        return (*before, *(said.WristFrom(rows, side, source) for side in target.sides))


class HANDMOCAP_OT_forget_corrections(_Corrects, bpy.types.Operator):
    """Take back what was said about these hands, fingers and frames: not seen, swapped, smoothing, offset, wrist"""

    bl_idname = "handmocap.forget_corrections"
    bl_label = "Forget Corrections"

    def corrected(self, before: tuple[Correction, ...], target: FingerTarget, rows: Rows) -> tuple[Correction, ...]:
        return without_target(before, target, rows)


CLASSES = (
    HANDMOCAP_OT_mark_not_seen,
    HANDMOCAP_OT_swap_sides,
    HANDMOCAP_OT_smooth,
    HANDMOCAP_OT_back_to_raw,
    HANDMOCAP_OT_shift_hands,
    HANDMOCAP_OT_wrist_from,
    HANDMOCAP_OT_forget_corrections,
)
