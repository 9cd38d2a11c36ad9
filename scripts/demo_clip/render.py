"""Renders the demo clip and writes its truth: `clip.mp4` and `truth.npz` in the folder given by `--out`.

Needs Blender as a Python module and the stand-in body, and is run from the top of the checkout (about ten minutes on
two processor cores):

    python3.11 -m venv demo-venv
    demo-venv/bin/pip install "bpy==4.5.*" jaxtyping nanomanifold
    demo-venv/bin/pip install --no-deps mannequin-x==0.3.0
    demo-venv/bin/python -m scripts.demo_clip.render --out demo

`--stills 0 17 76` renders these frames as pictures instead, to look at before the whole clip.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

# A user's own settings must not change the picture; Blender reads this once, when it is imported.
os.environ["BLENDER_USER_RESOURCES"] = tempfile.mkdtemp(prefix="demo_clip_")

import bpy
import numpy as np
from numpy.typing import NDArray

from handmocap_addon.core.body_model import BodyModel, skinned_vertices
from handmocap_addon.core.skeleton import BODY_JOINTS, JOINT_INDEX
from handmocap_addon.core.stand_in_body import load_stand_in_body

from .choreography import BETAS, FPS, FRAME_COUNT, DemoTruth, make_truth

Array = NDArray[Any]

SKIN_COLOUR = (0.62, 0.36, 0.25)
SHIRT_COLOUR = (0.10, 0.16, 0.25)
BACKGROUND_COLOUR = (0.30, 0.33, 0.35)
# Joints whose surface is bare skin; everything else is dressed.
BARE_JOINTS = {JOINT_INDEX[name] for name in BODY_JOINTS if name.endswith(("head", "neck", "elbow", "wrist"))}
BARE_JOINTS |= set(range(len(BODY_JOINTS), len(JOINT_INDEX)))

# Blender's world is z up; the truth's is y up.
_TO_BLENDER = np.array(((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)))
# Blender's camera looks along its -z with y up; the truth's along +z with y down.
_CAMERA_TO_BLENDER = np.diag((1.0, -1.0, -1.0))


def _material(name: str, colour: tuple[float, float, float], roughness: float) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    shader = material.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*colour, 1.0)
    shader.inputs["Roughness"].default_value = roughness
    return material


def _add_body(model: BodyModel) -> bpy.types.Mesh:
    mesh = bpy.data.meshes.new("Body")
    mesh.from_pydata(model.vertices.tolist(), [], model.faces.tolist())
    mesh.shade_smooth()
    mesh.materials.append(_material("Skin", SKIN_COLOUR, 0.5))
    mesh.materials.append(_material("Shirt", SHIRT_COLOUR, 0.8))
    strongest = np.take_along_axis(model.skin_joints, model.skin_weights.argmax(axis=1)[:, None], axis=1)[:, 0]
    dressed = ~np.isin(strongest, list(BARE_JOINTS))
    mesh.polygons.foreach_set("material_index", dressed[model.faces[:, 0]].astype(np.int32))
    bpy.context.collection.objects.link(bpy.data.objects.new("Body", mesh))
    return mesh


def _place(mesh: bpy.types.Mesh, vertices: Array) -> None:
    """Move the mesh to vertices (V, 3) of the truth's world."""
    mesh.vertices.foreach_set("co", (vertices @ _TO_BLENDER.T).astype(np.float32).ravel())
    mesh.update()


def _look_at_target(thing: bpy.types.Object, location: Array, target: Array) -> None:
    from mathutils import Vector

    thing.location = location
    thing.rotation_euler = Vector(target - location).to_track_quat("-Z", "Y").to_euler()


def _add_lights(target: Array) -> None:
    """A big soft light on each side of the camera; the target is in Blender's world."""
    for name, offset, power, size in (("Key", (-1.6, -2.2, 1.3), 75.0, 1.6), ("Fill", (1.9, -2.0, 0.5), 35.0, 2.0)):
        light = bpy.data.lights.new(name, "AREA")
        light.energy, light.size = power, size
        lamp = bpy.data.objects.new(name, light)
        bpy.context.collection.objects.link(lamp)
        _look_at_target(lamp, target + np.array(offset), target)


def _add_background() -> None:
    """The same grey from everywhere, which also lights the shadows."""
    world = bpy.data.worlds.new("Background")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (*BACKGROUND_COLOUR, 1.0)
    bpy.context.scene.world = world


