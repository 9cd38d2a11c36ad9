"""A camera that sees the body as the clip does, with the clip behind it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Quaternion
from numpy.typing import NDArray

from ...core.body.motion import BodyMotion, camera_path, steady_camera
from ...core.hands.hand_poses import HandPoses
from ...core.keys.settings import KeySettings
from ...core.maths.frame_sampling import FrameSampling
from ...core.maths.rotation_modes import QUATERNION, rotation_property, values_in_mode
from ...core.maths.rotations import rotmat_to_quat_wxyz, sign_continuous_quat_wxyz
from ...core.plain_text import plain_text
from ..curves.actions import MEASURED_KEY, Channel, count_keys, write_channels
from ..curves.kept_text import kept_numbers
from ..curves.key_arrays import key_type_number
from ..motion.motion_keys import smplx_rest_pelvis
from ..motion.shot import Shot
from ..rig.object_places import object_places
from ..scene_time import set_frame_rate, set_range
from ..version_differences import drop_older_copy
from .backgrounds import show_picture
from .clock import clip_start, match_scene_to_clip
from .footage import file_of, look_at
from .scene_content import remember_match
from .shown_pictures import ClipPicture

Array = NDArray[Any]

# Where a camera of which nothing is known stands, three metres before a person, and how it is turned.
_ONLOOKER = ((0.0, -3.0, 1.2), (math.radians(90.0), 0.0, 0.0))
_SENSOR_WIDTH = 36.0  # millimetres; only its ratio to the focal length matters
# What a camera of ours says about itself: for which armature and clip it was made, and where it was put.
_ARMATURE, _NAME, _PLACED = "handmocap_armature", "handmocap_camera", "handmocap_placed"
# OpenCV looks along +z with y down, Blender's camera along -z with y up.
_BLENDER_TO_OPENCV = np.diag((1.0, -1.0, -1.0))


def add_camera(
    shot: Shot, motion: BodyMotion, frames: Array, lift: float, size: tuple[int, int], name: str, steady: bool,
    settings: KeySettings | None = None, match_scene: bool = True,
) -> Any:  # fmt: skip
    """Add the clip's camera to the scene, or bring the one of a former run up to date.

    Args:
        shot: the armature on which `motion` was keyed.
        motion: world and camera motion with intrinsics.
        frames: (N,) timeline frames.
        lift: metres by which the body was raised to the floor.
        size: width and height of the clip in pixels.
        name: the camera's name.
        steady: one pose for the whole clip, where the real camera stood still; it goes along with an armature that moves.
        settings: the defaults where None.
        match_scene: whether a new camera becomes the scene's in the place of another one, and the scene takes over `size`.
    """
    armature, rig = shot.armature, shot.rig
    path = camera_path(motion, smplx_rest_pelvis(motion))
    if steady:
        path = steady_camera(path)
    places = object_places(armature, frames)
    in_armature = rig.to_armature(path.position + np.array((0.0, lift, 0.0)))
    position = (places[:, :3, :3] @ in_armature[..., None])[..., 0] + places[:, :3, 3]
    axes = places[:, :3, :3]
    turn = axes / np.linalg.norm(axes, axis=-2, keepdims=True) @ rig.model_to_armature
    quat = sign_continuous_quat_wxyz(rotmat_to_quat_wxyz(turn @ path.rotmat @ _BLENDER_TO_OPENCV))

    scene = bpy.context.scene
    former = _former_camera(armature, name)
    camera = former or _new_camera(armature, name)
    if scene.camera is None or (former is None and match_scene):
        scene.camera = camera
    _set_lens(camera.data, motion.seen().intrinsics[0], size)
    if (steady and len(places) == 1) or motion.frame_count == 1:
        # A moving camera of a former run stands still from now on, but for keys of a person's own.
        _write_path(camera, name, frames[:0], position[:0], quat[:0], settings)
        _place(camera, Matrix.LocRotScale(position[0].tolist(), Quaternion(quat[0].tolist()), None))
    else:
        _write_path(camera, name, frames, position, quat, settings)
        camera.pop(_PLACED, None)
    if match_scene:
        scene.render.resolution_x, scene.render.resolution_y = size
        scene.render.resolution_percentage = 100
        remember_match(scene)
    return camera


def add_clip_camera(scene: Any, clip: Path, armature: Any, match_scene: bool, poses: HandPoses | None = None) -> Any:
    """Add a camera with a clip behind it and nothing known of the real one: Blender's own lens, at a person's height.

    Args:
        scene: gets the camera, and the clip's picture size and frame rate if they are to match.
        clip: a video or a folder of images.
        armature: with whose keys the clip moves in time; may be None.
        match_scene: whether the scene takes over the clip's size, rate and length.
        poses: the clip's hands, which know it better than Blender; the clip is then not shown yet, see `picture_of`.

    Raises:
        ClipError: Blender cannot read the clip.
    """
    footage = look_at(clip) if poses is None else None
    # Of a scene that is only now given the clip's range.
    first_frame = clip_start(scene, armature)
    name = plain_text(f"{clip.stem} camera")
    camera = bpy.data.objects.new(name, bpy.data.cameras.new(name))
    scene.collection.objects.link(camera)
    camera.location, camera.rotation_euler = _ONLOOKER
    if armature is not None:
        camera[_ARMATURE] = armature
    if footage is None:
        if match_scene and poses is not None:
            match_scene_to_clip(scene, poses, armature)
        return camera
    show_clip_behind(camera, clip, first_frame)
    if match_scene:
        scene.render.resolution_x, scene.render.resolution_y = footage.size
        scene.render.resolution_percentage = 100
        if footage.fps is not None:
            set_frame_rate(scene, footage.fps)
        set_range(scene, np.array((first_frame, first_frame + footage.frame_count - 1)))
        remember_match(scene)
    return camera


def _former_camera(armature: Any, name: str) -> Any | None:
    """The camera that a former run made in this scene for the same armature and clip."""
    return next((camera for camera in cameras_of(armature) if camera.get(_NAME) == name), None)


def cameras_of(armature: Any) -> list[Any]:
    """The cameras that runs made in this scene for an armature."""
    cameras = (thing for thing in bpy.context.scene.objects if thing.type == "CAMERA" and thing.library is None)
    return [camera for camera in cameras if _is_of(camera, armature)]


def _is_of(camera: Any, armature: Any) -> bool:
    """Whether a camera was made for an armature, whatever that is called by now."""
    whose = camera.get(_ARMATURE)
    # Earlier versions kept the name alone; a pointer follows a renaming from now on.
    if isinstance(whose, str) and whose == armature.name:
        camera[_ARMATURE] = whose = armature
        drop_older_copy(camera, _ARMATURE)
    return bool(whose == armature)


def _new_camera(armature: Any, name: str) -> Any:
    camera = bpy.data.objects.new(name, bpy.data.cameras.new(name))
    camera[_ARMATURE], camera[_NAME] = armature, name
    camera.rotation_mode = QUATERNION
    bpy.context.scene.collection.objects.link(camera)
    return camera


def _write_path(
    camera: Any, action_name: str, frames: Array, position: Array, quat_wxyz: Array,
    settings: KeySettings | None,
) -> None:  # fmt: skip
    """Key positions (n, 3) and rotations (n, 4); without any, what a former run keyed goes."""
    if len(frames) == 0 and camera.animation_data is None:
        return
    settings = settings or KeySettings()
    sampling = FrameSampling.on_whole_frames(frames) if settings.whole_frames else FrameSampling.on_rows(frames)
    frames, position = sampling.frames, sampling.numbers(position)
    key_types = np.full(len(frames), key_type_number(MEASURED_KEY))
    channels = [Channel("location", i, "Location", frames, position[:, i], key_types) for i in range(3)]
    path = rotation_property(camera.rotation_mode)
    values = values_in_mode(sampling.rotations(quat_wxyz), camera.rotation_mode)
    channels += [Channel(path, i, "Rotation", frames, values[:, i], key_types) for i in range(values.shape[1])]
    write_channels(camera, action_name, channels, settings.ease_frames)
    if count_keys(camera) == 0:
        camera.animation_data_clear()


def _place(camera: Any, matrix_world: Matrix) -> None:
    """Put a camera somewhere, unless a person moved it since the last time."""
    placed = kept_numbers(camera.get(_PLACED), _PLACED)
    if len(placed) == len(_pose(camera)) and not np.allclose(_pose(camera), placed, atol=1e-5):
        return
    camera.matrix_world = matrix_world
    camera[_PLACED] = _pose(camera)


def _pose(camera: Any) -> list[float]:
    return [*camera.location, *camera.matrix_basis.to_quaternion()]


def show_clips_on(armature: Any, first_frame: int) -> None:
    """Let the clips behind an armature's cameras begin on another frame of the timeline."""
    backgrounds = (background for camera in cameras_of(armature) for background in camera.data.background_images)
    for clip in {background.clip for background in backgrounds if background.clip}:
        clip.frame_start = first_frame


def show_clip_behind(camera: Any, clip: Path, first_frame: int) -> None:
    """Show a video or a folder of images as the camera's background, one frame of it on each frame of the scene.

    Raises:
        ClipError: Blender cannot read it.
    """
    show_picture(camera, clip, ClipPicture(file_of(clip), first_frame))


def _set_lens(data: Any, intrinsics: Array, size: tuple[int, int]) -> None:
    """Focal length and principal point in pixels as Blender's lens and shift, which count in the sensor's width."""
    width, height = size
    data.sensor_fit = "HORIZONTAL"
    data.sensor_width = _SENSOR_WIDTH
    data.lens = float(intrinsics[0, 0]) * _SENSOR_WIDTH / width
    data.shift_x = (width / 2.0 - float(intrinsics[0, 2])) / width
    data.shift_y = (float(intrinsics[1, 2]) - height / 2.0) / width
