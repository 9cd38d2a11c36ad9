"""Every class, in order, by name. Nothing is found by magic."""

from __future__ import annotations

import bpy

from . import announcements, handlers, job_operators, panel_jobs, status_bar
from .bake import operators as bake_operators
from .bake import panel as bake_panel
from .bake import settings as bake_settings
from .body import operators as body_operators
from .body import panel as body_panel
from .cleanup import correction_operators, key_operators, live, problem_list, problem_operators, time_operators
from .cleanup import panel as cleanup_panel
from .cleanup import settings as cleanup_settings
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
from .preferences import HandmocapPreferences
from .retarget import operators as retarget_operators
from .retarget import panel as retarget_panel
from .retarget import settings as retarget_settings
from .settings import HandmocapSettings
from .setup import cache_operators
from .setup import operators as setup_operators
from .setup import panel as setup_panel
from .source import operators as source_operators
from .source import panel as source_panel
from .source.people import HandmocapPerson

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
    *hand_operators.CLASSES,
    *body_operators.CLASSES,
    *finger_operators.CLASSES,
    *rotation_and_start_over.CLASSES,
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


def register() -> None:
    """Register every class and the scene's settings."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.handmocap = bpy.props.PointerProperty(type=HandmocapSettings)
    handlers.register()
    status_bar.register()
    overlay_viewport.register()
    bpy.types.TOPBAR_MT_file_export.append(motion_file_operators.draw_export_entry)
    bpy.types.Scene.handmocap_cleanup = bpy.props.PointerProperty(type=cleanup_settings.HandmocapCleanup)


def unregister() -> None:
    """End running jobs and take everything back, in reverse."""
    panel_jobs.cancel_all()
    status_bar.unregister()
    bpy.types.TOPBAR_MT_file_export.remove(motion_file_operators.draw_export_entry)
    handlers.unregister()
    live.stop()
    overlay_viewport.unregister()
    del bpy.types.Scene.handmocap_cleanup
    del bpy.types.Scene.handmocap
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
