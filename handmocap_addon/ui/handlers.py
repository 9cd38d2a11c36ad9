"""What happens around the panel: another file is opened, steps are undone, a file is saved. Blender tells all of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy
from bpy.app import handlers

from .common import panel_jobs
from .common.guards import quiet
from .overlay import session
from .source import relative_paths

# Blender's own decorator, which keeps a handler when another file is opened.
persistent: Callable[[Callable[..., Any]], Callable[..., Any]] = handlers.persistent
# Of what is changed in a file, what a tool's line can be about.
_CHANGING = (bpy.types.Action, bpy.types.Object, bpy.types.Scene)


@persistent
@quiet
def _after_opening(*_: object) -> None:
    panel_jobs.forget_the_file_before()
    session.forget()
    relative_paths.after_opening()
    panel_jobs.fill_in_again()


@persistent
@quiet
def _after_undo(*_: object) -> None:
    panel_jobs.fill_in_again()
    panel_jobs.drop_untrue_lines()
    # What the estimate's corrections were may be another now.
    session.redraw()


@persistent
def _after_a_change(_scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    if panel_jobs.has_lines() and any(isinstance(update.id, _CHANGING) for update in depsgraph.updates):
        panel_jobs.drop_untrue_lines()


@persistent
@quiet
def _before_saving(target: str, *_: object) -> None:
    relative_paths.before_saving(target)


@persistent
@quiet
def _after_saving(*_: object) -> None:
    relative_paths.after_saving()


_HANDLERS = (
    (bpy.app.handlers.save_pre, _before_saving),
    (bpy.app.handlers.save_post, _after_saving),
    (bpy.app.handlers.save_post_fail, _after_saving),
    (bpy.app.handlers.load_post, _after_opening),
    (bpy.app.handlers.undo_post, _after_undo),
    (bpy.app.handlers.redo_post, _after_undo),
    (bpy.app.handlers.depsgraph_update_post, _after_a_change),
)


def register() -> None:
    for told, handler in _HANDLERS:
        if handler not in told:
            told.append(handler)


def unregister() -> None:
    for told, handler in _HANDLERS:
        if handler in told:
            told.remove(handler)
