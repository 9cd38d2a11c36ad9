"""A whole shot without a window: clip to hands to keys to baked files, in one folder. `scripts/batch.py` calls this."""

from __future__ import annotations

import dataclasses
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...core.bake.options import BakeOptions
from ...core.body.body_choices import GVHMR, WORKER_BODIES
from ...core.body.body_files import read_bodies
from ...core.body.body_motion_file import BODY_MOTION_NAME, StoredBody, read_body_motion
from ...core.body.gvhmr_file import read_gvhmr_result
from ...core.body.gvhmr_record import is_own_result
from ...core.body.motion import BodyMotion
from ...core.body.motion_formats import MotionFormat
from ...core.body.stand_in import STAND_IN
from ...core.cleanup.clean_hands import CleanupSettings
from ...core.cleanup.quality import HandQuality, hand_quality
from ...core.cleanup.worth_looking_at import ranges_worth_looking_at
from ...core.cleanup.wrist import WristSettings
from ...core.clip.clip_neighbours import people_of
from ...core.clip.moving_pictures import refuse_moving_webp
from ...core.clip.view_choices import ViewChoice
from ...core.errors import ArmatureError, BadUsageError, BelongingError, ClipError
from ...core.files.atomic_files import ensure_output_folder
from ...core.hands.hand_poses import HandPoses
from ...core.hands.hand_poses_file import HAND_POSES_NAME, read_hand_poses
from ...core.job_protocol import Progress
from ...core.keys.own_keys import OwnKeys
from ...core.process.ending import Ending
from ...core.report import accuracy_summary, hand_summary, known_hand_poses, quality_summary, write_report
from ...core.rig.stand_in_hands import stand_in_hands
from ...core.skeleton import BODY_JOINTS, SIDES, Side
from ...core.whose_hands.belonging import fitted_to_hands
from ...set_up import environments
from ..apply import AppliedHands, add_body_to_scene, apply_body, apply_hands, check_wrist, load_body
from ..bake.exact_request import exact_request
from ..bake.request import BakeJob, request_for
from ..cleanup.problems import find_problems, mark_problems
from ..clip.body_source import keep_body_source
from ..clip.clock import frame_times, match_scene_to_clip
from ..clip.proxy_job import show_when_made
from ..clip.scene_and_clip import difference
from ..clip.scene_content import is_a_persons
from ..curves.actions import count_keys
from ..curves.kept_text import kept_text
from ..jobs.child_job import ChildJob
from ..jobs.worker_command import worker_command
from ..motion.key_reduction import ReductionResult, ReductionSettings, reduce_finger_keys
from ..motion.keyed_bones import check_bones
from ..motion.motion_keys import KeyReport
from ..motion_files.request import MotionJob, MotionTarget, joints_needed, motion_request_for
from ..rig.armatures import HAND_JOINTS, map_armature
from ..rig.body_stillness import moves_body, stillness_warnings
from ..rig.scene_armature import scene_armature
from ..saving import save_copy
from .estimate_request import EstimateRequest
from .gvhmr_stage import GvhmrStage, run_gvhmr
from .preview import render_preview

Array = NDArray[Any]

SCENE_NAME = "scene.blend"
PREVIEW_NAME = "preview.png"
UNFITTING_HINT = "name another with --armature, or add a body beside it with --body stand-in"
OnProgress = Callable[[Progress], None]


