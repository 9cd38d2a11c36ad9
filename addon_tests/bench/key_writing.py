"""Times 52 bones x 1000 frames of quaternion keys: our bulk writing beside `keyframe_insert`, the same data in the same run.

Then our writing of 100 to 20,000 frames: the first time, again, and again around 50 poses of a person's own with ease.

    python -m addon_tests.bench.key_writing [--frames 1000] [--lengths 100 1000 5000 10000 20000]

with a Python that has `bpy`, from the top of the checkout.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import bpy
import numpy as np

from handmocap_addon.blender.curves.actions import MEASURED_KEY, Channel, count_keys, key_type_number, write_channels
from handmocap_addon.blender.rig.bodies import add_body
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz, sign_continuous_quat_wxyz
from handmocap_addon.core.skeleton import BODY_JOINTS, SIDES, hand_joint_names

BONES = (*BODY_JOINTS, *(name for side in SIDES for name in hand_joint_names(side)))


def _rotations(frame_count: int) -> np.ndarray:
    """Smooth made-up rotations (N, 52, 4)."""
    phase = np.linspace(0.0, 20.0, frame_count)[:, None, None] + np.arange(len(BONES))[:, None] + np.arange(3)
    return sign_continuous_quat_wxyz(axis_angle_to_quat_wxyz(0.5 * np.sin(phase)))


def _in_bulk(armature: Any, quat: np.ndarray) -> None:
    frames = np.arange(1.0, len(quat) + 1.0)
    key_types = np.full(len(quat), key_type_number(MEASURED_KEY))
    channels = [
        Channel(f'pose.bones["{bone}"].rotation_quaternion', index, bone, frames, quat[:, number, index], key_types)
        for number, bone in enumerate(BONES)
        for index in range(4)
    ]
    write_channels(armature, "bulk", channels, 5.0)


def _one_by_one(armature: Any, quat: np.ndarray) -> None:
    for number, bone in enumerate(BONES):
        pose_bone = armature.pose.bones[bone]
        for row in range(len(quat)):
            pose_bone.rotation_quaternion = quat[row, number]
            pose_bone.keyframe_insert("rotation_quaternion", frame=row + 1, group=bone, keytype=MEASURED_KEY)


def _timed(name: str, write: Callable[[Any, np.ndarray], None], quat: np.ndarray) -> tuple[float, np.ndarray]:
    """Seconds, and the pose that a middle frame then has."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    armature = add_body(load_stand_in_body())
    for bone in BONES:
        armature.pose.bones[bone].rotation_mode = "QUATERNION"
    started = time.perf_counter()
    write(armature, quat)
    seconds = time.perf_counter() - started
    bpy.context.scene.frame_set(len(quat) // 2)
    pose = np.array([armature.pose.bones[bone].rotation_quaternion for bone in BONES])
    print(f"| {name} | {count_keys(armature)} | {seconds:.3f} s | {count_keys(armature) / seconds:,.0f} |")
    return seconds, pose


def _scaling(lengths: list[int]) -> None:
    print("\n| frames | first | again | around 50 poses by hand | per key |\n| --- | --- | --- | --- | --- |")
    for count in lengths:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        armature = add_body(load_stand_in_body())
        quat = _rotations(count)
        seconds = []
        for turn in range(3):
            if turn == 2:
                for bone in BONES:
                    for frame in np.linspace(1, count, 50).astype(int):
                        armature.pose.bones[bone].keyframe_insert("rotation_quaternion", frame=frame)
            started = time.perf_counter()
            _in_bulk(armature, quat)
            seconds.append(time.perf_counter() - started)
        told = " | ".join(f"{value:.2f} s" for value in seconds)
        print(f"| {count} | {told} | {1e6 * seconds[0] / count_keys(armature):.2f} µs |")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=1_000, help="of the comparison")
    parser.add_argument("--lengths", type=int, nargs="+", default=[100, 1_000, 5_000, 10_000, 20_000])
    options = parser.parse_args()
    quat = _rotations(options.frames)
    print(f"Blender {bpy.app.version_string}, {len(BONES)} bones x {options.frames} frames\n")
    print("| way | keys | time | keys a second |\n| --- | --- | --- | --- |")
    bulk, bulk_pose = _timed("write_channels", _in_bulk, quat)
    single, single_pose = _timed("keyframe_insert", _one_by_one, quat)
    print(f"\n{single / bulk:.0f} times as fast; poses differ by at most {np.abs(bulk_pose - single_pose).max():.1e}")
    _scaling(options.lengths)


if __name__ == "__main__":
    main()
