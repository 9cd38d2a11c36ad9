"""The set-up as a guide: open below the stages until hands can be found, then closed at the tab's end."""

from __future__ import annotations

import bpy

from ...set_up.doctor_line import DoctorLine
from ..common import panel_jobs
from ..common.drawing import InSidebar, progress_row, sentence, stage_state
from ..common.preferences import environment_folder, preferences, smplx_folder, smplx_models
from ..state import disk
from ..state.header import WithState
from .operators import DOCTOR_STAGE, DOCTOR_TEXT, STAGE
from .steps import STEPS, Step

SMPLX_SITE = "https://smpl-x.is.tue.mpg.de/"
_BOX = 16.0  # pixels that a box takes of the width


def _is_ready(context: bpy.types.Context) -> bool:
    return disk.is_set_up(environment_folder(context), "worker")


class HANDMOCAP_PT_first_steps(InSidebar, bpy.types.Panel):
    """What works now, what each further step brings, its licence and its size"""

    bl_label = "Set-up"
    bl_order = 0

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return not _is_ready(context)

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column()
        sentence(
            column, "Now, without anything: GVHMR bodies, the stand-in body, your own hand_poses.npz, cleanup", "CHECKMARK"
        )
        _draw_guide(column, context)


class HANDMOCAP_PT_setup(WithState, bpy.types.Panel):
    """What is installed, what each further step brings, and Doctor"""

    bl_label = "Set-up"
    bl_order = 90
    stage = STAGE

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _is_ready(context)

    def draw(self, context: bpy.types.Context) -> None:
        _draw_guide(self.layout.column(), context)


def _draw_guide(column: bpy.types.UILayout, context: bpy.types.Context) -> None:
    folder = environment_folder(context)
    to_do = [step for step in STEPS if step.is_needed() and not disk.is_set_up(folder, step.environment)]
    for step in STEPS:
        if step.is_needed() and step not in to_do:
            sentence(column, step.ready, "CHECKMARK")
    if to_do and not bpy.app.online_access:
        _draw_offline(column.box())
    for step in to_do:
        _draw_step(column.box(), context, step)
    if not panel_jobs.is_running(STAGE):
        stage_state(column, STAGE)
    _draw_smplx(column.box() if not smplx_models(context) else column, context)
    column.operator("handmocap.doctor", icon="VIEWZOOM")
    _draw_doctor(column)


def _draw_offline(box: bpy.types.UILayout) -> None:
    if bpy.app.online_access_override:
        sentence(
            box, "Blender was started without leave to go online: start it again without --offline-mode", "INTERNET_OFFLINE"
        )
        return
    sentence(
        box, "Blender may not go online. Tick Allow Online Access in Preferences > System > Network", "INTERNET_OFFLINE"
    )
    box.operator("handmocap.open_system_preferences", icon="PREFERENCES")


def _draw_step(box: bpy.types.UILayout, context: bpy.types.Context, step: Step) -> None:
    sentence(box, f"{step.title}: {step.brings}. {step.terms}", "RADIOBUT_OFF", _BOX)
    folder, last = environment_folder(context), panel_jobs.status(STAGE)
    trial = disk.trial_said(folder, step.environment)
    if trial and not (last is not None and trial in last.sentence):
        sentence(box, trial, "ERROR", _BOX)
    if disk.is_outdated(folder, step.environment):
        sentence(box, "What is there was made by another version of handmocap, with other packages", "ERROR", _BOX)
    if panel_jobs.is_running(STAGE) and panel_jobs.title(STAGE).endswith(step.title):
        progress_row(box.row(align=True), STAGE)
        progress = panel_jobs.progress(STAGE)
        sentence(box, panel_jobs.note(STAGE) if progress is None else progress.details(), "BLANK1", _BOX)
        return
    button = box.operator(step.operator, text=f"Set Up {step.title}", icon="IMPORT")
    if step.what:
        button.what = step.what


def _draw_smplx(column: bpy.types.UILayout, context: bpy.types.Context) -> None:
    models, chosen = smplx_models(context), preferences(context)
    for model in models:
        sentence(column, model.text(), "ERROR" if model.problem else "CHECKMARK")
    if models:
        return
    sentence(
        column,
        "SMPL-X Body: the person's own shape in place of the stand-in. Not for commercial work, 160 MB each: register "
        "on its "
        "site, unpack SMPLX_NEUTRAL.npz, choose its folder",
        "RADIOBUT_OFF",
        _BOX,
    )
    row = column.row(align=True)
    row.operator("wm.url_open", text="", icon="URL").url = SMPLX_SITE
    if chosen is not None:
        row.prop(chosen, "smplx_folder", text="")
    folder = smplx_folder(context)
    if folder is not None:
        sentence(column, f"There is no SMPLX_NEUTRAL, MALE or FEMALE.npz in {folder}", "ERROR")


def _draw_doctor(column: bpy.types.UILayout) -> None:
    status = panel_jobs.status(DOCTOR_STAGE)
    if status is None or status.result is None:
        stage_state(column, DOCTOR_STAGE)
        return
    lines = [DoctorLine(**line) for line in status.result["lines"]]
    for line in lines:
        if line.advice:
            sentence(column, line.text(), "ERROR" if line.needed else "INFO")
    well = [line for line in lines if not line.advice]
    header, body = column.panel("handmocap_doctor_well", default_closed=True)
    header.label(text=f"{len(well)} of {len(lines)} are well", icon="CHECKMARK")
    header.operator("handmocap.open_text", text="", icon="TEXT", emboss=False).name = DOCTOR_TEXT
    if body is not None:
        for line in well:
            sentence(body, line.text(), "CHECKMARK")


FIRST_STEPS = (HANDMOCAP_PT_first_steps,)
CLASSES = (HANDMOCAP_PT_setup,)