@dataclass(frozen=True)
class RunOptions:
    """What `run` was asked for. `body` None means: the scene's own SMPL-X armature, else the stand-in."""

    clip: Path
    out: Path
    environment_folder: Path
    gvhmr: Path | None = None
    other_gvhmr: tuple[Path, ...] = ()  # of other people in the clip, who keep their own hands
    body: str | None = None
    armature: str | None = None
    estimator: str = "mediapipe"
    model: Path | None = None
    device: str = "auto"
    image_fps: str = "24"
    view_transform: ViewChoice = "auto"  # what the clip's values are
    detector_size: int | None = None  # pixels; None: the estimator's own
    batch: int | None = None  # hands in one run of WiLoR's network; None: what suits the device
    frames: tuple[int, int] | None = None  # first and last that are estimated, from 1 on; None: all
    side: Side | None = None  # the hand that is estimated; None: both
    afresh: bool = False  # estimate also where the folder has the finished hands
    bake: tuple[str, ...] = ("abc", "usdc")
    motion: tuple[MotionFormat, ...] = ()
    bake_options: BakeOptions = field(default_factory=BakeOptions)
    steady_camera: bool = False
    match_scene: bool = False  # give also a person's scene the clip's rate, range and size
    body_from: str = "auto"  # one of `BODIES`
    focal: float | None = None  # pixels, for the built-in body
    stage: GvhmrStage = field(default_factory=GvhmrStage)  # for a GVHMR that is run
    first_frame: int | None = None  # of the timeline, for the clip's first; None: where it is, else the scene's first
    wrist: WristSettings = field(default_factory=WristSettings)
    cleanup: CleanupSettings = field(default_factory=CleanupSettings)
    reduction: ReductionSettings | None = None  # None keys every frame
    preview: bool = True
    own_keys: OwnKeys = OwnKeys.ASK  # what becomes of keys of other programs on an armature of the file
    truth: Path | None = None  # known finger poses, to say how far the estimate is from them

    @property
    def log_folder(self) -> Path:
        return self.out / "logs"

    @property
    def chosen_model(self) -> Path | None:
        """The person's own model file."""
        return None if self.body in (None, STAND_IN) else Path(self.body)

    @property
    def bake_targets(self) -> list[Path]:
        return [self.out / f"body.{'usdc' if suffix == 'usd' else suffix}" for suffix in self.bake]

    @property
    def motion_targets(self) -> list[MotionTarget]:
        return [MotionTarget(one, self.out / one.file_name) for one in self.motion]

    @property
    def baked_files(self) -> list[Path]:
        return [path for target in self.bake_targets for path, _ in self.bake_options.files(target)]

    @property
    def results(self) -> list[Path]:
        """What a run replaces, in the order in which it does, the report left out."""
        picture = [self.out / PREVIEW_NAME] if self.preview else []
        motion = [target.path for target in self.motion_targets]
        return [self.out / HAND_POSES_NAME, self.out / SCENE_NAME, *self.baked_files, *motion, *picture]


def estimate_arguments(options: RunOptions) -> list[str]:
    """The worker's command line for a run."""
    request = EstimateRequest(
        options.clip,
        options.out / HAND_POSES_NAME,
        options.estimator,
        options.gvhmr,
        options.other_gvhmr,
        options.body or STAND_IN,
        options.model,
        options.device,
        options.image_fps,
        options.view_transform,
        options.detector_size,
        options.batch,
        options.frames,
        options.side,
        options.afresh,
        options.body_from if options.body_from in WORKER_BODIES else "none",
        options.focal,
    )
    return request.arguments()


