"""Every class, in order, by name. Nothing is found by magic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import bpy

from ..blender.saving import claim_session_folder
from ..core.audience import speak_to_the_command_line, speak_to_the_panel
from . import handlers
from .apply import keys_in_the_way, problem_list
from .bake import operators as bake_operators
from .bake import panel as bake_panel
from .bake import settings as bake_settings
from .body import operators as body_operators
from .body import panel as body_panel
from .cleanup import correction_operators, key_operators, live, problem_operators, time_operators
from .cleanup import panel as cleanup_panel
from .cleanup import settings as cleanup_settings
from .common import announcements, job_operators, panel_jobs, status_bar
from .common.guards import guarded, keep_said, keep_said_no_more, keep_trace
from .fingers import operators as finger_operators
from .fingers import panel as finger_panel
from .fingers import rotation_and_start_over
from .flow import operators as flow_operators
from .flow import panel as flow_panel
from .hands import operators as hand_operators
from .hands import panel as hand_panel
from .motion_files import operators as motion_file_operators
from .motion_files import panel as motion_file_panel
from .motion_files import settings as motion_file_settings
from .overlay import operators as overlay_operators
from .overlay import panel as overlay_panel
from .overlay import settings as overlay_settings
from .overlay import strip as overlay_strip
from .overlay import viewport as overlay_viewport
from .retarget import operators as retarget_operators
from .retarget import panel as retarget_panel
from .retarget import settings as retarget_settings
from .settings import HandmocapSettings
from .setup import cache_operators
from .setup import operators as setup_operators
from .setup import panel as setup_panel
from .setup.extension_preferences import HandmocapPreferences
from .source import clock as source_clock
from .source import operators as source_operators
from .source import panel as source_panel
from .source.people import HandmocapPerson

Step = Callable[[], None]

CLASSES = (
    HandmocapPreferences,
    *bake_settings.CLASSES,
    *retarget_settings.CLASSES,
    *overlay_settings.CLASSES,
    *motion_file_settings.CLASSES,
    HandmocapPerson,
    HandmocapSettings,
    *cleanup_settings.CLASSES,
    *problem_list.CLASSES,
    *job_operators.CLASSES,
    *announcements.CLASSES,
    *overlay_operators.CLASSES,
    *source_operators.CLASSES,
    *source_clock.CLASSES,
    *hand_operators.CLASSES,
    *body_operators.CLASSES,
    *finger_operators.CLASSES,
    *rotation_and_start_over.CLASSES,
    *keys_in_the_way.CLASSES,
    *problem_operators.CLASSES,
    *correction_operators.CLASSES,
    *key_operators.CLASSES,
    *time_operators.CLASSES,
    *retarget_operators.CLASSES,
    *bake_operators.CLASSES,
    *motion_file_operators.CLASSES,
    *setup_operators.CLASSES,
    *cache_operators.CLASSES,
    *overlay_strip.CLASSES,
    *flow_operators.CLASSES,
    *flow_panel.CLASSES,
    *overlay_panel.CLASSES,
    *setup_panel.FIRST_STEPS,
    *source_panel.CLASSES,
    *hand_panel.CLASSES,
    *body_panel.CLASSES,
    *finger_panel.CLASSES,
    *cleanup_panel.CLASSES,
    *retarget_panel.CLASSES,
    *bake_panel.CLASSES,
    *motion_file_panel.CLASSES,
    *setup_panel.CLASSES,
)


def _nothing() -> None:
    """There is nothing to do on this way."""


def _step_of(cls: type[Any]) -> tuple[Step, Step]:
    return lambda: bpy.utils.register_class(guarded(cls)), lambda: bpy.utils.unregister_class(cls)


def _setting(name: str, settings: type[Any]) -> tuple[Step, Step]:
    def add() -> None:
        added: Any = bpy.props
        setattr(bpy.types.Scene, name, added.PointerProperty(type=settings))

    return add, lambda: delattr(bpy.types.Scene, name)


def _add_export_entry() -> None:
    bpy.types.TOPBAR_MT_file_export.append(motion_file_operators.draw_export_entry)


def _remove_export_entry() -> None:
    bpy.types.TOPBAR_MT_file_export.remove(motion_file_operators.draw_export_entry)


# What registering does, each with its way back.
_STEPS: tuple[tuple[Step, Step], ...] = (
    (speak_to_the_panel, speak_to_the_command_line),
    (claim_session_folder, _nothing),
    (keep_said, keep_said_no_more),
    *map(_step_of, CLASSES),
    _setting("handmocap", HandmocapSettings),
    _setting("handmocap_cleanup", cleanup_settings.HandmocapCleanup),
    (overlay_viewport.register, overlay_viewport.unregister),
    (_nothing, live.stop),
    (handlers.register, handlers.unregister),
    (_add_export_entry, _remove_export_entry),
    (status_bar.register, status_bar.unregister),
    (_nothing, panel_jobs.cancel_all),
)


def register() -> None:
    """Register every class and the scene's settings; where one thing fails, what was done before it is taken back."""
    for number, (do, _) in enumerate(_STEPS):
        try:
            do()
        except BaseException:
            _take_back(_STEPS[: number + 1])
            raise


def unregister() -> None:
    """End running jobs and take everything back, in reverse. What something else has taken away already is no hindrance."""
    _take_back(_STEPS)


def _take_back(steps: Sequence[tuple[Step, Step]]) -> None:
    for _, undo in reversed(steps):
        try:
            undo()
        except Exception:  # The other steps are to be taken back all the same.
            keep_trace()