def _add_camera(truth: DemoTruth) -> None:
    """A camera with exactly the truth's intrinsics and place."""
    from mathutils import Matrix

    data = bpy.data.cameras.new("Camera")
    data.sensor_fit = "HORIZONTAL"
    data.lens = float(truth.intrinsics[0, 0] / truth.frame_size[0]) * data.sensor_width
    camera = bpy.data.objects.new("Camera", data)
    bpy.context.collection.objects.link(camera)
    bpy.context.scene.camera = camera
    rotmat = truth.world_to_camera_rotmat.astype(np.float64)
    to_world = np.eye(4)
    to_world[:3, :3] = _TO_BLENDER @ rotmat.T @ _CAMERA_TO_BLENDER
    to_world[:3, 3] = _TO_BLENDER @ -rotmat.T @ truth.world_to_camera_translation
    camera.matrix_world = Matrix(to_world.tolist())


def _set_up_render(truth: DemoTruth, samples: int) -> None:
    scene = bpy.context.scene
    render = scene.render
    render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = samples
    scene.cycles.use_denoising = True
    scene.cycles.max_bounces = 4
    scene.cycles.seed = 0
    scene.view_settings.view_transform = "Standard"
    render.resolution_x, render.resolution_y = (int(size) for size in truth.frame_size)
    render.resolution_percentage = 100
    numerator, denominator = FPS
    # Blender writes fps / fps_base; 24 / 1.001 is 24000/1001.
    render.fps = round(numerator / denominator)
    render.fps_base = render.fps * denominator / numerator
    scene.frame_start, scene.frame_end = 0, FRAME_COUNT - 1


def _build_scene(model: BodyModel, truth: DemoTruth, samples: int) -> bpy.types.Mesh:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    mesh = _add_body(model)
    between_wrists = 0.5 * (truth.left_wrist_world[0] + truth.right_wrist_world[0])
    _add_lights(_TO_BLENDER @ between_wrists)
    _add_background()
    _add_camera(truth)
    _set_up_render(truth, samples)
    return mesh


def _render_stills(path_stem: Path, frames: list[int]) -> None:
    scene = bpy.context.scene
    scene.render.image_settings.file_format = "PNG"
    for frame in frames:
        scene.frame_set(frame)
        scene.render.filepath = f"{path_stem}_{frame:03d}.png"
        bpy.ops.render.render(write_still=True)


def _render_clip(path: Path) -> None:
    render = bpy.context.scene.render
    render.image_settings.file_format = "FFMPEG"
    render.ffmpeg.format = "MPEG4"
    render.ffmpeg.codec = "H264"
    render.ffmpeg.constant_rate_factor = "HIGH"
    render.ffmpeg.ffmpeg_preset = "BEST"
    render.ffmpeg.gopsize = 24
    render.ffmpeg.audio_codec = "NONE"
    render.use_file_extension = False
    render.filepath = str(path)
    bpy.ops.render.render(animation=True)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Render the demo clip and write its truth.")
    parser.add_argument("--out", type=Path, required=True, help="folder for clip.mp4 and truth.npz, or for the stills")
    parser.add_argument("--samples", type=int, default=24, help="Cycles samples per pixel")
    parser.add_argument("--stills", type=int, nargs="+", metavar="FRAME", help="render only these frames, as PNG")
    options = parser.parse_args(arguments)

    model = load_stand_in_body(np.array(BETAS))
    truth = make_truth(model)
    posed = truth.posed(model)
    mesh = _build_scene(model, truth, options.samples)
    bpy.app.handlers.frame_change_pre.append(
        lambda scene, _depsgraph: _place(mesh, skinned_vertices(model, posed, scene.frame_current))
    )
    options.out.mkdir(parents=True, exist_ok=True)
    if options.stills:
        _render_stills(options.out.resolve() / "still", options.stills)
    else:
        truth.save(options.out / "truth.npz")
        _render_clip(options.out.resolve() / "clip.mp4")
    bpy.app.handlers.frame_change_pre.clear()
    # Else the module can wait for its own threads for ever when Python ends.
    bpy.ops.wm.read_factory_settings(use_empty=True)


if __name__ == "__main__":
    main(sys.argv[1:])