def run_shot(options: RunOptions, on_progress: OnProgress, ending: Ending) -> dict[str, Any]:
    """Do everything and return the report, which is also in the folder.

    Raises:
        HandmocapError, KeyboardInterrupt: files that were finished by then stay, the others are as they were.
    """
    clock = _Clock()
    # Everything that can be found wrong without work is looked at before any.
    if not options.clip.exists():
        raise ClipError(f"There is no clip {options.clip}", "choose a video file or a folder of images")
    refuse_moving_webp(options.clip)
    if options.other_gvhmr and options.gvhmr is None:
        raise BadUsageError("--other-gvhmr stands alone", "give the --gvhmr of the person whose hands are wanted")
    options = with_chosen_body(options)
    bodies = read_bodies([*([options.gvhmr] if options.gvhmr is not None else []), *options.other_gvhmr])
    motion = bodies[0] if bodies else None
    existing = _existing_armature(options)
    if motion is None and options.body_from == "auto" and existing is not None and not _takes_a_body(existing):
        options = replace(options, body_from="none")
    gets_body = motion is not None or options.body_from != "none"
    if not gets_body:
        check_wrist(options.wrist, motion)
    known_hand_poses(options.truth)
    if existing is None:
        load_body(options.body or STAND_IN, None)
        if options.bake_options.geometry == "exact" and options.chosen_model is None:
            raise BadUsageError(
                "The stand-in has no exact surface", "give your SMPLX_*.npz with --body, or another --geometry"
            )
    else:
        map_armature(existing, (*HAND_JOINTS, *BODY_JOINTS) if gets_body else HAND_JOINTS)
        check_bones(existing, gets_body, options.own_keys)
        for one in options.motion:
            map_armature(existing, joints_needed(one))
        if options.bake:
            has_camera = gets_body and (motion is None or motion.is_seen)
            parts = tuple(part for part in options.bake_options.parts if part != "camera" or not has_camera)
            with_camera = replace(options.bake_options, parts=parts or ("body",))
            exact = exact_request(with_camera, existing, options.chosen_model, options.environment_folder)
            request_for(existing, options.bake_targets, bpy.context.scene, with_camera, exact=exact)
    ensure_output_folder(options.out)
    if motion is None and options.body_from == GVHMR:
        clock.lap("checking")
        result = run_gvhmr(
            options.stage, options.clip, options.out, options.environment_folder, options.estimator,
            options.log_folder / "gvhmr.log", on_progress, options.afresh,
        )  # fmt: skip
        options, motion = replace(options, gvhmr=result), read_gvhmr_result(result)
        clock.lap("GVHMR")
    command = worker_command(options.environment_folder, estimate_arguments(options), options.estimator)
    clock.lap("checking")
    estimated = ChildJob(command, options.log_folder / "estimate.log").wait(on_progress)
    clock.lap("estimating")

    poses = read_hand_poses(options.out / HAND_POSES_NAME)
    # GVHMR's copy may have been used instead of the clip; then the camera must show that one.
    shown_clip = Path(estimated["clip"])
    stored, said = (None, ()) if motion is not None else _built_in_body(estimated.get("body"), poses)
    motion = stored.motion if stored is not None else motion
    armature, applied, keys, warnings = _build_scene(options, poses, motion, existing, shown_clip, on_progress)
    warnings += [*said, *([estimated["no_body"]] if estimated.get("no_body") else [])]
    if motion is not None:
        source = motion.maker.key if stored is None else str(stored.meta.get("estimator"))
        keep_body_source(armature, source, options.wrist.arms_to_hands)
    clock.lap("keying")
    reduced: ReductionResult | None = None
    if options.reduction is not None:
        reduced = reduce_finger_keys(armature, options.reduction)
        keys["total"] = count_keys(armature)
        clock.lap("reducing")
    save_copy(options.out / SCENE_NAME)
    clock.lap("saving")
    baked = _bake(options, armature, stored is not None, on_progress)
    clock.lap("baking")
    motion_files = _export_motion(options, armature, on_progress)
    if options.motion:
        clock.lap("motion files")
    if options.preview:
        # Nothing that has been finished can be hurt from here on, and a render does not let itself be interrupted.
        with ending.abandonable():
            render_preview(armature, _clearest_frame(poses, applied.frames), options.out / PREVIEW_NAME)
        clock.lap("preview")
    report = _report(options, poses, motion, stored, applied, keys, baked, armature, clock)
    report["motion_files"] = motion_files
    report["warnings"] = warnings
    if reduced is not None and options.reduction is not None:
        report["reduction"] = dataclasses.asdict(options.reduction)
        for side, hand in reduced.hands.items():
            report["hands"][side] |= dataclasses.asdict(hand)
    write_report(options.out, report)
    return report


def with_chosen_body(options: RunOptions) -> RunOptions:
    """With the GVHMR result that lies beside the clip, where one is wanted and none is given.

    Raises:
        BadUsageError: what is asked for cannot be had, or contradicts itself.
    """
    if options.gvhmr is not None:
        if options.body_from in ("mediapipe", "none"):
            raise BadUsageError(
                f"--gvhmr and --body-from {options.body_from} contradict each other", "leave one of them out"
            )
        return options
    people = people_of(options.clip) if options.body_from in ("auto", GVHMR) else ()
    # One that a run of GVHMR left is looked at again: it may be of other options.
    is_run_again = options.body_from == GVHMR and options.stage.checkout is not None
    if people and not (is_run_again and all(is_own_result(person.gvhmr.parent) for person in people)):
        others = tuple(person.gvhmr for person in people[1:])
        return replace(options, gvhmr=people[0].gvhmr, other_gvhmr=others)
    if options.body_from == GVHMR:
        options.stage.check()
    elif options.stage.focal_mm is not None:
        raise BadUsageError("--focal-mm is for a GVHMR that is run", "give --body-from gvhmr too, or leave it out")
    return options


def _takes_a_body(armature: Any) -> bool:
    """Whether an armature of the file has a body that nothing moves yet; another's motion is nobody's to replace."""
    try:
        map_armature(armature, (*HAND_JOINTS, *BODY_JOINTS))
        return not moves_body(armature)
    except ArmatureError:
        return False


