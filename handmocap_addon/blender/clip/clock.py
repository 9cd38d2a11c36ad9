"""The clip's clock on the scene's: rate, range and picture size, and where the rows of the hands fall on the timeline."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.clip.picture_cuts import apart_at_cuts
from ...core.hands.hand_poses import HandPoses
from ..curves.retimed_frames import frame_before_retiming, retimed_as
from ..scene_time import set_frame_rate, set_range, whole_where_near
from .place import ClipPlace, place_of
from .scene_content import remember_match

Array = NDArray[Any]


def match_scene_to_clip(scene: Any, poses: HandPoses, armature: Any = None, first_frame: int | None = None) -> None:
    """Give the scene the clip's frame rate, picture size and range, where the file says them.

    The armature says whether its keys were retimed. The clip begins on `first_frame`, where its keys are already if None.
    """
    fps = poses.frames_per_second()
    if fps is not None:
        set_frame_rate(scene, fps)
    size = poses.picture_size()
    if size is not None:
        scene.render.resolution_x, scene.render.resolution_y = size
        scene.render.resolution_percentage = 100
        scene.render.pixel_aspect_x = scene.render.pixel_aspect_y = 1.0
    set_range(scene, frames_at(place_on(scene, armature, first_frame), poses, armature))
    remember_match(scene)


def timeline_frames(scene: Any, poses: HandPoses, armature: Any = None) -> Array:
    """Timeline frames (N,) of the rows of the hands; row after row where the file has no times.

    The armature says where its keys are: at which rate they were written, from which frame on, and how they were retimed.
    """
    return frames_at(place_of(scene, armature), poses, armature)


def place_on(scene: Any, armature: Any, first_frame: int | None = None) -> ClipPlace:
    """Where an apply puts the clip: at the scene's rate, from a chosen frame on, else from where its keys are already."""
    place = place_of(scene, armature)
    place = replace(place, fps=place_of(scene, None).fps)
    return place if first_frame is None else replace(place, first_frame=frame_before_retiming(armature, first_frame))


def frames_at(place: ClipPlace, poses: HandPoses, armature: Any = None) -> Array:
    """Timeline frames (N,) of the rows of the hands at a place."""
    if poses.frame_time is None:
        frames = place.first_frame + np.arange(poses.frame_count, dtype=np.float64)
    else:
        frames = whole_where_near(place.first_frame + np.asarray(poses.frame_time, dtype=np.float64) * place.fps)
    return retimed_as(armature, frames)


def clip_start(scene: Any, armature: Any) -> int:
    """The timeline frame on which the clip begins."""
    return round(float(retimed_as(armature, [place_of(scene, armature).first_frame])[0]))


def shot_times(poses: HandPoses) -> Array:
    """`frame_times` in which frames of different shots are far apart, for what must not be carried across a cut."""
    return apart_at_cuts(frame_times(poses), poses.clip_notes().cut_frames)


def frame_times(poses: HandPoses) -> Array:
    """Seconds (N,) of the rows of the hands; by the clip's rate, else 30 a second, where the file has no times."""
    if poses.frame_time is None:
        return np.arange(poses.frame_count) / float(poses.frames_per_second() or 30)
    return poses.frame_time
