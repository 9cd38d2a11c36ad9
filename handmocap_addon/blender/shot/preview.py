"""A picture of the result. Cycles, since the other engines need a graphics driver and abort without one."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from ...core.files.atomic_files import replacing
from ..nodes import node_of_type
from ..quiet import quiet_stdout
from ..rig.armatures import deformed_meshes
from ..rig.shown_meshes import world_vertices
from ..saving import write_error

_SAMPLES = 24
_END_OF_PNG = b"IEND\xaeB`\x82"


def render_preview(armature: Any, frame: int, path: Path) -> None:
    """Render one frame of the scene through its camera; adds light, and a camera where there is none. Changes the scene.

    Raises:
        OutputError: the picture cannot be written.
    """
    scene = bpy.context.scene
    scene.frame_set(frame)
    meshes = deformed_meshes(armature)
    points = np.concatenate([world_vertices(mesh) for mesh in meshes]) if meshes else np.zeros((1, 3))
    middle = Vector(((points.min(axis=0) + points.max(axis=0)) / 2.0).tolist())
    reach = float(np.linalg.norm(points.max(axis=0) - points.min(axis=0))) or 1.0
    if scene.camera is None:
        scene.camera = _front_camera(middle, reach)
    _add_light(scene.camera, middle, reach)
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = _SAMPLES
    scene.cycles.use_denoising = True
    scene.view_settings.view_transform = "Standard"
    scene.render.image_settings.file_format = "PNG"
    with replacing(path) as temporary:
        scene.render.filepath = str(temporary)
        try:
            with quiet_stdout():
                bpy.ops.render.render(write_still=True)
            # Blender does not look whether all of it found room.
            if not temporary.read_bytes().endswith(_END_OF_PNG):
                raise RuntimeError("the picture is not whole")
        except RuntimeError as error:
            raise write_error(path, error) from error


def _front_camera(middle: Vector, reach: float) -> Any:
    data = bpy.data.cameras.new("Preview")
    camera = bpy.data.objects.new("Preview", data)
    bpy.context.scene.collection.objects.link(camera)
    # The figure faces -Y; a little from the side shows the depth of the fingers.
    direction = Vector((0.35, -1.0, 0.25)).normalized()
    render = bpy.context.scene.render
    # The narrower of the two fields of view must hold the whole figure.
    shape = min(1.0, render.resolution_y / render.resolution_x)
    camera.location = middle + direction * (reach * 0.5 / math.tan(data.angle / 2.0 * shape) * 1.02)
    camera.rotation_euler = (-direction).to_track_quat("-Z", "Y").to_euler()
    return camera


def _add_light(camera: Any, middle: Vector, reach: float) -> None:
    data = bpy.data.lights.new("Preview", "AREA")
    data.size = reach
    data.energy = 22.0 * reach * reach
    light = bpy.data.objects.new("Preview light", data)
    bpy.context.scene.collection.objects.link(light)
    eye = camera.matrix_world.translation
    light.location = eye + Vector((reach * 0.5, 0.0, reach * 0.6))
    light.rotation_euler = (middle - light.location).to_track_quat("-Z", "Y").to_euler()
    world = bpy.context.scene.world or bpy.data.worlds.new("Preview")
    bpy.context.scene.world = world
    background = node_of_type(world.node_tree, "BACKGROUND")
    if background is not None:
        background.inputs["Color"].default_value = (0.4, 0.42, 0.45, 1.0)
