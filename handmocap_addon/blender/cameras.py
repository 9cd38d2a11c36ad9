"""A camera that sees the body as the clip does, with the clip behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Quaternion

from ..core.body_motion import BodyMotion, camera_path, steady_camera
from ..core.rotations import rotmat_to_quat_wxyz, sign_continuous_quat_wxyz
from .actions import MEASURED_KEY, Channel, key_type_number, write_channels
from .armatures import map_armature
from .motion_keys import smplx_rest_pelvis

_SENSOR_WIDTH = 36.0  # millimetres; only its ratio to the focal length matters
# OpenCV looks along +z with y down, Blender's camera along -z with y up.
_BLENDER_TO_OPENCV = np.diag((1.0, -1.0, -1.0))


def add_camera(
    armature: Any, motion: BodyMotion, frames: np.ndarray, lift: float, size: tuple[int, int], name: str, steady: bool
) -> Any:
    """Add the clip's camera to the scene and make it the scene's.

    Args:
        armature: the armature on which `motion` was keyed.
        motion: world and camera motion with intrinsics.
        frames: (N,) timeline frames.
        lift: metres by which the body was raised to the floor.
        size: width and height of the clip in pixels.
        name: the camera's name.
        steady: one pose for the whole clip, where the real camera stood still.
    """
    rig = map_armature(armature)
    path = camera_path(motion, smplx_rest_pelvis(motion))
    if steady:
        path = steady_camera(path)
    place = np.array(armature.matrix_world)
    in_armature = rig.to_armature(path.position + np.array((0.0, lift, 0.0)))
    position = in_armature @ place[:3, :3].T + place[:3, 3]
    turn = np.array(armature.matrix_world.to_3x3().normalized()) @ rig.model_to_armature
    quat = sign_continuous_quat_wxyz(rotmat_to_quat_wxyz(turn @ path.rotmat @ _BLENDER_TO_OPENCV))

    data = bpy.data.cameras.new(name)
    camera = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(camera)
    _set_lens(data, motion.intrinsics[0], size)
    camera.rotation_mode = "QUATERNION"
    if steady or motion.frame_count == 1:
        camera.matrix_world = Matrix.LocRotScale(position[0].tolist(), Quaternion(quat[0].tolist()), None)
    else:
        key_types = np.full(len(frames), key_type_number(MEASURED_KEY))
        channels = [Channel("location", i, "Location", frames, position[:, i], key_types) for i in range(3)]
        channels += [Channel("rotation_quaternion", i, "Rotation", frames, quat[:, i], key_types) for i in range(4)]
        write_channels(camera, name, channels)
    scene = bpy.context.scene
    scene.camera = camera
    scene.render.resolution_x, scene.render.resolution_y = size
    scene.render.resolution_percentage = 100
    return camera


def show_clip_behind(camera: Any, clip: Path, first_frame: int) -> None:
    """Show a video or a folder of images as the camera's background, one frame of it on each frame of the scene."""
    source = clip
    if clip.is_dir():
        source = min(path for path in clip.iterdir() if path.suffix.lower() in (".png", ".jpg", ".jpeg", ".tif", ".tiff"))
    footage = bpy.data.movieclips.load(str(source), check_existing=True)
    footage.frame_start = first_frame
    background = camera.data.background_images.new()
    background.source = "MOVIE_CLIP"
    background.clip = footage
    background.alpha = 1.0
    background.display_depth = "BACK"
    camera.data.show_background_images = True


def _set_lens(data: Any, intrinsics: np.ndarray, size: tuple[int, int]) -> None:
    """Focal length and principal point in pixels as Blender's lens and shift, which count in the sensor's width."""
    width, height = size
    data.sensor_fit = "HORIZONTAL"
    data.sensor_width = _SENSOR_WIDTH
    data.lens = float(intrinsics[0, 0]) * _SENSOR_WIDTH / width
    data.shift_x = (width / 2.0 - float(intrinsics[0, 2])) / width
    data.shift_y = (float(intrinsics[1, 2]) - height / 2.0) / width
