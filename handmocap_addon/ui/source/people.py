"""The people of a clip who have GVHMR results, and what choosing one of them means."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import bpy

from ...blender.curves.made_from import recall
from ...blender.rig.armatures import smplx_armatures
from ...blender.version_differences import path_options
from ...core.clip.clip_neighbours import Person, hands_of
from ...core.files.archive_identity import archive_identity
from ..common.chosen_paths import path_said

Items = tuple[tuple[str, str, str], ...]


class HandmocapPerson(bpy.types.PropertyGroup):
    """One person; the name is the group's own."""

    gvhmr: bpy.props.StringProperty(  # type: ignore[valid-type]
        description="The hmr4d_results.pt of this person", subtype="FILE_PATH", options=path_options()
    )

    def path(self) -> Path:
        return Path(os.path.normpath(path_said(self.gvhmr)))


def list_people(settings: Any, people: tuple[Person, ...]) -> None:
    """Fill the panel's list."""
    settings.people.clear()
    for person in people:
        item = settings.people.add()
        item.name, item.gvhmr = person.name, str(person.gvhmr)


def people_items(settings: Any, _context: Any) -> Items:
    """For the choice; somebody where nobody is listed, since Blender wants one item at least."""
    return _items(tuple((person.name, person.gvhmr) for person in settings.people)) or _NOBODY


_NOBODY: Items = (("", "The one in the clip", "No list of people lies with the clip"),)


@lru_cache(maxsize=8)
def _items(people: tuple[tuple[str, str], ...]) -> Items:
    # Blender keeps no copy of these strings: they have to live on.
    return tuple((name, name, gvhmr) for name, gvhmr in people)


def person_chosen(settings: Any, _context: Any) -> None:
    """Take over the person's GVHMR result, hands and armature."""
    person = settings.people.get(settings.person)
    if person is None or person.path() == settings.gvhmr_path():
        return
    settings.fill_in("gvhmr", person.gvhmr)
    clip, gvhmr = settings.clip_path(), settings.gvhmr_path()
    hands = hands_of(clip if clip is not None else gvhmr, gvhmr)
    settings.fill_in("hand_poses", str(hands) if hands is not None else "")
    _choose_armature(settings, gvhmr)


def _choose_armature(settings: Any, gvhmr: Path) -> None:
    """The armature that has this body's keys; none where the chosen one has another's."""
    identity = archive_identity(gvhmr)
    keyed = {armature: (recall(armature, "body") or {}).get("gvhmr") for armature in smplx_armatures()}
    own = next((armature for armature, of in keyed.items() if of == identity), None)
    if own is not None or keyed.get(settings.armature):
        settings.armature = own
