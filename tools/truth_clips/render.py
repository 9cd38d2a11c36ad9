"""Renders a clip whose truth is written (write_truth.py): frames as PNG, or the whole `clip.mp4`.

Needs Blender as a Python module and the stand-in body, for `clip.mp4` also PyAV, and is run from the top of the checkout:

    python3.11 -m venv demo-venv
    demo-venv/bin/pip install "bpy==4.5.*" av jaxtyping nanomanifold
    demo-venv/bin/pip install --no-deps mannequin-x==0.3.0
    demo-venv/bin/python -m tools.truth_clips.render --clip demo --out demo

The last takes seven to ten minutes on two processor cores. On a bigger machine several processes share the frames, and
encode.py makes the clip of them; PyAV is not needed where frames are rendered:

    for part in 1 2 3 4; do
        python -m tools.truth_clips.render --clip demo --out demo --frames-to frames --part $part/4 --threads 4 &
    done; wait
    python -m tools.truth_clips.encode --clip demo --out demo --frames frames
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

# A user's own settings must not change the picture; Blender reads this once, when it is imported.
os.environ["BLENDER_USER_RESOURCES"] = tempfile.mkdtemp(prefix="truth_clips_")

import bpy

from .clip import TruthClip
from .clips import CLIPS
from .frames import frame_path
from .scene import build_scene, place
from .truth import FILE_NAMES, PersonTruth, load_truth


def _use_gpu() -> None:
    """OptiX or CUDA where Cycles finds such a device; else it stays on the processor."""
    preferences = bpy.context.preferences.addons["cycles"].preferences
    for kind in ("OPTIX", "CUDA"):
        try:
            preferences.compute_device_type = kind
        except TypeError:  # this Blender was built without it
            continue
        preferences.refresh_devices()
        found = [device for device in preferences.devices if device.type == kind]
        if found:
            for device in preferences.devices:
                device.use = device in found
            bpy.context.scene.cycles.device = "GPU"
            print(f"renders with {kind}: {', '.join(device.name for device in found)}", flush=True)
            return
    print("no GPU that Cycles can use was found; renders on the processor", flush=True)


def _set_up_render(clip: TruthClip, samples: int, threads: int, device: str) -> None:
    scene = bpy.context.scene
    render = scene.render
    render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = samples
    scene.cycles.use_denoising = True
    scene.cycles.max_bounces = 4
    scene.cycles.seed = 0
    scene.view_settings.view_transform = "Standard"
    render.resolution_x, render.resolution_y = clip.frame_size
    render.resolution_percentage = 100
    render.image_settings.file_format = "PNG"
    render.image_settings.color_mode = "RGB"
    if threads:
        render.threads_mode, render.threads = "FIXED", threads
    if device == "gpu":
        _use_gpu()


def _render(
    clip: TruthClip, truths: list[PersonTruth], frames: list[int], folder: Path, options: argparse.Namespace
) -> None:
    """Write the frames into a folder; one that is there already is left as it is."""
    people = build_scene(clip, truths)
    _set_up_render(clip, options.samples, options.threads, options.device)
    folder.mkdir(parents=True, exist_ok=True)
    for frame in frames:
        target = frame_path(folder.resolve(), frame)
        if target.exists():
            continue
        place(people, frame)
        unfinished = target.with_suffix(".part.png")
        bpy.context.scene.render.filepath = str(unfinished)
        bpy.ops.render.render(write_still=True)
        unfinished.replace(target)


def _part(text: str) -> tuple[int, int]:
    part, _, count = text.partition("/")
    if not 1 <= int(part) <= int(count):
        raise argparse.ArgumentTypeError(f"{text} is not a part such as 1/4")
    return int(part), int(count)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Render a clip of known truth.")
    parser.add_argument("--clip", choices=sorted(CLIPS), required=True)
    parser.add_argument("--out", type=Path, required=True, help="the clip's folder: has truth.npz, gets clip.mp4")
    parser.add_argument("--frames-to", type=Path, metavar="DIR", help="only render frames as PNG into this folder")
    parser.add_argument("--stills", type=int, nargs="+", metavar="FRAME", help="of these frames only, with --frames-to")
    parser.add_argument("--first-frame", type=int, default=0)
    parser.add_argument("--last-frame", type=int, help="the last one rendered")
    parser.add_argument("--part", type=_part, default=(1, 1), metavar="K/N", help="every Nth frame, beginning with the Kth")
    parser.add_argument("--samples", type=int, default=24, help="Cycles samples per pixel")
    parser.add_argument("--threads", type=int, default=0, help="processor threads, 0 for all")
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu")
    options = parser.parse_args(arguments)

    clip = CLIPS[options.clip]
    truths = [load_truth(options.out / name) for _, name in zip(clip.people, FILE_NAMES, strict=False)]
    last = clip.frame_count - 1 if options.last_frame is None else options.last_frame
    frames = options.stills or list(range(options.first_frame, min(last, clip.frame_count - 1) + 1))
    part, count = options.part
    if options.frames_to:
        _render(clip, truths, frames[part - 1 :: count], options.frames_to, options)
        return
    from .encode import encode_within

    with tempfile.TemporaryDirectory() as folder:
        _render(clip, truths, list(range(clip.frame_count)), Path(folder), options)
        encode_within(clip, Path(folder), options.out / "clip.mp4")


if __name__ == "__main__":
    main(sys.argv[1:])
    bpy.ops.wm.read_factory_settings(use_empty=True)
    shutil.rmtree(os.environ["BLENDER_USER_RESOURCES"], ignore_errors=True)
    sys.stdout.flush()
    sys.stderr.flush()
    # Else the module can wait for its own threads for ever when Python ends.
    os._exit(0)
