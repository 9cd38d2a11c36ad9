"""In what a scene that keeps its own clock and size differs from the clip, in words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core.hands.hand_poses import HandPoses
from ..scene_time import frame_rate
from .clock import timeline_frames


def rates_differ(scene: Any, poses: HandPoses) -> bool:
    """Whether the clip's rate is known and not the scene's."""
    fps = poses.frames_per_second()
    return fps is not None and not math.isclose(float(fps), frame_rate(scene), rel_tol=1e-5)


def difference(scene: Any, poses: HandPoses, armature: Any) -> str | None:
    """One clause about the scene and the clip as its keys lie on the timeline; None where nothing differs."""
    said = []
    if rates_differ(scene, poses):
        said.append(f"{frame_rate(scene):.5g} fps (the clip {float(poses.frames_per_second() or 0):.5g})")
    size, own = poses.picture_size(), (scene.render.resolution_x, scene.render.resolution_y)
    if size is not None and size != own:
        said.append(f"{own[0]} x {own[1]} (the clip {size[0]} x {size[1]})")
    frames = timeline_frames(scene, poses, armature)
    if len(frames) and (frames[0] < scene.frame_start or frames[-1] > scene.frame_end):
        first, last = np.floor(frames[0]), np.ceil(frames[-1])
        said.append(f"frames {scene.frame_start} to {scene.frame_end} (the clip {first:.0f} to {last:.0f})")
    return f"The scene keeps its own {', '.join(said)}" if said else None
