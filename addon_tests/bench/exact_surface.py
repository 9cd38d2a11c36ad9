"""The exact surface of 10,475 vertices: time and memory of `pose-mesh`, and of the whole bake beside Blender's bare exporter.

    python -m addon_tests.bench.exact_surface [--frames 300 3000] [--format abc usdc]

from the top of the checkout with a Python that has bpy, usd-core, alembic3d and the stand-in, and a finished worker environment (HANDMOCAP_ENV).
The model file is made up. The bare exporter writes the skinned scene and nothing is read or checked; the bake of the exact
surface reads the pose, computes, writes and checks. Every figure is of a process of its own, one after the other. On Linux alone, which tells each
process's largest memory: the panel's Blender, the background one, the worker.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np

from addon_tests.blender.motions import MadeUpShot
from addon_tests.blender.processes import tree_of
from addon_tests.making.smplx_lifelike import lifelike_poses, write_lifelike_model
from addon_tests.making.smplx_models import VERTEX_COUNT
from handmocap_addon.blender.apply import add_body_to_scene
from handmocap_addon.blender.background.bake.export import export
from handmocap_addon.blender.bake.exact_request import exact_request
from handmocap_addon.blender.bake.request import BakeJob, request_for
from handmocap_addon.blender.motion.motion_keys import write_body_keys, write_hand_keys
from handmocap_addon.blender.motion.shot import Shot
from handmocap_addon.blender.rig.armatures import deformed_meshes
from handmocap_addon.blender.scene_time import set_range
from handmocap_addon.core.bake.options import BakeOptions
from handmocap_addon.core.body.smplx_poses import write_smplx_poses
from handmocap_addon.core.files.atomic_files import write_json
from handmocap_addon.core.job_protocol import Progress
from handmocap_addon.set_up.environments import default_folder, find_worker

REPOSITORY = Path(__file__).parents[2]


def measured(command: list[str]) -> tuple[float, list[float]]:
    """Seconds, and the largest memory in MB of a process and of each that it started, in their order."""
    started = time.monotonic()
    child = subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    largest: dict[int, float] = {}
    while child.poll() is None:
        for process in tree_of(child.pid):
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{process}/status").read_text(encoding="utf-8").partition("VmHWM:")[2].split()
                largest[process] = max(largest.get(process, 0.0), int(status[0]) / 1024.0 if status else 0.0)
        time.sleep(0.05)
    assert child.returncode == 0, command
    return time.monotonic() - started, list(largest.values())


def make_scene(count: int, model_file: Path, scene_file: Path) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    armature = add_body_to_scene(str(model_file), np.full(10, 0.3))
    shot, frames = MadeUpShot(count), np.arange(1.0, count + 1.0)
    set_range(bpy.context.scene, frames)
    write_body_keys(Shot.of(armature), shot.motion(), frames, "shot")
    write_hand_keys(Shot.of(armature), shot.hands(), shot.tracks(), frames, "shot")
    bpy.ops.wm.save_as_mainfile(filepath=str(scene_file))


def bare_export(target: Path) -> None:
    """What a person gets from File > Export, with the bake's own settings."""
    (armature,) = [thing for thing in bpy.data.objects if thing.type == "ARMATURE"]
    started = time.monotonic()
    scene, meshes = bpy.context.scene, deformed_meshes(armature)
    export(target, scene, meshes, BakeOptions(), (scene.frame_start, scene.frame_end), lambda *_: None)
    write_json(target.with_suffix(".json"), {"all": time.monotonic() - started})


def exact_bake(target: Path) -> None:
    """The whole bake, with the seconds of each of its stages."""
    (armature,) = [thing for thing in bpy.data.objects if thing.type == "ARMATURE"]
    options = BakeOptions(geometry="exact")
    exact = exact_request(options, armature, None, default_folder())
    request = request_for(armature, [target], bpy.context.scene, options, exact=exact)
    started = time.monotonic()
    seconds, stage = {"starting": 0.0}, "starting"
    last = started

    def on_progress(progress: Progress) -> None:
        nonlocal stage, last
        now = time.monotonic()
        seconds[stage] = seconds.get(stage, 0.0) + now - last
        stage, last = progress.stage.split(" ")[0].lower(), now

    BakeJob(request, None, target.with_suffix(".log"), Path(sys.executable)).wait(on_progress)
    seconds[stage] = seconds.get(stage, 0.0) + time.monotonic() - last
    write_json(target.with_suffix(".json"), {**seconds, "all": time.monotonic() - started})


CHILDREN: dict[str, Callable[[Path], None]] = {"bare": bare_export, "exact": exact_bake}


HEADING = "| frames | format | `pose-mesh` alone, s | its MB | bare export, s | exact, s | of it, s | largest MB, bare | largest MB, exact |"


def report(frames: int, formats: list[str], folder: Path) -> None:
    """A line for each format."""
    raw = frames * VERTEX_COUNT * 12
    model_file, scene_file = folder / "SMPLX_NEUTRAL.npz", folder / "scene.blend"
    worker = find_worker(default_folder())
    assert worker is not None
    pose, cache = folder / "pose.npz", folder / "points.pc2"
    write_smplx_poses(pose, lifelike_poses(frames))
    command = [str(worker.python), str(REPOSITORY / "handmocap_addon" / "worker"), "pose-mesh"]
    posing, posing_megabytes = measured([*command, "--model", str(model_file), "--pose", str(pose), "--out", str(cache)])
    cache.unlink()
    make_scene(frames, model_file, scene_file)
    for suffix in formats:
        times, memory = {}, {}
        for kind in CHILDREN:
            target = folder / f"{kind}.{suffix}"
            child = [sys.executable, "-m", __spec__.name, "--child", kind, str(target), "--scene", str(scene_file)]
            _, megabytes = measured(child)
            times[kind] = json.loads(target.with_suffix(".json").read_text())
            memory[kind] = max(megabytes)
            size = target.stat().st_size / raw
            target.unlink()
        whole = times["exact"].pop("all")
        stages = ", ".join(f"{name} {value:.1f}" for name, value in times["exact"].items())
        print(
            f"| {frames} | .{suffix} | {posing:.1f} | {posing_megabytes[0]:.0f} | {times['bare']['all']:.1f} | {whole:.1f} | {stages} "
            f"| {memory['bare']:.0f} | {memory['exact']:.0f} |",
            flush=True,
        )
        print(f"The file has {size:.3f} times the size of the raw points", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, nargs="+", default=[300, 3000])
    parser.add_argument("--format", nargs="+", default=["abc", "usdc"], choices=["abc", "usdc"])
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--scene", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        bpy.ops.wm.open_mainfile(filepath=options.scene)
        CHILDREN[options.child[0]](Path(options.child[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        write_lifelike_model(Path(folder) / "SMPLX_NEUTRAL.npz")
        print(HEADING)
        print("|" + " --- |" * (HEADING.count("|") - 1))
        for frames in options.frames:
            report(frames, options.format, Path(folder))


if __name__ == "__main__":
    main()
