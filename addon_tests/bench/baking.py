"""Times a bake beside Blender's bare exporter on the same scene, and measures its memory and the files.

    python -m addon_tests.bench.baking [--frames 300 3000]

with a Python that has `bpy`, `usd-core` and `alembic3d`, from the top of the checkout. The body is a made-up model file of
10,475 vertices. Each bake is a process of its own, as the panel starts it; writing and checking are that process's own times.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import bpy
import numpy as np

from addon_tests.making.smplx_models import write_smplx_model
from handmocap_addon.blender.actions import MEASURED_KEY, Channel, write_channels
from handmocap_addon.blender.armatures import deformed_meshes
from handmocap_addon.blender.baking import BakeJob, request_for
from handmocap_addon.blender.bodies import add_body
from handmocap_addon.blender.key_arrays import key_type_number
from handmocap_addon.core.smplx_model_file import read_smplx_model

_BARE = """
import resource, sys, time, bpy
bpy.ops.wm.open_mainfile(filepath=sys.argv[1])
for thing in bpy.data.objects:
    thing.select_set(thing.type == "MESH")
started = time.monotonic()
if sys.argv[2].endswith(".abc"):
    bpy.ops.wm.alembic_export(filepath=sys.argv[2], selected=True, normals=False, face_sets=False, as_background_job=False)
else:
    bpy.ops.wm.usd_export(filepath=sys.argv[2], selected_objects_only=True, export_animation=True, export_armatures=False,
                          export_normals=False, export_materials=False, convert_world_material=False)
print("BARE", time.monotonic() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)
import os
os._exit(0)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, nargs="+", default=[300, 3000])
    with tempfile.TemporaryDirectory(prefix="handmocap-bench-") as name:
        folder = Path(name)
        write_smplx_model(folder / "SMPLX_NEUTRAL.npz")
        model = read_smplx_model(folder / "SMPLX_NEUTRAL.npz")
        print(
            "| frames | format | bare exporter, s | MB | writing, s | checking, s | both / bare | largest MB | size / raw points |"
        )
        for frames in parser.parse_args().frames:
            bpy.ops.wm.read_factory_settings(use_empty=True)
            armature = add_body(model)
            _move(armature, frames)
            scene = bpy.context.scene
            scene.frame_start, scene.frame_end = 1, frames
            blend = folder / "scene.blend"
            bpy.ops.wm.save_as_mainfile(filepath=str(blend), copy=True)
            points = frames * len(deformed_meshes(armature)[0].data.vertices) * 12
            for suffix in (".abc", ".usdc"):
                print(_row(folder, armature, blend, suffix, frames, points), flush=True)


def _row(folder: Path, armature: object, blend: Path, suffix: str, frames: int, points: int) -> str:
    bare = folder / f"bare{suffix}"
    done = subprocess.run([sys.executable, "-c", _BARE, str(blend), str(bare)], capture_output=True, text=True, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("BARE"))
    bare_seconds, bare_megabytes = map(float, line.split()[1:])
    bare.unlink()
    target = folder / f"body{suffix}"
    request = request_for(armature, [target], bpy.context.scene)
    job = BakeJob(request, None, folder / "bake.log", Path(sys.executable))
    largest = 0.0
    while job.poll():
        largest = max(largest, _largest_megabytes(job.job.process_id))
        time.sleep(0.02)
    (report,) = job.job.outcome()["files"]
    ours = report["seconds_writing"] + report["seconds_checking"]
    size = target.stat().st_size
    target.unlink()
    return (f"| {frames} | {suffix} | {bare_seconds:.2f} | {bare_megabytes:.0f} | {report['seconds_writing']:.2f} | "
            f"{report['seconds_checking']:.2f} | {ours / bare_seconds:.2f} | {largest:.0f} | {size / points:.3f} |")  # fmt: skip


def _largest_megabytes(group: int) -> float:
    """The largest memory so far of any process in a group."""
    found = 0.0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if os.getpgid(int(status.parent.name)) == group:
                line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
                found = max(found, int(line.split()[1]) / 1024)
        except (OSError, StopIteration):
            continue
    return found


def _move(armature: object, frame_count: int) -> None:
    """Swing every bone, keyed on every frame."""
    frames = np.arange(1.0, frame_count + 1.0)
    types = np.full(frame_count, key_type_number(MEASURED_KEY))
    channels = []
    for number, bone in enumerate(armature.pose.bones):  # type: ignore[attr-defined]
        bone.rotation_mode = "QUATERNION"
        angle = 0.1 * np.sin(frames / 7.0 + number)
        values = np.stack((np.cos(angle), np.sin(angle), 0 * angle, 0 * angle))
        path = f'pose.bones["{bone.name}"].rotation_quaternion'
        channels += [Channel(path, index, "Swing", frames, values[index], types) for index in range(4)]
    write_channels(armature, "swing", channels)


if __name__ == "__main__":
    main()
