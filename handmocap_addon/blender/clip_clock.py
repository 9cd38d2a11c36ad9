"""The clip's clock on the scene's: rate, range and picture size, and where the rows of the hands fall on the timeline."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.hand_poses import HandPoses
from .retimed_frames import retimed_as
from .scene_time import FIRST_FRAME, scene_frames, set_frame_rate, set_range


def match_scene_to_clip(scene: Any, poses: HandPoses, armature: Any = None) -> None:
    """Give the scene the clip's frame rate, picture size and range, where the file says them.

    The armature says whether its keys were retimed.
    """
    fps = poses.frames_per_second()
    if fps is not None:
        set_frame_rate(scene, fps)
    size = poses.picture_size()
    if size is not None:
        scene.render.resolution_x, scene.render.resolution_y = size
    set_range(scene, timeline_frames(scene, poses, armature))


def timeline_frames(scene: Any, poses: HandPoses, armature: Any = None) -> np.ndarray:
    """Timeline frames (N,) of the rows of the hands; row after row where the file has no times.

    The armature says whether its keys were retimed.
    """
    if poses.frame_time is None:
        frames = FIRST_FRAME + np.arange(poses.frame_count, dtype=np.float64)
    else:
        frames = scene_frames(scene, poses.frame_time)
    return retimed_as(armature, frames)


def frame_times(poses: HandPoses) -> np.ndarray:
    """Seconds (N,) of the rows of the hands; by the clip's rate, else 30 a second, where the file has no times."""
    if poses.frame_time is None:
        return np.arange(poses.frame_count) / float(poses.frames_per_second() or 30)
    return poses.frame_time
