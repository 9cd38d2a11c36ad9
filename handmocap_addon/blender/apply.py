"""The work of a shot as functions that scripts and operators call alike: body into the scene, hands and body as keys."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ..core.audience import way_out
from ..core.body.model import BodyModel
from ..core.body.motion import BodyMotion
from ..core.body.pictures import lens_size
from ..core.body.smplx_model_file import read_smplx_model
from ..core.body.stand_in import STAND_IN, load_stand_in_body
from ..core.body_landmarks.arms_to_hands import ArmsMoved, with_arms_to_hands
from ..core.cleanup.clean_hands import CleanupSettings
from ..core.cleanup.corrected_wrists import with_corrected_wrists
from ..core.cleanup.corrections import Correction, WristFrom
from ..core.cleanup.wrist import WristSettings, is_wrist_measured
from ..core.cleanup.wrist_source import WristSource
from ..core.errors import BadInputError, BadUsageError, ClipError
from ..core.hands.hand_poses import HandPoses, HandTrack
from ..core.keys.own_keys import OwnKeys
from ..core.keys.settings import KeySettings
from ..core.skeleton import BODY_JOINTS, SIDES, Side, hand_joint_names
from .cleanup.cleaned_hands import CleanedHands, cleaned_hands
from .cleanup.clip_moves import bring_to_place
from .cleanup.corrections_store import forget_corrections, read_corrections, tracks_of
from .clip import cameras
from .clip.backgrounds import show_picture
from .clip.body_of_clip import at_scene_s_rate, body_for, rate_told
from .clip.clock import frames_at, place_on, shot_times
from .clip.place import keep_place, place_of
from .clip.scene_content import is_a_persons, remember_match
from .clip.shown_pictures import ClipPicture, picture_of
from .curves.actions import forget_property
from .curves.retimed_frames import retimed_as
from .motion.apply_warnings import keep_warnings
from .motion.keyed_bones import KeyedBones
from .motion.look_after_apply import look_at_body, look_at_hands
from .motion.motion_keys import KeyReport, score_path, write_body_keys, write_hand_keys
from .motion.shot import Shot
from .rig.armatures import HAND_JOINTS, RigMap
from .rig.bodies import add_body
from .rig.finger_target import target_of_joints
from .rig.rest_warnings import rest_warnings
from .rig.stance import check_stance
from .scene_time import check_range, frame_rate, frame_rate_fraction, set_range

Array = NDArray[Any]


@dataclass(frozen=True)
class AppliedHands(CleanedHands):
    """What was keyed on the fingers, and the sentences that a person should know beside it."""

    keys: KeyReport
    warnings: tuple[str, ...] = ()


def load_body(choice: str, betas: Array | None) -> BodyModel:
    """`stand-in`, or the path of the user's SMPLX_*.npz.

    Raises:
        BodyModelError, MissingSetupError: it cannot be had.
    """
    return load_stand_in_body(betas) if choice == STAND_IN else read_smplx_model(Path(choice), betas)


def add_body_to_scene(choice: str, betas: Array | None = None) -> Any:
    """Load a body and add it to the scene; returns its armature object."""
    return add_body(load_body(choice, betas))


def check_wrist(settings: WristSettings, motion: BodyMotion | None) -> None:
    """Wrists hang on forearms that the clip's camera sees; an armature that something else moved has no such camera.

    Raises:
        BadUsageError: wrists are asked for, and there is no body motion, or none that a camera saw.
    """
    if motion is not None and settings.needs_hands:
        motion.seen()
    if motion is None and not settings.leaves_body_as_it_is:
        raise BadUsageError(
            "The wrist, the forearm's twist and arms to the hands need the arms of a GVHMR result",
            way_out("choose one in Source, or take the body's wrists", "name one with --gvhmr, or leave them out"),
        )


def apply_hands(
    armature: Any,
    poses: HandPoses,
    settings: CleanupSettings,
    action_name: str,
    key_settings: KeySettings | None = None,
    only_joints: Collection[str] | None = None,
    first_frame: int | None = None,
    own_keys: OwnKeys = OwnKeys.ASK,
) -> AppliedHands:
    """Clean the hands, as corrected, and key them on an armature's fingers; keys of a person's own stay.

    `only_joints` names the joints that are keyed, all where None. The clip's times are laid on the scene's clock from
    `first_frame` on, or from where its keys are already, else from the scene's first frame on; what earlier runs keyed, and
    a person on it, goes along. What becomes of other programs' keys is `own_keys`; with `START_OVER`, what a person said
    about the fingers is forgotten too.

    Raises:
        ArmatureError: the armature has no finger bones, or something else moves them.
        BadInputError: there is nothing to key.
        KeysInTheWayError: nobody knows whose keys are there, or they leave no room.
    """
    if poses.frame_count == 0:
        raise BadInputError("The hands cover no frames", "run Estimate again")
    shot = Shot.of(armature)
    fingers = KeyedBones.fingers(shot, only_joints)
    fingers.check(own_keys)
    place = place_on(bpy.context.scene, armature, first_frame)
    frames = frames_at(place, poses, armature)
    check_range(frames)
    keyed = HAND_JOINTS if only_joints is None else tuple(only_joints)
    stance = check_stance(armature, shot.rig, keyed, frames)
    if own_keys is OwnKeys.START_OVER:
        _forget_fingers(armature, keyed)
    room = fingers.make_room(own_keys)
    cleaned = cleaned_hands(armature, poses, settings, place)
    bring_to_place(armature, bpy.context.scene, place, poses)
    keys = write_hand_keys(shot, cleaned.hands, cleaned.tracks, cleaned.frames, action_name, key_settings, only_joints)
    keep_place(armature, place)
    seen = look_at_hands(shot, cleaned.hands, cleaned.frames, key_settings, keyed, own_keys)
    keys, said = fingers.outcome(keys, room, seen)
    warnings = (*stance, *rest_warnings(armature, shot.rig, keyed), *said)
    keep_warnings(armature, "fingers", warnings)
    return AppliedHands(cleaned.tracks, cleaned.hands, cleaned.frames, keys, warnings)


def start_over(
    armature: Any,
    poses: HandPoses,
    settings: CleanupSettings,
    action_name: str,
    key_settings: KeySettings | None = None,
    joints: Collection[str] = HAND_JOINTS,
) -> AppliedHands:
    """Forget every key on some finger joints, a person's own too, and all that is known about them, and key them afresh.

    Locked channels stay as they are. What a person said about these fingers is forgotten too, and about a hand where all of
    its joints are chosen.

    Raises:
        ArmatureError: the armature has no finger bones.
        BadInputError: there is nothing to key.
    """
    return apply_hands(armature, poses, settings, action_name, key_settings, joints, own_keys=OwnKeys.START_OVER)


def _forget_fingers(armature: Any, joints: Collection[str]) -> None:
    """What was said about them, and the scores of whole hands; their keys go with those of all bones."""
    forget_corrections(armature, target_of_joints(joints))
    for side in SIDES:
        if set(hand_joint_names(side)) <= set(joints):
            forget_property(armature, score_path(side), [0])


@dataclass(frozen=True)
class AppliedBody:
    """What was keyed on the body, the camera that sees it with what is behind it, and the lift to the floor in metres.

    There is no camera where none saw the motion.
    """

    keys: KeyReport
    camera: Any
    lift: float
    warnings: tuple[str, ...] = ()
    picture: ClipPicture | None = None
    arms: ArmsMoved | None = None  # where they were brought to the hands


def apply_body(
    armature: Any,
    motion: BodyMotion,
    poses: HandPoses | None,
    clip: Path | None,
    action_name: str,
    steady_camera: bool,
    wrist: WristSettings | None = None,
    key_settings: KeySettings | None = None,
    match_scene: bool | None = None,
    first_frame: int | None = None,
    proxies: Path | None = None,
    own_keys: OwnKeys = OwnKeys.ASK,
) -> AppliedBody:
    """Key a body's motion on an armature and add the camera that saw it, where one did.

    Size, range and active camera of the scene change with `match_scene` alone; if None, where the scene is not a person's.
    `first_frame` as in `apply_hands`. Where Blender would show the clip otherwise than the hands have it, `picture` is a
    proxy in a sub-folder of `proxies`, beside the clip if None; as long as that is not there, nothing is shown.

    The wrists are keyed here and nowhere else, also where they come from the hands: one writer for each curve, so that the
    order in which body and fingers are applied does not matter, and a person's keys on them are found like all others.

    Raises:
        ArmatureError: the armature lacks body bones, or something else moves them.
        BelongingError, FrameCountError: the body is not of the hands' clip.
        BadInputError: the wrists should come from hands that are not there.
        KeysInTheWayError: nobody knows whose keys are there, or they leave no room.
    """
    wrist = wrist or WristSettings()
    scene = bpy.context.scene
    match_scene = not is_a_persons(scene) if match_scene is None else match_scene
    shot = Shot.of(armature, BODY_JOINTS)
    bones = KeyedBones.body(shot)
    bones.check(own_keys)
    place = place_on(scene, armature, first_frame)
    motion = body_for(motion, poses, clip)
    if poses is not None:
        frames = frames_at(place, poses, armature)
    else:
        # Row after row, whatever the scene's rate.
        place = replace(place, fps=place_of(scene, armature).fps)
        motion = at_scene_s_rate(motion, frame_rate_fraction(scene)) if clip is None else motion
        frames = retimed_as(armature, place.first_frame + np.arange(motion.frame_count, dtype=np.float64))
    check_range(frames)
    corrections = read_corrections(armature)
    tracks = tracks_of(poses, corrections) if poses is not None else {}
    motion, arms = _with_arms(shot.rig, motion, poses, tracks, wrist)
    motion = _with_wrists(shot.rig, motion, poses, tracks, wrist, corrections)
    filled = _filled_wrists(tracks, wrist, corrections)
    stance = check_stance(armature, shot.rig, BODY_JOINTS, frames)
    room = bones.make_room(own_keys)
    bring_to_place(armature, scene, place, poses)
    if poses is None and match_scene:
        set_range(scene, frames)
        remember_match(scene)
    keys, lift = write_body_keys(shot, motion, frames, action_name, filled, key_settings)
    keep_place(armature, place)
    warnings, picture, camera = motion.warnings, None, None
    if motion.is_seen:
        size = poses.picture_size() if poses is not None else None
        width, height = size or tuple(round(length) for length in lens_size(motion))
        camera_name = f"{action_name} camera"
        camera = cameras.add_camera(
            shot, motion, frames, lift, (width, height), camera_name, steady_camera, key_settings, match_scene
        )
    if clip is not None and poses is None:
        warnings = (*warnings, *rate_told(clip, frame_rate(scene)))
    if clip is not None and camera is not None:
        try:
            picture = picture_of(scene, clip, poses, armature, proxies or clip.parent)
            if picture.is_there:
                show_picture(camera, clip, picture)
        except ClipError as error:
            warnings = (*warnings, f"The clip is not behind the camera: {error.sentence()}")
    seen = look_at_body(shot, motion, lift, frames, key_settings, own_keys)
    keys, said = bones.outcome(keys, room, seen)
    warnings = (*warnings, *stance, *rest_warnings(armature, shot.rig, BODY_JOINTS), *said)
    keep_warnings(armature, "body", warnings)
    return AppliedBody(keys, camera, lift, warnings, picture, arms)


def _filled_wrists(
    tracks: dict[Side, HandTrack], settings: WristSettings, corrections: tuple[Correction, ...]
) -> dict[Side, Array]:
    """Frames (N,) by side on which the hand's wrist was wanted and not measured; none of a hand that never was."""
    filled = {}
    for side, track in tracks.items():
        measured = is_wrist_measured(track, settings)
        if measured.any():
            filled[side] = ~measured & _wants_hand(side, len(measured), settings, corrections)
    return filled