def _built_in_body(path: str | None, poses: HandPoses) -> tuple[StoredBody | None, tuple[str, ...]]:
    """The body that was estimated with the hands, or what to say where it does not go with them."""
    if path is None:
        return None, ()
    stored = read_body_motion(Path(path))
    try:
        fitted_to_hands(stored.motion, poses)
    except BelongingError as error:
        return None, (f"The hands stand alone. {error.sentence()}",)
    return stored, ()


def _body_summary(motion: BodyMotion | None, stored: StoredBody | None) -> dict[str, Any] | None:
    if motion is None:
        return None
    if stored is None:
        return {"estimator": motion.maker.key, "source": motion.source}
    return {
        "estimator": stored.meta.get("estimator"),
        "model": stored.meta.get("model"),
        "source": motion.source,
        "frames_measured": int(stored.measured.sum()),
        "focal_px": float(motion.seen().intrinsics[0, 0, 0]),
        "camera": "taken to stand still",
    }


def _existing_armature(options: RunOptions) -> Any | None:
    if options.armature is not None:
        armature = bpy.data.objects.get(options.armature)
        if armature is None:
            raise ArmatureError(f"The file has no armature named {options.armature}", "look at its outliner")
        return armature
    if options.body is not None:
        return None
    return scene_armature("name one with --armature", UNFITTING_HINT)


def _build_scene(
    options: RunOptions,
    poses: HandPoses,
    motion: BodyMotion | None,
    existing: Any | None,
    shown_clip: Path,
    on_progress: OnProgress,
) -> tuple[Any, AppliedHands, dict[str, Any], list[str]]:
    if existing is None and not bpy.data.filepath:
        # The start-up scene's cube is nobody's work.
        for thing in list(bpy.data.objects):
            bpy.data.objects.remove(thing)
    scene = bpy.context.scene
    match_scene = options.match_scene or not is_a_persons(scene)
    if match_scene:
        match_scene_to_clip(scene, poses, existing, options.first_frame)
    betas = motion.betas if motion is not None else None
    armature = existing or add_body_to_scene(options.body or STAND_IN, betas)
    name = options.clip.stem
    keys: dict[str, Any] = {}
    warnings = list(poses.warnings())
    if motion is not None:
        clip = shown_clip.resolve()
        body = apply_body(
            armature, motion, poses, clip, f"{name} motion", options.steady_camera, options.wrist,
            match_scene=match_scene, first_frame=options.first_frame, proxies=options.out,
            own_keys=options.own_keys,
        )  # fmt: skip
        if options.match_scene and body.camera is not None:
            # Asked for, so also where an earlier run left the scene another camera.
            scene.camera = body.camera
        keys["body"] = dataclasses.asdict(body.keys)
        keys["lift_to_floor_m"] = body.lift
        keys["arms_to_hands"] = dataclasses.asdict(body.arms) if body.arms is not None else None
        warnings += body.warnings
        if body.picture is not None:

            def worker() -> list[str]:
                return worker_command(options.environment_folder, [], options.estimator)

            said = show_when_made(body.camera, clip, body.picture, worker, options.log_folder, on_progress)
            warnings += [said] if said is not None else []
    applied = apply_hands(
        armature, poses, options.cleanup, f"{name} motion", first_frame=options.first_frame, own_keys=options.own_keys
    )
    warnings += scene_warnings(scene, poses, armature)
    mark_problems(bpy.context.scene, find_problems(armature, applied, poses))
    keys["hands"] = dataclasses.asdict(applied.keys)
    keys["total"] = count_keys(armature)
    keys |= _what_became_of_others([applied.keys, *([body.keys] if motion is not None else [])])
    # The estimate and the body may both know of the same thing.
    return armature, applied, keys, list(dict.fromkeys([*warnings, *applied.warnings, *stillness_warnings(armature)]))


def scene_warnings(scene: Any, poses: HandPoses, armature: Any) -> list[str]:
    """What differs where a scene was left as it is, and how to change that."""
    said = difference(scene, poses, armature)
    return [f"{said}, and the keys lie where the clip's times fall on it: --match-scene gives it the clip's"] if said else []


def _what_became_of_others(reports: list[KeyReport]) -> dict[str, Any]:
    """Keys that the tool did not write: how many stayed, how many gave way, and the actions that keep those."""
    return {
        "kept": sum(report.kept_keys for report in reports),
        "replaced": sum(report.replaced_keys for report in reports),
        "replaced_in": sorted({report.replaced_keys_in for report in reports if report.replaced_keys}),
    }


