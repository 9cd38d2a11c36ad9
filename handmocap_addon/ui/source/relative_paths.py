"""Paths of the panel's fields: relative to the saved file where that can be, and found again when the project was moved.

Blender remaps its own paths alone.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ...core.files.json_files import JsonError, parsed_json
from ...core.files.moved_files import find_moved
from ..common import panel_jobs
from ..common.chosen_paths import path_said
from ..common.stages import SOURCE as STAGE
from .choosing import without_filling_in

_FIELDS = ("clip", "gvhmr", "hand_poses", "found_gvhmr", "found_hand_poses", "smplx_model", "bake_folder", "output_folder")


@dataclass(frozen=True)
class _Field:
    """A field with a path, and what it says."""

    scene: Any
    holder: Any
    name: str
    text: str

    @property
    def key(self) -> str:
        """What it is called among the places that are kept: people have a field of the same name each."""
        return (
            self.name
            if self.holder == self.scene.handmocap
            else f"{type(self.holder).__name__}/{self.holder.name}/{self.name}"
        )

    @property
    def place(self) -> str:
        """The absolute path that is meant; "" where it is relative to a file that was never saved."""
        if self.text.startswith("//") and not bpy.data.filepath:
            return ""
        return os.path.normpath(path_said(self.text.replace("\\", "/") if self.text.startswith("//") else self.text))

    def set(self, text: str) -> None:
        setattr(self.holder, self.name, text)


# Where the file is about to go, and what the fields said before.
_before: list[tuple[Path, list[_Field]]] = []


def before_saving(target: str) -> None:
    """Let all paths start from the folder of the file that is about to be written, and note where they are now."""
    _before.clear()
    if not target:
        return
    folder, fields = Path(target).parent, _fields()
    _before.append((folder, fields))
    places = [field.place for field in fields]
    with without_filling_in():
        for field, place in zip(fields, places, strict=True):
            if place:
                with contextlib.suppress(ValueError):  # another drive
                    field.set(bpy.path.relpath(place, start=str(folder)))
    for scene in _scenes():
        known = {field.key: place for field, place in zip(fields, places, strict=True) if field.scene == scene and place}
        scene.handmocap.places = json.dumps(known)


def after_saving() -> None:
    """The open file stays where it is when only a copy was saved, or when saving failed; then all is as it was."""
    for folder, fields in _before:
        if not bpy.data.filepath or Path(bpy.data.filepath).parent != folder:
            with without_filling_in():
                for field in fields:
                    field.set(field.text)
    _before.clear()


def after_opening() -> None:
    """Look for what is not where a field says, and say what was found instead."""
    if not bpy.data.filepath:
        return
    for scene in _scenes():
        found = _find_again(scene, Path(bpy.data.filepath).parent)
        if found and scene == bpy.context.scene:
            panel_jobs.set_status(STAGE, True, f"The project was moved; found again: {', '.join(dict.fromkeys(found))}")


def _find_again(scene: Any, folder: Path) -> list[str]:
    """Names of what was found at another place, which the fields now say."""
    try:
        said = parsed_json(scene.handmocap.places or "{}")
    except JsonError:
        said = {}
    known = said if isinstance(said, dict) else {}
    found = []
    for field in _fields():
        if field.scene != scene or Path(field.place).exists():
            continue
        place = find_moved(field.text, str(known.get(field.key, "")), folder)
        if place is not None:
            with without_filling_in(), contextlib.suppress(ValueError):
                field.set(bpy.path.relpath(str(place)))
            found.append(place.name)
    return found


def _scenes() -> list[Any]:
    return [scene for scene in bpy.data.scenes if scene.library is None]


def _fields() -> list[_Field]:
    """Every field that says something."""
    found = []
    for scene in _scenes():
        settings = scene.handmocap
        places = [(settings, name) for name in _FIELDS] + [(settings.motion_files, "folder")]
        places += [(person, "gvhmr") for person in settings.people]
        found += [_Field(scene, holder, name, getattr(holder, name)) for holder, name in places if getattr(holder, name)]
    return found