def _wants_hand(side: Side, frame_count: int, settings: WristSettings, corrections: tuple[Correction, ...]) -> Array:
    """Frames (N,) on which a wrist comes from the hand, wholly or in part."""
    wanted = np.full(frame_count, settings.source != WristSource.BODY)
    for correction in corrections:
        if isinstance(correction, WristFrom) and correction.side == side:
            wanted[correction.rows.within(frame_count)] = correction.source != WristSource.BODY
    return wanted


def _with_arms(
    rig: RigMap, motion: BodyMotion, poses: HandPoses | None, tracks: dict[Side, HandTrack], settings: WristSettings
) -> tuple[BodyMotion, ArmsMoved | None]:
    if not settings.arms_to_hands:
        return motion, None
    if poses is None:
        raise BadInputError("Arms to the hands need the hands", "run Estimate first, or leave the arms as the body has them")
    moved, arms = with_arms_to_hands(motion, tracks, shot_times(poses), rig.rest_joints, settings)
    return moved.with_warning(arms.sentence()), arms


def _with_wrists(
    rig: RigMap, motion: BodyMotion, poses: HandPoses | None, tracks: dict[Side, HandTrack], settings: WristSettings,
    corrections: tuple[Correction, ...],
) -> BodyMotion:  # fmt: skip
    chosen = [correction for correction in corrections if isinstance(correction, WristFrom)]
    if settings.leaves_body_as_it_is and not chosen:
        return motion
    sources = [settings.source, *(correction.source for correction in chosen)]
    if any(source != WristSource.BODY for source in sources) and not tracks:
        raise BadInputError("The hands' wrists need the hands", "run Estimate first, or keep the body's wrist")
    times = shot_times(poses) if poses is not None else np.arange(motion.frame_count, dtype=np.float64)
    return with_corrected_wrists(motion, tracks, times, rig.rest_joints, settings, chosen)
