"""Calls Blender's exporters with a bake's options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

from ....core.bake.options import UNITS_PER_METRE, BakeOptions
from ....core.bake.sampling import last_of_alembic, sampled_frames, usd_density
from ...saving import write_error
from ...version_differences import supported_options

Handler = Callable[..., None]


def export(
    path: Path, scene: Any, things: list[Any], options: BakeOptions, frames: tuple[int, int], on_frame: Handler
) -> None:
    """Write objects over the frames, both included; `on_frame` is called with scene and depsgraph at each sample.

    Raises:
        OutputError: the file cannot be written.
    """
    show(scene, things)
    bpy.app.handlers.frame_change_post.append(on_frame)
    scene.frame_start, scene.frame_end = frames
    try:
        (_export_alembic if path.suffix == ".abc" else _export_usd)(path, scene, options)
    except RuntimeError as error:
        raise write_error(path, error) from error
    finally:
        bpy.app.handlers.frame_change_post.remove(on_frame)
        scene.render.frame_map_old = scene.render.frame_map_new = 100


def _export_alembic(path: Path, scene: Any, options: BakeOptions) -> None:
    values = {
        "filepath": str(path), "selected": True, "start": scene.frame_start,
        "end": last_of_alembic(options, scene.frame_start, scene.frame_end),
        "normals": options.normals, "uvs": options.uvs, "vcolors": False, "face_sets": False, "orcos": False,
        "xsamples": options.samples, "gsamples": options.samples,
        "sh_open": options.shutter[0], "sh_close": options.shutter[1],
        "global_scale": UNITS_PER_METRE[options.unit], "as_background_job": False, "evaluation_mode": "RENDER",
        "export_custom_properties": False,
    }  # fmt: skip
    bpy.ops.wm.alembic_export(**supported_options(bpy.ops.wm.alembic_export, values))


def _export_usd(path: Path, scene: Any, options: BakeOptions) -> None:
    density = usd_density(options)
    if density > 1:
        # The exporter knows whole frames alone: time is stretched instead, and with it how many time codes make a second.
        first, last = scene.frame_start, scene.frame_end
        codes = sampled_frames(path.suffix, options, first, last)
        scene.render.frame_map_old, scene.render.frame_map_new = _map(density)
        scene.frame_start, scene.frame_end = round(codes[0] * density), round(codes[-1] * density)
        scene.render.fps *= density
    values = {
        "filepath": str(path), "selected_objects_only": True, "export_animation": True,
        # With armatures the exporter writes a skeleton instead of the points.
        "export_armatures": options.geometry == "skeleton", "export_shapekeys": False,
        "export_normals": options.normals, "export_uvmaps": options.uvs, "export_mesh_colors": False,
        "export_materials": False, "export_lights": False, "export_cameras": True, "convert_world_material": False,
        "export_custom_properties": False, "author_blender_name": False,
        "convert_orientation": options.up_axis_of(path.suffix) == "y",
        "export_global_forward_selection": "NEGATIVE_Z", "export_global_up_selection": "Y",
        "convert_scene_units": "CENTIMETERS" if options.unit == "centimetres" else "METERS",
        "evaluation_mode": "RENDER", "root_prim_path": "",
    }  # fmt: skip
    try:
        bpy.ops.wm.usd_export(**supported_options(bpy.ops.wm.usd_export, values))
    finally:
        if density > 1:
            scene.render.fps //= density


def _map(density: int) -> tuple[int, int]:
    """Old and new frames of a stretch; Blender takes each from 1 to 900."""
    old = min(100, 900 // density)
    return old, old * density


def show(scene: Any, things: list[Any]) -> None:
    """Show and select them: an exporter leaves out what cannot be selected or seen, and what lies under such a thing."""
    for other in bpy.context.selected_objects:
        other.select_set(False)
    for thing in things:
        for one in _with_parents(thing):
            if one.name not in scene.collection.objects:
                scene.collection.objects.link(one)
            one.hide_viewport = one.hide_select = one.hide_render = False
        thing.hide_set(False)
        thing.select_set(True)
    bpy.context.view_layer.objects.active = things[0]


def _with_parents(thing: Any) -> list[Any]:
    chain = [thing]
    while chain[-1].parent is not None:
        chain.append(chain[-1].parent)
    return chain


def path_in_file(thing: Any) -> str:
    """Where an object's data is found in both formats."""
    names = [one.name for one in reversed(_with_parents(thing))]
    return "/" + "/".join([*names, thing.data.name])
