"""Relative paths of the panel's fields when a file is saved in another folder; Blender remaps its own alone."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import bpy

# The clip first: setting it may fill in others, which are then set after it.
_FIELDS = ("clip", "gvhmr", "hand_poses", "found_gvhmr", "found_hand_poses", "smplx_model", "bake_folder")
# Where the file is about to go, and what the fields said before.
_before: list[tuple[Path, list[tuple[Any, str, str]]]] = []


def before_saving(target: str) -> None:
    """Let relative paths start from the folder of the file that is about to be written."""
    _before.clear()
    folder = Path(target).parent
    if not bpy.data.filepath or not target or folder == Path(bpy.data.filepath).parent:
        return
    said = [
        (scene.handmocap, name, getattr(scene.handmocap, name))
        for scene in bpy.data.scenes
        if scene.library is None
        for name in _FIELDS
        if getattr(scene.handmocap, name).startswith("//")
    ]
    _before.append((folder, said))
    places = [bpy.path.abspath(text) for _settings, _name, text in said]
    for (settings, name, _text), place in zip(said, places, strict=True):
        with contextlib.suppress(ValueError):  # another drive
            setattr(settings, name, bpy.path.relpath(place, start=str(folder)))


def after_saving() -> None:
    """The open file stays where it is when only a copy was saved, or when saving failed; then all is as it was."""
    for folder, said in _before:
        if Path(bpy.data.filepath).parent != folder:
            for settings, name, text in said:
                setattr(settings, name, text)
    _before.clear()
