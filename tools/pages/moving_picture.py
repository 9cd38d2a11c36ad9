"""A moving picture as in README: the clip of a run, and beside it the keyed figure over it.

    python3 scripts/handmocap.py demo
    python3 -m tools.pages.moving_picture --run demo-result --out docs/demo.webp

Blender renders the run's scene through its camera without a sky, on the processor; the worker's environment, which reads
clips, lays the pictures over the clip and writes an animated WebP. Both environments are those of the set-up.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

REPOSITORY: Final = Path(__file__).resolve().parents[2]
if __package__ in (None, ""):
    sys.path.insert(0, str(REPOSITORY))

from handmocap_addon.core.process.child_processes import python_command, start  # noqa: E402
from handmocap_addon.set_up import environments  # noqa: E402

_SIZE: Final = (400, 300)  # of each half, pixels
_EVERY: Final = 2  # a picture of so many frames
_DIMMED: Final = 0.45  # what is left of the clip's light behind the figure
_BODY: Final = (0.30, 0.42, 0.60, 1.0)
_FINGERS: Final = (1.0, 0.36, 0.06, 1.0)
_MOST_BYTES: Final = 3_000_000


def render(run: Path, folder: Path) -> None:
    """Every second frame of the run's scene as PNG with transparency. In Blender."""
    import bpy

    bpy.ops.wm.open_mainfile(filepath=str(run / "scene.blend"))
    scene = bpy.context.scene
    for mesh in [each for each in scene.objects if each.type == "MESH" and each.find_armature() is not None]:
        _paint(mesh)
    _light(scene)
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = 12
    scene.cycles.use_denoising = True
    scene.view_settings.view_transform = "Standard"
    scene.render.film_transparent = True
    scene.render.resolution_x, scene.render.resolution_y = _SIZE
    scene.render.resolution_percentage = 100
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGBA"
    for row, frame in enumerate(range(scene.frame_start, scene.frame_end + 1)):
        if row % _EVERY == 0:
            scene.frame_set(frame)
            scene.render.filepath = str(folder / f"{row:04d}.png")
            bpy.ops.render.render(write_still=True)


def _paint(mesh: Any) -> None:
    """Another colour for what the fingers move than for the body."""
    import bpy

    mesh.data.materials.clear()
    for name, colour in (("Body", _BODY), ("Fingers", _FINGERS)):
        material = bpy.data.materials.new(name)
        material.use_nodes = True
        shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
        shader.inputs["Base Color"].default_value = colour
        shader.inputs["Roughness"].default_value = 0.6
        mesh.data.materials.append(material)
    fingers = ("index", "middle", "pinky", "ring", "thumb")
    groups = {group.index for group in mesh.vertex_groups if any(finger in group.name.lower() for finger in fingers)}
    moved = {
        vertex.index
        for vertex in mesh.data.vertices
        if sum(group.weight for group in vertex.groups if group.group in groups) > 0.5
    }
    for polygon in mesh.data.polygons:
        polygon.material_index = int(sum(vertex in moved for vertex in polygon.vertices) * 2 > len(polygon.vertices))


def _light(scene: Any) -> None:
    """A lamp from above the camera's side and an even sky that is not seen itself."""
    import bpy
    from mathutils import Vector

    lamp = bpy.data.objects.new("Picture lamp", bpy.data.lights.new("Picture lamp", "SUN"))
    lamp.data.energy = 2.5
    towards = scene.camera.matrix_world.to_quaternion() @ Vector((-0.4, -0.6, -1.0))
    lamp.rotation_euler = towards.to_track_quat("-Z", "Y").to_euler()
    scene.collection.objects.link(lamp)
    scene.world = bpy.data.worlds.new("Picture sky")
    scene.world.color = (0.5, 0.5, 0.52)


def compose(clip: Path, folder: Path, out: Path) -> None:
    """The clip at the left, the figure over the dimmed clip at the right. In the worker's environment."""
    from PIL import Image

    from handmocap_addon.worker.video import probe_clip, read_frames

    info = probe_clip(clip)
    pictures = []
    for row, frame in enumerate(read_frames(info, "rgb")):
        figure_file = folder / f"{row:04d}.png"
        if not figure_file.is_file():
            continue
        plate = Image.fromarray(frame.pixels).resize(_SIZE, Image.Resampling.LANCZOS).convert("RGBA")
        figure = Image.open(figure_file).convert("RGBA")
        dimmed = Image.blend(Image.new("RGBA", _SIZE, (0, 0, 0, 255)), plate, _DIMMED)
        both = Image.new("RGB", (2 * _SIZE[0], _SIZE[1]))
        both.paste(plate.convert("RGB"), (0, 0))
        both.paste(Image.alpha_composite(dimmed, figure).convert("RGB"), (_SIZE[0], 0))
        pictures.append(both)
    milliseconds = round(1000 * _EVERY / float(info.declared_fps or 24))
    pictures[0].save(
        out, format="WEBP", save_all=True, append_images=pictures[1:], duration=milliseconds, loop=0, quality=70, method=6
    )
    if out.stat().st_size >= _MOST_BYTES:
        raise SystemExit(f"{out} has {out.stat().st_size} bytes, more than README shall load: make it smaller")


def main() -> int:
    """Both parts, each in its environment."""
    parser = argparse.ArgumentParser(allow_abbrev=False, description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--run", type=Path, required=True, help="the folder that a run left")
    parser.add_argument("--clip", type=Path, default=REPOSITORY / "demo" / "clip.mp4", help="of that run; default: the demo")
    parser.add_argument("--out", type=Path, required=True, help="the .webp to write")
    parser.add_argument("--env", type=Path, default=environments.default_folder(), help="folder of the environments")
    parser.add_argument("--part", nargs=2, metavar=("PART", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part is not None:
        part, folder = options.part
        if part == "render":
            render(options.run, Path(folder))
        else:
            compose(options.clip, Path(folder), options.out)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        places = {
            "render": environments.ensure_blender_module(options.env, print),
            "compose": environments.ensure_worker(options.env, print),
        }
        for part, environment in places.items():
            command = python_command(environment.python, Path(__file__).resolve(), *sys.argv[1:], "--part", part, folder)
            code = start(command, stdin=None).wait()
            if code != 0:
                return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
