"""Times a bake beside Blender's bare exporter on the same scene, and measures its memory and the files.

    python -m addon_tests.bench.baking [--frames 300 3000] [--pieces FRAMES]

with a Python that has `bpy`, `usd-core` and `alembic3d`, from the top of the checkout. The body is a made-up model file of
10,475 vertices. Each bake is a process of its own, as the panel starts it; writing and checking are that process's own times. Memory is
what the largest process had of its own at its peak, without the pages of files that it had mapped. On Linux alone.
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
from handmocap_addon.blender.bake.request import BakeJob, request_for
from handmocap_addon.blender.curves.actions import MEASURED_KEY, Channel, write_channels
from handmocap_addon.blender.curves.key_arrays import key_type_number
from handmocap_addon.blender.rig.armatures import deformed_meshes
from handmocap_addon.blender.rig.bodies import add_body
from handmocap_addon.core.bake.options import BakeOptions
from handmocap_addon.core.body.smplx_model_file import read_smplx_model

_BARE = """
import sys, time, bpy
bpy.ops.wm.open_mainfile(filepath=sys.argv[1])
for thing in bpy.data.objects:
    thing.select_set(thing.type == "MESH")
started = time.monotonic()
if sys.argv[2].endswith(".abc"):
    bpy.ops.wm.alembic_export(filepath=sys.argv[2], selected=True, normals=False, face_sets=False, as_background_job=False)
else:
    bpy.ops.wm.usd_export(filepath=sys.argv[2], selected_objects_only=True, export_animation=True, export_armatures=False,
                          export_normals=False, export_materials=False, convert_world_material=False)
print("BARE", time.monotonic() - started, flush=True)
import os
os._exit(0)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, nargs="+", default=[300, 3000])
    parser.add_argument("--pieces", type=int, help="bake again in files of so many frames")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="handmocap-bench-") as name:
        folder = Path(name)
        write_smplx_model(folder / "SMPLX_NEUTRAL.npz")
        model = read_smplx_model(folder / "SMPLX_NEUTRAL.npz")
        print(
            "| frames | format | bare exporter, s | MB | writing, s | checking, s | all, s | writing / bare | all / bare | largest MB "
            "| size / raw points |"
        )
        for frames in options.frames:
            bpy.ops.wm.read_factory_settings(use_empty=True)
            armature = add_body(model)
            _move(armature, frames)
            scene = bpy.context.scene
            scene.frame_start, scene.frame_end = 1, frames
            blend = folder / "scene.blend"
            bpy.ops.wm.save_as_mainfile(filepath=str(blend), copy=True)
            points = frames * len(deformed_meshes(armature)[0].data.vertices) * 12
            for suffix in (".abc", ".usdc"):
                bare = _bare(blend, folder / f"bare{suffix}")
                for chosen in (BakeOptions(), *([BakeOptions(piece_frames=options.pieces)] if options.pieces else [])):
                    print(_row(folder / f"body{suffix}", armature, chosen, bare, frames, points), flush=True)


def _bare(blend: Path, target: Path) -> tuple[float, float]:
    """Seconds of the bare exporter, and its largest memory in MB."""
    largest, log = 0.0, target.with_suffix(".log")
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", _BARE, str(blend), str(target)], stdout=output, start_new_session=True
        )
        while process.poll() is None:
            largest = max(largest, _megabytes(process.pid))
            time.sleep(0.02)
    line = next(line for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("BARE"))
    target.unlink()
    return float(line.split()[1]), largest


def _row(target: Path, armature: object, options: BakeOptions, bare: tuple[float, float], frames: int, points: int) -> str:
    request = request_for(armature, [target], bpy.context.scene, options)
    started = time.monotonic()
    job = BakeJob(request, None, target.parent / "bake.log", Path(sys.executable))
    largest = 0.0
    while job.poll():
        largest = max(largest, _megabytes(job.job.process_id))
        time.sleep(0.02)
    whole = time.monotonic() - started
    reports = job.job.outcome()["files"]
    writing, checking = (sum(report[f"seconds_{part}"] for report in reports) for part in ("writing", "checking"))
    size = sum(Path(report["path"]).stat().st_size for report in reports)
    for report in reports:
        Path(report["path"]).unlink()
    what = f"{frames} in pieces of {options.piece_frames}" if options.piece_frames else str(frames)
    return (f"| {what} | {target.suffix} | {bare[0]:.2f} | {bare[1]:.0f} | {writing:.2f} | {checking:.2f} | {whole:.2f} | "
            f"{writing / bare[0]:.2f} | {whole / bare[0]:.2f} | {largest:.0f} | {size / points:.3f} |")  # fmt: skip


def _megabytes(group: int) -> float:
    """What the largest process of a group has of its own now."""
    found = 0.0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if os.getpgid(int(status.parent.name)) == group:
                line = next(line for line in status.read_text().splitlines() if line.startswith("RssAnon"))
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
