from __future__ import annotations

from typing import Any

import bpy

from ...blender.cleanup.raw_ghost import is_raw_shown
from ...blender.rig.finger_target import selected_target
from ...core.errors import HandmocapError
from ..common.drawing import sentence, stage_state
from ..state.header import WithState
from .correction_operators import STAGE, range_text
from .target import chosen_range, chosen_target


class HANDMOCAP_PT_cleanup(WithState, bpy.types.Panel):
    """What needs a look, and tools to mend it"""

    bl_label = "Cleanup"
    bl_order = 4
    stage = STAGE

    def draw(self, context: bpy.types.Context) -> None:
        cleanup = context.scene.handmocap_cleanup
        _draw_target(self.layout, context, cleanup)
        _draw_problems(self.layout, cleanup)
        _draw_estimate_tools(self.layout, context)
        _draw_key_tools(self.layout, context, cleanup)
        stage_state(self.layout, STAGE)


def _draw_target(layout: bpy.types.UILayout, context: bpy.types.Context, cleanup: Any) -> None:
    armature = context.scene.handmocap.armature
    column = layout.column(align=True)
    if armature is None or selected_target(armature) is None:
        column.row(align=True).prop(cleanup, "sides", expand=True)
        column.row(align=True).prop(cleanup, "fingers", expand=True)
    if not context.scene.use_preview_range:
        row = column.row(align=True)
        row.prop(cleanup, "use_range", toggle=True)
        ends = row.row(align=True)
        ends.enabled = cleanup.use_range
        ends.prop(cleanup, "first", text="")
        ends.prop(cleanup, "last", text="")
    try:
        where = range_text(context) if chosen_range(context) else "no range"
        sentence(layout, f"{chosen_target(context).text()}, {where}", "RESTRICT_SELECT_OFF")
    except HandmocapError as error:
        sentence(layout, error.sentence(), "ERROR")


def _draw_problems(layout: bpy.types.UILayout, cleanup: Any) -> None:
    if len(cleanup.problems):
        layout.template_list("HANDMOCAP_UL_problems", "", cleanup, "problems", cleanup, "active_problem", rows=3)
    row = layout.row(align=True)
    row.operator("handmocap.previous_problem", text="Previous", icon="TRIA_LEFT")
    row.operator("handmocap.next_problem", text="Next", icon="TRIA_RIGHT")
    row.operator("handmocap.find_problems", text="", icon="FILE_REFRESH")
    row.prop(cleanup, "problem_markers", text="", icon="MARKER")


def _draw_estimate_tools(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    armature = context.scene.handmocap.armature
    layout.label(text="The Estimate")
    grid = layout.grid_flow(row_major=True, columns=2, even_columns=True, align=True)
    shown = armature is not None and is_raw_shown(armature)
    grid.operator("handmocap.compare_raw", text="Hide Raw" if shown else "Compare Raw")
    grid.operator("handmocap.back_to_raw")
    grid.operator("handmocap.mark_not_seen")
    grid.operator("handmocap.smooth")
    grid.operator("handmocap.swap_sides", text="Swap Sides")
    grid.operator("handmocap.shift_hands")
    grid.operator_menu_enum("handmocap.wrist_from", "source")
    grid.operator("handmocap.forget_corrections", text="Forget")


def _draw_key_tools(layout: bpy.types.UILayout, context: bpy.types.Context, cleanup: Any) -> None:
    layout.label(text="Keys of Your Own")
    has_range, has_one_hand = _has_range(context), _has_one_hand(context)
    grid = layout.grid_flow(row_major=True, columns=2, even_columns=True, align=True)
    for name in ("hold", "relax"):
        needs_range = grid.row()
        needs_range.enabled = has_range
        needs_range.operator(f"handmocap.{name}")
    needs_hand = grid.row()
    needs_hand.enabled = has_one_hand
    needs_hand.operator("handmocap.copy_from_other_hand", text="Copy Other")
    grid.operator("handmocap.retime", text="Retime…")
    column = layout.column(align=True)
    row = column.row(align=True)
    row.prop(cleanup, "pose", text="")
    row.operator("handmocap.blend_to_pose")
    if cleanup.pose == "ACTION":
        column.prop(cleanup, "pose_action", text="")
    # Scripts name range and hand themselves, so `poll` cannot tell what is missing here.
    if not has_range:
        sentence(layout, "Hold and Relax need a range: a preview range (P), or Range above", "INFO")
    if not has_one_hand:
        sentence(layout, "Copy Other needs one hand", "INFO")


def _has_range(context: bpy.types.Context) -> bool:
    try:
        return chosen_range(context) is not None
    except HandmocapError:
        return False


def _has_one_hand(context: bpy.types.Context) -> bool:
    try:
        return len(chosen_target(context).sides) == 1
    except HandmocapError:
        return False


CLASSES = (HANDMOCAP_PT_cleanup,)