def _bake(options: RunOptions, armature: Any, has_built_in_body: bool, on_progress: OnProgress) -> list[dict[str, Any]]:
    if not options.bake:
        return []
    module = environments.find_blender_module(options.environment_folder)
    readers = environments.find_readers(options.environment_folder)
    sources = {"clip": options.clip, "hand_poses": options.out / HAND_POSES_NAME}
    sources |= {"gvhmr": options.gvhmr} if options.gvhmr is not None else {}
    sources |= {"body_motion": options.out / BODY_MOTION_NAME} if has_built_in_body else {}
    exact = exact_request(options.bake_options, armature, options.chosen_model, options.environment_folder)
    request = request_for(armature, options.bake_targets, bpy.context.scene, options.bake_options, sources, exact)
    log = options.log_folder / "bake.log"
    job = BakeJob(request, module.python if module else None, log, readers.python if readers else None)
    files: list[dict[str, Any]] = job.wait(on_progress)["files"]
    return files


def _export_motion(options: RunOptions, armature: Any, on_progress: OnProgress) -> list[dict[str, Any]]:
    if not options.motion:
        return []
    module = environments.find_blender_module(options.environment_folder)
    scene = bpy.context.scene
    frames, hands = (scene.frame_start, scene.frame_end), options.out / HAND_POSES_NAME
    request = motion_request_for(armature, options.motion_targets, frames, hands=hands)
    job = MotionJob(request, module.python if module else None, options.log_folder / "export.log")
    files: list[dict[str, Any]] = job.wait(on_progress)["files"]
    return files


def _clearest_frame(poses: HandPoses, frames: Array) -> int:
    both = poses.left.score + poses.right.score
    return round(float(frames[int(np.argmax(both))]))


def _report(
    options: RunOptions, poses: HandPoses, motion: BodyMotion | None, stored: StoredBody | None, applied: AppliedHands,
    keys: dict[str, Any], baked: list[dict[str, Any]], armature: Any, clock: _Clock,
) -> dict[str, Any]:  # fmt: skip
    fps = float(poses.frames_per_second() or 30)
    skeletons = stand_in_hands()
    hands = {side: hand_summary(applied.tracks[side], applied.hands[side], skeletons[side], fps) for side in SIDES}
    qualities: dict[Side, HandQuality] = {}
    for side in SIDES:
        qualities[side] = hand_quality(applied.tracks[side], applied.hands[side], skeletons[side], frame_times(poses))
        hands[side]["second_look"] = len(poses.meta.get("second_look", {}).get(side, ()))
        hands[side]["quality"] = quality_summary(qualities[side])
    for side, truth in known_hand_poses(options.truth).items():
        hands[side]["accuracy"] = accuracy_summary(poses.track(side), truth, skeletons[side])
    licences = [*poses.meta.get("licences", []), kept_text(armature, "handmocap_licence", f"{armature.name}: its maker's")]
    if stored is not None:
        licences += stored.meta.get("licences", [])
    elif motion is not None:
        licences.append(motion.maker.licence)
    return {
        "ok": True,
        "clip": poses.meta.get("clip", {}),
        "gvhmr": motion.source if motion is not None and stored is None else None,
        "body_from": _body_summary(motion, stored),
        "body": kept_text(armature, "handmocap_body", armature.name),
        "estimator": {key: poses.meta.get(key) for key in ("estimator", "model", "settings")},
        "cleanup": dataclasses.asdict(options.cleanup),
        "hands": hands,
        "tracks": poses.meta.get("tracks", []),
        "wrist": {
            "source": options.wrist.source,
            "forearm_twist_share": options.wrist.forearm_twist_share,
            "arms_to_hands": options.wrist.arms_to_hands,
        },
        "worth_looking_at": [
            {
                **dataclasses.asdict(item),
                "timeline": [round(float(applied.frames[row]), 3) for row in (item.first, item.last)],
            }
            for item in ranges_worth_looking_at(qualities, poses.clip_notes().smeared_frames)
        ],
        "keys": keys,
        "baked": baked,
        "seconds": clock.seconds,
        "versions": {"blender": bpy.app.version_string, "python": platform.python_version(), "numpy": np.__version__},
        "licences": licences,
    }


class _Clock:
    """Seconds spent on each stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, stage: str) -> None:
        now = time.monotonic()
        self.seconds[stage] = round(now - self._last, 3)
        self._last = now
