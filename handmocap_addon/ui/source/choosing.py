"""What a newly chosen clip or GVHMR result fills in."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...blender.clip.clock import clip_start
from ...blender.clip.footage import Footage, look_at
from ...blender.clip.scene_content import has_own_animation, is_a_persons, remember_match
from ...blender.scene_time import set_frame_rate, set_range
from ...core.body.body_motion_file import BODY_MOTION_NAME
from ...core.body.gvhmr_file import CLIP_NAME
from ...core.clip.clip_neighbours import hands_of, people_of
from ...core.errors import HandmocapError
from ...core.hands.hand_poses_file import HAND_POSES_NAME
from ..common import panel_jobs
from ..common.stages import SOURCE as STAGE
from .people import list_people

_is_quiet: list[bool] = []


@contextlib.contextmanager
def without_filling_in() -> Iterator[None]:
    """While a field gets another word for the same file, nothing follows from it."""
    _is_quiet.append(True)
    try:
        yield
    finally:
        _is_quiet.pop()


def clip_chosen(settings: Any, _context: Any) -> None:
    """Fill in what lies beside the clip, and give a scene that is not a person's yet the clip's clock.

    What was filled in for another clip goes, what a person chose stays.
    """
    if _is_quiet:
        return
    clip = settings.clip_path()
    settings.clip_facts = ""
    if clip is None or not clip.exists():
        return
    said = []
    if not _is_copy_of_the_clip(settings, clip):
        said += _fill_in_neighbours(settings, clip)
    try:
        footage = look_at(clip)
    except HandmocapError as error:
        panel_jobs.set_status(STAGE, False, error.sentence())
        return
    settings.clip_facts = footage.sentence()
    scene = settings.id_data
    if is_a_persons(scene):
        why = "has animation" if has_own_animation(scene) else "has a clock of its own"
        said.append(f"the scene {why}, so its frame rate and range stay")
    else:
        said.append(_match(scene, footage, clip_start(scene, settings.armature)))
    panel_jobs.set_status(STAGE, True, f"{clip.name}: {'; '.join(said)}")


def gvhmr_chosen(settings: Any, _context: Any) -> None:
    """Fill in GVHMR's copy of the clip where its result was chosen before any clip."""
    gvhmr = settings.gvhmr_path()
    if not _is_quiet and not settings.clip and gvhmr is not None and (gvhmr.parent / CLIP_NAME).is_file():
        settings.clip = str(gvhmr.parent / CLIP_NAME)


def _is_copy_of_the_clip(settings: Any, clip: Path) -> bool:
    """Whether it is GVHMR's copy of the clip whose people are listed: they are the same then."""
    return clip.name == CLIP_NAME and any(person.path().parent == clip.parent for person in settings.people)


def _fill_in_neighbours(settings: Any, clip: Path) -> list[str]:
    people = people_of(clip)
    if settings.gvhmr in ("", settings.found_gvhmr):
        settings.fill_in("gvhmr", str(people[0].gvhmr) if people else "")
    gvhmr = settings.gvhmr_path()
    list_people(settings, people if gvhmr in [person.gvhmr for person in people] else ())
    if settings.people:
        settings.person = next(person.name for person in people if person.gvhmr == gvhmr)
    if settings.hand_poses in ("", settings.found_hand_poses):
        results = settings.result_folder()
        hands = hands_of(clip, gvhmr if settings.people else None)
        if hands is None and results is not None and (results / HAND_POSES_NAME).is_file():
            hands = results / HAND_POSES_NAME
        settings.fill_in("hand_poses", str(hands) if hands is not None else "")
        body = hands.with_name(BODY_MOTION_NAME) if hands is not None else None
        if not settings.gvhmr and body is not None and body.is_file():
            settings.fill_in("gvhmr", str(body))
    said = [f"{len(people)} people with GVHMR results"] if len(settings.people) > 1 else []
    if len(settings.people) == 1:
        said.append("GVHMR result found")
    if settings.hand_poses and settings.hand_poses == settings.found_hand_poses:
        said.append("hands found")
    return said


def _match(scene: Any, footage: Footage, first_frame: int) -> str:
    if footage.fps is not None:
        set_frame_rate(scene, footage.fps)
    scene.render.resolution_x, scene.render.resolution_y = footage.size
    set_range(scene, np.array((first_frame, first_frame + footage.frame_count - 1)))
    remember_match(scene)
    rate = f" at {float(footage.fps):.5g} fps" if footage.fps is not None else ""
    return f"the scene now has frames {scene.frame_start} to {scene.frame_end}{rate}"
