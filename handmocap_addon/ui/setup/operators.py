"""What is installed, and the buttons that install the rest."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import Any

import bpy

from ...blender.jobs.child_job import ChildJob
from ...core.errors import CancelledError
from ...core.process.child_processes import python_command
from ...set_up.doctor_line import DoctorLine
from ...set_up.licences import WILOR_LICENCES, are_accepted
from ...set_up.wilor import WILOR
from ...set_up.wilor_weights import missing_megabytes
from ..common import panel_jobs
from ..common.blender_types import Answer
from ..common.drawing import waits_for
from ..common.preferences import (
    device,
    environment_folder,
    gvhmr_checkout,
    gvhmr_python,
    smplx_folder,
    wheels_folder,
    wilor_folder,
)  # fmt: skip
from ..common.stage_operator import JobOperator

STAGE = "setup"
DOCTOR_STAGE = "doctor"
DOCTOR_TEXT = "handmocap doctor"
SET_UP_SCRIPT = Path(__file__).resolve().parent.parent.parent / "set_up"
_TITLES = {"worker": "Hand Estimator", "blender": "Exporter", "readers": "Readers", WILOR: "WiLoR"}
_DIALOG_PIXELS, _DIALOG_LETTERS = 560, 86
_NO_NETWORK = "Blender may not go online: tick Preferences > System > Network > Allow Online Access"
_STARTED_OFFLINE = "Blender was started without leave to go online: start it again without --offline-mode"


class _SetUpJob(ChildJob):
    """A set-up that is cancelled leaves what it has finished, and the next one goes on from there."""

    def outcome(self) -> dict[str, Any]:
        try:
            return super().outcome()
        except CancelledError as error:
            raise CancelledError(
                "Cancelled; what was downloaded is kept, and setting up again goes on from there"
            ) from error


def _start(context: bpy.types.Context, title: str, *arguments: str) -> None:
    folder = environment_folder(context)
    job = _SetUpJob(python_command(sys.executable, SET_UP_SCRIPT, *arguments), folder / "logs" / "set_up.log")
    panel_jobs.start(STAGE, job, job, _finished, title=f"Set Up {title}")


def _finished(result: dict[str, Any]) -> str:
    return f"Ready in {result['folder']}"


def _no_network() -> str:
    return _STARTED_OFFLINE if bpy.app.online_access_override else _NO_NETWORK


class HANDMOCAP_OT_set_up(JobOperator, bpy.types.Operator):
    """Download and install what is missing into a folder of its own, outside Blender. It can be cancelled and resumed"""

    bl_idname = "handmocap.set_up"
    bl_label = "Set Up"
    stage = STAGE

    what: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="What",
        description="Which part to bring; each is made once and used by every file",
        items=(
            ("worker", "Hand Estimator", "MediaPipe and its hand model, about 600 MB on disk"),
            ("blender", "Exporter", "Blender as a Python module, about 1 GB; for builds without Alembic and USD"),
            ("readers", "Readers", "Alembic's and USD's own libraries, about 350 MB, which check baked files"),
        ),
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if panel_jobs.is_running(STAGE):
            return waits_for(cls, "A set-up is running; cancel it first")
        if not bpy.app.online_access:
            return waits_for(cls, _no_network())
        return True

    def work(self, context: bpy.types.Context) -> str:
        _start(context, _TITLES[self.what], self.what, str(environment_folder(context)))
        return ""


class HANDMOCAP_OT_set_up_wilor(bpy.types.Operator):
    """Install WiLoR, torch and the weights into a folder of their own, outside Blender. Not for commercial work"""

    bl_idname = "handmocap.set_up_wilor"
    bl_label = "Set Up WiLoR"

    accept: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="I have read these licences and agree to them",
        description="Needed once for this folder of environments; without it nothing is downloaded",
        default=False,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if panel_jobs.is_running(STAGE):
            return waits_for(cls, "A set-up is running; cancel it first")
        if not bpy.app.online_access and not _comes_from_folders(context):
            return waits_for(cls, f"{_no_network()}, or choose folders of wheels and weights in the extension's preferences")
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Answer:
        if are_accepted(environment_folder(context), WILOR, WILOR_LICENCES):
            return self.execute(context)
        return context.window_manager.invoke_props_dialog(self, width=_DIALOG_PIXELS, confirm_text="Set Up")

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column(align=True)
        column.label(text="WiLoR and what it needs come under licences of their own:")
        for licence in WILOR_LICENCES:
            column.separator()
            for line in textwrap.wrap(licence.text(), _DIALOG_LETTERS):
                column.label(text=line)
        column.separator()
        self.layout.prop(self, "accept")

    def execute(self, context: bpy.types.Context) -> Answer:
        folder = environment_folder(context)
        if not (self.accept or are_accepted(folder, WILOR, WILOR_LICENCES)):
            said = "The licences of WiLoR are not accepted, so nothing was installed: press Set Up WiLoR and tick the box"
            panel_jobs.set_status(STAGE, False, said)
            self.report({"ERROR"}, said)
            return {"CANCELLED"}
        arguments = [WILOR, str(folder), *(["--accept-licences"] if self.accept else [])]
        if device(context) == "cpu":
            arguments += ["--device", "cpu"]
        for option, chosen in (("--wheels", wheels_folder(context)), ("--weights", wilor_folder(context))):
            arguments += [option, str(chosen)] if chosen is not None else []
        if not bpy.app.online_access:
            arguments.append("--offline")
        with panel_jobs.sentences_for(self, STAGE):
            _start(context, _TITLES[WILOR], *arguments)
            return {"FINISHED"}
        return {"CANCELLED"}


def _comes_from_folders(context: bpy.types.Context) -> bool:
    has_weights = wilor_folder(context) is not None or missing_megabytes(environment_folder(context)) == 0
    return wheels_folder(context) is not None and has_weights


class HANDMOCAP_OT_doctor(JobOperator, bpy.types.Operator):
    """Look at environments, graphics card, weights and models, and say the one thing to do about what is missing"""

    bl_idname = "handmocap.doctor"
    bl_label = "Doctor"
    stage = DOCTOR_STAGE

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if panel_jobs.is_running(DOCTOR_STAGE):
            return waits_for(cls, "Doctor is already looking")
        return True

    def work(self, context: bpy.types.Context) -> str:
        folder = environment_folder(context)
        command = python_command(sys.executable, SET_UP_SCRIPT, "doctor", folder, "--blender", _this_blender())
        weights, body = wilor_folder(context), context.scene.handmocap.smplx_model_path() or smplx_folder(context)
        command += ["--weights", str(weights)] if weights is not None else []
        command += ["--body", str(body)] if body is not None else []
        for option, chosen in (("--gvhmr-checkout", gvhmr_checkout(context)), ("--gvhmr-python", gvhmr_python(context))):
            command += [option, str(chosen)] if chosen is not None else []
        job = ChildJob(command, folder / "logs" / "doctor.log")
        panel_jobs.start(DOCTOR_STAGE, job, job, _diagnosis, title="Doctor")
        return ""


class HANDMOCAP_OT_open_system_preferences(bpy.types.Operator):
    """Open Blender's Preferences at System, where Network has the tick Allow Online Access"""

    bl_idname = "handmocap.open_system_preferences"
    bl_label = "Open Preferences > System"

    def execute(self, context: bpy.types.Context) -> Answer:
        bpy.ops.screen.userpref_show("INVOKE_DEFAULT", section="SYSTEM")
        return {"FINISHED"}


def _this_blender() -> str:
    return f"{bpy.app.version_string} ({bpy.app.binary_path or 'the bpy module'})"


def _diagnosis(result: dict[str, Any]) -> str:
    """All lines as a text in Blender; as the panel's sentence, what there is to do."""
    lines = [DoctorLine(**line) for line in result["lines"]]
    text = bpy.data.texts.get(DOCTOR_TEXT) or bpy.data.texts.new(DOCTOR_TEXT)
    text.from_string("\n".join(line.text() for line in lines))
    to_do = [f"{line.subject}: {line.advice}" for line in lines if line.advice and line.needed]
    return "; ".join(to_do) or f"All is well; the text {DOCTOR_TEXT} has the details"


CLASSES = (HANDMOCAP_OT_set_up, HANDMOCAP_OT_set_up_wilor, HANDMOCAP_OT_doctor, HANDMOCAP_OT_open_system_preferences)
