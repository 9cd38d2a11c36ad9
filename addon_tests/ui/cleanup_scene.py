"""A body with keyed fingers from a made-up hands' file, for the tests of the cleanup tools."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np

from addon_tests.making.gestures import bent, detector_noise, stand_in_hand
from handmocap_addon.blender.motion.key_edits import finger_curves
from handmocap_addon.blender.rig.finger_target import target_of
from handmocap_addon.core.hands.hand_poses import HandPoses, HandTrack
from handmocap_addon.core.hands.hand_poses_file import write_hand_poses
from handmocap_addon.core.maths.rotations import quat_wxyz_to_axis_angle
from handmocap_addon.core.skeleton import Side

Array = np.ndarray
COUNT = 60
FPS = 30


def waving(side: Side, seed: int, count: int = COUNT) -> HandTrack:
    """Fingers that bend and stretch, with noise of 2 degrees."""
    bends = 0.5 + 0.4 * np.sin(np.arange(count) / 6.0 + seed)
    quat = detector_noise(bent(stand_in_hand(side), bends), np.random.default_rng(seed), 2.0)
    track = HandTrack.empty(count)
    track.pose_axis_angle[:] = quat_wxyz_to_axis_angle(quat).reshape(count, 45)
    track.detected[:], track.score[:], track.detector_score[:] = True, 0.9, 0.9
    return track


def write_hands(path: Path, count: int = COUNT, jump: int | None = 30) -> HandPoses:
    """Both hands; the left index jumps on one row, and the right hand is not seen from row 40 to 54."""
    left, right = waving("left", 1, count), waving("right", 2, count)
    if jump is not None:
        left.pose_axis_angle[jump, :9] += np.repeat(1.2, 9)
        right.detected[40:55] = False
    meta = {"clip": {"name": "clip.mp4", "size": (640, 480), "fps": (FPS, 1)}}
    poses = HandPoses(left, right, np.arange(count), np.arange(count) / FPS, meta)
    write_hand_poses(path, poses)
    return poses


def keyed_fingers(settings: Any, folder: Path) -> Any:
    """The armature after Apply Fingers."""
    write_hands(folder / "hand_poses.npz")
    settings.hand_poses = str(folder / "hand_poses.npz")
    bpy.ops.handmocap.add_body()
    assert bpy.ops.handmocap.apply_hands() == {"FINISHED"}
    return settings.armature


def rotations(armature: Any, joint: str, frames: Any = None) -> Array:
    """What a joint's curves say on frames (n, 4), by default on the clip's."""
    side, finger = joint.split("_")
    target = target_of([side], [finger[:-1]])
    (curves,) = [curves for curves in finger_curves(armature, target) if curves.joint == joint]
    wanted = np.arange(1.0, COUNT + 1) if frames is None else np.asarray(frames, dtype=np.float64)
    return curves.quat_wxyz_at(wanted)


def degrees_between(first: Array, second: Array) -> Array:
    """Angles (n,) between rotations (n, 4)."""
    return np.degrees(2.0 * np.arccos(np.clip(np.abs(np.sum(first * second, axis=-1)), 0.0, 1.0)))


def key_types(armature: Any, joint: str) -> dict[float, str]:
    """Key types by frame of a joint's first channel."""
    side, finger = joint.split("_")
    (curves,) = [each for each in finger_curves(armature, target_of([side], [finger[:-1]])) if each.joint == joint]
    return {round(key.co[0], 3): key.type for key in curves.curve(0).keyframe_points}
