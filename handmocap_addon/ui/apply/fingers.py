"""Hands as keys on an armature's fingers."""

from __future__ import annotations

import bpy

from ...blender.apply import apply_hands
from ...blender.cleanup.problems import find_problems
from ...blender.clip.clock import match_scene_to_clip
from ...blender.motion.keyed_bones import KeyedBones
from ...blender.motion.shot import Shot
from ...core.cleanup.clean_hands import Provenance
from ...core.errors import BadUsageError
from ...core.hands.hand_poses_file import read_hand_poses
from ...core.keys.own_keys import OwnKeys
from ..common import panel_jobs
from ..common.stages import FINGERS as STAGE
from ..overlay.right_picture import bring_up_to_date
from ..state import origins
from .problem_list import show_problems


def apply_fingers(context: bpy.types.Context, match_scene: bool = False, own_keys: OwnKeys = OwnKeys.ASK) -> None:
    """Read the hands, key them as the panel's settings say, and look for what needs a look.

    The scene takes over the clip's rate, size and range with `match_scene` alone.

    Raises:
        HandmocapError: nothing was keyed.
    """
    settings = context.scene.handmocap
    hands = settings.hand_poses_path()
    if hands is None:
        raise BadUsageError("No hands are chosen", "run Estimate or choose a hand_poses.npz first")
    poses = read_hand_poses(hands)
    KeyedBones.fingers(Shot.of(settings.armature)).check(own_keys)
    if match_scene:
        match_scene_to_clip(context.scene, poses, settings.armature)
    name = settings.action_name()
    keys = settings.key_settings()
    applied = apply_hands(settings.armature, poses, settings.cleanup(), name, keys, own_keys=own_keys)
    origins.keep(settings.armature, STAGE, origins.of_fingers(settings))
    show_problems(context, find_problems(settings.armature, applied, poses))
    bring_up_to_date(context.scene)
    filled = sum(int((hand.provenance != Provenance.MEASURED).sum()) for hand in applied.hands.values())
    sentence = f"{poses.frame_count} frames keyed, {filled} of {2 * poses.frame_count} hands filled in"
    panel_jobs.set_status(STAGE, True, sentence + applied.keys.sentence())
