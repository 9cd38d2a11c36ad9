"""Keeps what is behind the clip's camera in step with the clip's hands: as it is shown, or as a proxy that a job makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ...blender.clip.backgrounds import clip_camera, show_picture
from ...blender.clip.proxy_folder import remove_oldest_proxies
from ...blender.clip.proxy_job import not_shown, shown_instead, start_proxy
from ...blender.clip.shown_pictures import picture_of
from ...blender.jobs.worker_command import worker_command
from ...core.errors import HandmocapError
from ...core.hands.hand_poses_file import read_hand_poses
from ..common import panel_jobs
from ..common.preferences import environment_folder
from ..common.stages import SOURCE as STAGE
from ..state import disk

_TITLE = "Proxy of the clip"


def bring_up_to_date(scene: bpy.types.Scene, camera: Any | None = None) -> None:
    """Show the scene's clip behind its camera, as its hands have it by now; nothing where it has no camera.

    A proxy that has to be made first comes when its job is done; whatever hinders it is said with the clip.
    """
    settings = scene.handmocap
    clip, hands = settings.clip_path(), settings.hand_poses_path()
    camera = camera or (clip_camera(scene, clip) if clip is not None else None)
    if clip is None or camera is None or not clip.exists() or panel_jobs.is_running(STAGE):
        return
    try:
        poses = read_hand_poses(hands) if hands is not None and hands.is_file() else None
        folder = hands.parent if hands is not None else clip.parent
        if not disk.can_write(folder):
            folder = settings.result_folder() or folder
        picture = picture_of(scene, clip, poses, settings.armature, folder)
    except HandmocapError as error:
        panel_jobs.set_status(STAGE, False, error.sentence())
        return
    try:
        if picture.is_there:
            show_picture(camera, clip, picture)
            return
        job = start_proxy(picture, worker_command(environment_folder(bpy.context), [], settings.estimator), folder / "logs")
    except HandmocapError as error:
        panel_jobs.set_status(STAGE, False, not_shown(clip, picture, error))
        return
    name = camera.name

    def finish(_result: dict[str, Any]) -> str:
        return shown_instead(clip, picture)

    def fill_in(scene: bpy.types.Scene, _result: dict[str, Any], _again: bool) -> None:
        found = scene.objects.get(name)
        if found is not None and found.type == "CAMERA" and _is_clip(scene, clip) and picture.is_there:
            show_picture(found, clip, picture)
            remove_oldest_proxies(picture)

    try:
        panel_jobs.start(STAGE, job, job, finish, scene, fill_in, _TITLE)
    except HandmocapError as error:
        panel_jobs.set_status(STAGE, False, not_shown(clip, picture, error))


def _is_clip(scene: bpy.types.Scene, clip: Path) -> bool:
    """Whether the scene is still about a clip."""
    return bool(scene.handmocap.clip_path() == clip)
