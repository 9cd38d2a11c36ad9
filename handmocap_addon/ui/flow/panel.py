from __future__ import annotations

import bpy

from ...blender.rig.body_stillness import stillness_warnings
from ..apply.keys_in_the_way import keys_in_the_way
from ..common.drawing import InSidebar, sentence
from ..source.clock import draw_clocks
from ..source.panel import draw_results
from ..state.states import ICONS, STAGES, Kind, StageState, armature_of, state_of
from .next_step import next_step

_NAME_SHARE = 0.32  # of the row's width
_BUTTON_HEIGHT = 1.6
_LONGEST_LABEL = 32  # letters; Blender cuts off what does not fit


class HANDMOCAP_PT_flow(InSidebar, bpy.types.Panel):
    """How far each stage is, and the next step"""

    bl_label = "handmocap"
    bl_order = 0

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.handmocap
        rows = self.layout.column(align=True)
        for stage, name in STAGES.items():
            _draw_stage(rows, stage, name, state_of(context, stage))
            if stage == "source" and len(settings.people) > 1:
                row = rows.split(factor=_NAME_SHARE)
                row.label(text="Person", icon="USER")
                row.prop(settings, "person", text="")
        draw_clocks(self.layout, context.scene)
        step = next_step(context)
        place = settings.result_place()
        if place.said and step.stage in ("hands", "bake"):
            draw_results(self.layout, settings)
        button = self.layout.row()
        button.scale_y = _BUTTON_HEIGHT
        button.operator("handmocap.next_step", text=step.label, icon=step.icon)
        armature = armature_of(context)
        if step.stage == "bake" and armature is not None:
            for warning in stillness_warnings(armature):
                sentence(self.layout, warning, "ERROR")


def _draw_stage(rows: bpy.types.UILayout, stage: str, name: str, state: StageState) -> None:
    row = rows.split(factor=_NAME_SHARE)
    row.label(text=name, icon=ICONS[state.kind])
    if state.kind == Kind.RUNNING:
        running = row.row(align=True)
        running.progress(factor=state.fraction, text=state.text)
        running.operator("handmocap.cancel_job", text="", icon="X").stage = stage
        return
    if state.kind != Kind.FAILED:
        row.active = state.kind != Kind.NOTHING
        is_long = state.kind == Kind.LOOK and len(state.text) > _LONGEST_LABEL
        row.label(text="Needs a look" if is_long else state.text)
        if is_long:
            sentence(rows, state.text, "BLANK1")
        return
    failed = row.row(align=True)
    failed.label(text="Failed")
    if state.log_path is not None and state.log_path.is_file():
        failed.operator("handmocap.open_log", text="Log", icon="TEXT").filepath = str(state.log_path)
    # The button opens what the sentence names for those who read it elsewhere.
    sentence(rows, state.text.removesuffix(f"see {state.log_path}").rstrip(" :,;"), "BLANK1")
    keys_in_the_way(rows, stage)


CLASSES = (HANDMOCAP_PT_flow,)
