"""Times the reduction of finger keys and the way back, and measures what is left of clips.

    python -m addon_tests.bench.key_reduction [HAND_POSES.npz …] [--frames 100 1000 5000 20000]

with a Python that has `bpy` and the stand-in's package, from the top of the checkout. Without files it times made-up hands
that go from pose to pose and hold some. Each file, named for its folder, is keyed with the default cleanup and reduced to
1.5 degrees; the largest error is that of the curves as Blender evaluates them, on every frame and at eighths between. The
bend at a key is how much a bone's speed changes on it.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from handmocap_addon.blender.apply import apply_hands
from handmocap_addon.blender.clip.clock import match_scene_to_clip
from handmocap_addon.blender.curves.actions import find_curve
from handmocap_addon.blender.motion.key_reduction import ReductionSettings, reduce_finger_keys, restore_full_keys
from handmocap_addon.blender.motion.motion_keys import rotation_path, write_hand_keys
from handmocap_addon.blender.motion.shot import Shot
from handmocap_addon.blender.rig.bodies import add_body
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.cleanup.clean_hands import CleanHand, CleanupSettings, Provenance
from handmocap_addon.core.hands.hand_poses import HandTrack
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses
from handmocap_addon.core.keys.key_sharing import KeySharing
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz, normalized, sign_continuous_quat_wxyz
from handmocap_addon.core.skeleton import SIDES, hand_joint_names

LIMIT_DEGREES = 1.5
BONES = [joint for side in SIDES for joint in hand_joint_names(side)]


def _made_up_hand(frame_count: int, seed: int) -> CleanHand:
    """Poses every 6 to 24 frames with smooth ways between, every fourth of them held, and 0.1 degrees of noise."""
    random = np.random.default_rng(seed)
    at = np.concatenate(([0], np.cumsum(random.integers(6, 25, frame_count // 6 + 2))))
    poses = random.normal(scale=0.35, size=(len(at), 15, 3))
    poses[3::4] = poses[2::4][: len(poses[3::4])]
    frames = np.arange(frame_count)
    place = np.searchsorted(at, frames, side="right") - 1
    share = (frames - at[place]) / (at[place + 1] - at[place])
    eased = (share**3 * (10.0 - 15.0 * share + 6.0 * share**2))[:, None, None]
    turns = poses[place] * (1.0 - eased) + poses[place + 1] * eased + random.normal(scale=0.0017, size=(frame_count, 15, 3))
    quat = sign_continuous_quat_wxyz(axis_angle_to_quat_wxyz(turns))
    return CleanHand(quat, np.full(frame_count, Provenance.MEASURED))


def _armature() -> Any:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return add_body(load_stand_in_body())


def _times(frame_count: int) -> str:
    armature = _armature()
    hands = {side: _made_up_hand(frame_count, number) for number, side in enumerate(SIDES)}
    tracks = {side: HandTrack.empty(frame_count) for side in SIDES}
    seconds = [time.perf_counter()]
    write_hand_keys(Shot.of(armature), hands, tracks, np.arange(1.0, frame_count + 1.0), "made up")
    seconds.append(time.perf_counter())
    result = reduce_finger_keys(armature, ReductionSettings(LIMIT_DEGREES))
    seconds.append(time.perf_counter())
    restore_full_keys(armature)
    seconds.append(time.perf_counter())
    apply, reduce, restore = np.diff(seconds)
    times = " | ".join(f"{lasted:.2f} s" for lasted in (apply, reduce, restore))
    return f"| {frame_count:,} | {times} | {1000.0 * reduce / frame_count:.2f} ms | {result.keys_before / result.keys_after:.1f} |"


def _evaluated(armature: Any, last: float) -> np.ndarray:
    """Unit quaternions (n, 30, 4) on every frame from 1 and at eighths between."""
    moments = np.arange(1.0, last + 0.01, 0.125)
    curves = [find_curve(armature, rotation_path(bone), index) for bone in BONES for index in range(4)]
    values = [[curve.evaluate(moment) for moment in moments] for curve in curves if curve is not None]
    return normalized(np.array(values).reshape(len(BONES), 4, -1).transpose(2, 0, 1))


def _bends(armature: Any) -> np.ndarray:
    """Degrees a frame by which bones' speeds change on their inner keys."""
    changes = []
    for bone in BONES:
        values, slopes = [], []
        for index in range(4):
            curve = find_curve(armature, rotation_path(bone), index)
            assert curve is not None
            keys = [(key.co, key.handle_left, key.handle_right) for key in curve.keyframe_points][1:-1]
            values.append([at.y for at, _, _ in keys])
            slopes.append([(right - at).y / (right - at).x - (at - left).y / (at - left).x for at, left, right in keys])
        quat, slope = normalized(np.array(values).T), np.array(slopes).T
        # What is along a quaternion changes its length and turns nothing.
        slope -= np.sum(slope * quat, axis=-1, keepdims=True) * quat
        changes.append(2.0 * np.degrees(np.linalg.norm(slope, axis=-1)))
    return np.concatenate(changes)


def _clip(path: Path, counts: dict[str, list[tuple[int, int, int]]]) -> list[str]:
    """A line for each way of sharing keys; frames, full keys and those left are added to `counts`."""
    armature = _armature()
    poses = read_hand_poses(path)
    match_scene_to_clip(bpy.context.scene, poses, armature)
    apply_hands(armature, poses, CleanupSettings(), "clip")
    full = _evaluated(armature, poses.frame_count)
    lines = []
    for sharing in KeySharing:
        result = reduce_finger_keys(armature, ReductionSettings(LIMIT_DEGREES, sharing))
        apart = np.linalg.norm(full - _evaluated(armature, poses.frame_count), axis=-1).max()
        bends = _bends(armature)
        counts.setdefault(sharing.value, []).append((poses.frame_count, result.keys_before, result.keys_after))
        lines.append(
            f"| {path.parent.name} | {poses.frame_count} | {sharing.value} | {result.keys_before} | {result.keys_after} | "
            f"{result.keys_before / result.keys_after:.1f} | {np.degrees(4.0 * np.arcsin(0.5 * apart)):.3f}° | "
            f"{np.median(bends):.1f}, {np.percentile(bends, 95):.1f} |"
        )
    return lines


def _clips(paths: list[Path]) -> None:
    print("| clip | frames | shared by | full keys | left | times fewer | largest error | bend at a key, 50 %, 95 % |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    counts: dict[str, list[tuple[int, int, int]]] = {}
    for path in paths:
        print("\n".join(_clip(path, counts)), flush=True)
    for sharing, of_clips in counts.items():
        frames, before, after = (sum(numbers) for numbers in zip(*of_clips, strict=True))
        print(f"| all | {frames} | {sharing} | {before} | {after} | {before / after:.1f} | - | - |")


def main() -> None:
    """Print the table of the files, or of times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hand_poses", type=Path, nargs="*")
    parser.add_argument("--frames", type=int, nargs="+", default=[100, 1_000, 5_000, 20_000], help="of the made-up hands")
    options = parser.parse_args()
    print(f"Blender {bpy.app.version_string}, {len(BONES)} bones, {LIMIT_DEGREES} degrees\n")
    if options.hand_poses:
        _clips(options.hand_poses)
        return
    print("Keys shared by finger:\n")
    print("| frames | apply | reduce | full keys | reduce, a frame | times fewer |\n| --- | --- | --- | --- | --- | --- |")
    for frame_count in options.frames:
        print(_times(frame_count), flush=True)


if __name__ == "__main__":
    main()
