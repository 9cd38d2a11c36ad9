"""A body into the scene, and a GVHMR motion on it."""

from __future__ import annotations

from pathlib import Path

import bpy

from ...blender.apply import add_body_to_scene, apply_body
from ...blender.clip.body_of_clip import body_for
from ...blender.clip.body_source import keep_body_source
from ...blender.clip.clock import match_scene_to_clip
from ...blender.clip.scene_content import is_a_persons
from ...blender.clip.start_up_cube import hide_start_up_cube
from ...blender.motion.keyed_bones import KeyedBones
from ...blender.motion.shot import Shot
from ...core.body.body_files import read_body
from ...core.body.makers import BUILT_IN
from ...core.body.motion import BodyMotion
from ...core.errors import BadUsageError
from ...core.hands.hand_poses_file import read_hand_poses
from ...core.keys.own_keys import OwnKeys
from ...core.skeleton import BODY_JOINTS
from ..common import panel_jobs
from ..common.stages import BODY as STAGE
from ..overlay.right_picture import bring_up_to_date
from ..state import origins


def add_body(context: bpy.types.Context, body: str = "") -> None:
    """Add a body, the panel's choice where none is named, in the shape that GVHMR found, and choose its armature.

    Raises:
        HandmocapError: nothing was added.
    """
    settings = context.scene.handmocap
    gvhmr = settings.gvhmr_path()
    betas = read_body(gvhmr).betas if gvhmr is not None else None
    # A person's own scene stays as it is.
    is_hidden = not is_a_persons(context.scene) and hide_start_up_cube(context.scene)
    settings.armature = add_body_to_scene(body or settings.body_choice(), betas)
    panel_jobs.set_status(STAGE, True, f"Added {settings.armature.name}{', hid the start-up cube' if is_hidden else ''}")


def apply_motion(context: bpy.types.Context, match_scene: bool = False, own_keys: OwnKeys = OwnKeys.ASK) -> None:
    """Read GVHMR's result and the hands, where there are any, and key them as the panel's settings say.

    Raises:
        HandmocapError: nothing was keyed.
    """
    settings = context.scene.handmocap
    result = settings.gvhmr_path()
    if result is None:
        raise BadUsageError("No body motion is chosen", "estimate it, or choose GVHMR's hmr4d_results.pt in Source first")
    motion = read_body(result)
    hands, clip = settings.hand_poses_path(), settings.clip_path()
    poses = read_hand_poses(hands) if hands is not None and hands.is_file() else None
    shown = clip if clip is not None and clip.exists() else None
    motion = body_for(motion, poses, shown)
    KeyedBones.body(Shot.of(settings.armature, BODY_JOINTS)).check(own_keys)
    if poses is not None and match_scene:
        match_scene_to_clip(context.scene, poses, settings.armature)
    name = f"{(clip or settings.gvhmr_path()).stem} motion"
    wrist = settings.wrist_settings()
    keys = settings.key_settings()
    applied = apply_body(
        settings.armature,
        motion,
        poses,
        shown,
        name,
        settings.steady_camera,
        wrist,
        keys,
        match_scene,
        own_keys=own_keys,
        proxies=hands.parent if poses is not None and hands is not None else None,
    )
    keep_body_source(settings.armature, _made_with(motion, result), wrist.arms_to_hands)
    origins.keep(settings.armature, STAGE, origins.of_body(settings))
    panel_jobs.set_status(
        STAGE, True, f"{motion.frame_count} frames of {_made_with(motion, result)} keyed{applied.keys.sentence()}"
    )
    if applied.picture is not None:
        bring_up_to_date(context.scene, applied.camera)


def _made_with(motion: BodyMotion, result: Path) -> str:
    """What a body's motion comes from, for people."""
    return f"{'the built-in body' if motion.maker == BUILT_IN else motion.maker.name} ({result.name})"
