"""Times what an animator waits for, by the length of the clip: applying the fingers, finding problems, comparing with raw.

    python -m addon_tests.bench.animator_tools HAND_POSES.npz [--frames 100 1000 …]

with a Python that has `bpy` and the stand-in's package, from the top of the checkout. The hands of the file are put behind
themselves as often as it takes.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import fields
from pathlib import Path

import bpy
import numpy as np

from handmocap_addon.blender.apply import apply_hands
from handmocap_addon.blender.cleanup.cleaned_hands import cleaned_hands
from handmocap_addon.blender.cleanup.problems import find_problems
from handmocap_addon.blender.cleanup.raw_ghost import hide_raw, show_raw
from handmocap_addon.blender.rig.bodies import add_body
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.cleanup.clean_hands import CleanupSettings
from handmocap_addon.core.hands.hand_poses import HandPoses, HandTrack
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses


def of_length(poses: HandPoses, frame_count: int) -> HandPoses:
    """The hands behind themselves."""
    rows = np.arange(frame_count) % poses.frame_count
    left, right = (
        HandTrack(**{field.name: getattr(track, field.name)[rows] for field in fields(HandTrack)})
        for track in (poses.left, poses.right)
    )
    fps = float(poses.frames_per_second() or 30)
    return HandPoses(left, right, np.arange(frame_count), np.arange(frame_count) / fps, poses.meta)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("hand_poses", type=Path)
    parser.add_argument("--frames", type=int, nargs="+", default=[100, 1_000, 5_000, 10_000, 20_000])
    options = parser.parse_args()
    poses = read_hand_poses(options.hand_poses)
    print(f"Blender {bpy.app.version_string}, both hands, 30 bones")
    print("| frames | apply fingers | find problems | show raw | hide raw |")
    print("|---|---|---|---|---|")
    for count in options.frames:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        armature = add_body(load_stand_in_body())
        longer, settings = of_length(poses, count), CleanupSettings()
        times = [time.perf_counter()]
        apply_hands(armature, longer, settings, "bench motion")
        times.append(time.perf_counter())
        find_problems(armature, cleaned_hands(armature, longer, settings), longer)
        times.append(time.perf_counter())
        show_raw(armature, longer, bpy.context.scene)
        times.append(time.perf_counter())
        hide_raw(armature)
        times.append(time.perf_counter())
        print(f"| {count} | " + " | ".join(f"{seconds:.2f} s" for seconds in np.diff(times)) + " |", flush=True)


if __name__ == "__main__":
    main()
