"""What happens around the panel's jobs: another file is opened, steps are undone. Both are told by Blender."""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from . import panel_jobs
from .overlay import session


@persistent
def _after_opening(*_: object) -> None:
    panel_jobs.forget_the_file_before()
    session.forget()
    panel_jobs.fill_in_again()


@persistent
def _after_undo(*_: object) -> None:
    panel_jobs.fill_in_again()


_HANDLERS = (
    (bpy.app.handlers.load_post, _after_opening),
    (bpy.app.handlers.undo_post, _after_undo),
    (bpy.app.handlers.redo_post, _after_undo),
)


def register() -> None:
    for told, handler in _HANDLERS:
        told.append(handler)


def unregister() -> None:
    for told, handler in _HANDLERS:
        told.remove(handler)
