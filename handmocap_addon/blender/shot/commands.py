"""The commands of `scripts/batch.py`, each thin over what scripts call."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy

from ...core.bake.options import BakeOptions
from ...core.body.body_files import read_body
from ...core.body.motion import BodyMotion
from ...core.body.motion_formats import MotionFormat
from ...core.body.stand_in import STAND_IN
from ...core.errors import ArmatureError, BadUsageError, BoneMapError, HandmocapError, OutputError
from ...core.hands.hand_poses_file import read_hand_poses
from ...core.process.ending import Ending
from ...core.report import write_failure
from ...core.rig.bone_map import BoneMap, detected_bone_map, read_bone_map
from ...set_up import environments
from ..apply import add_body_to_scene, apply_body, apply_hands, check_wrist
from ..bake.exact_request import exact_request
from ..bake.request import BakeJob, request_for
from ..clip.clock import match_scene_to_clip
from ..clip.proxy_job import show_when_made
from ..clip.scene_content import is_a_persons
from ..jobs.progress_line import show_progress
from ..jobs.worker_command import worker_command
from ..motion.key_reduction import reduce_finger_keys
from ..motion.keyed_bones import check_bones
from ..motion.retarget import other_rigs, transfer_fingers
from ..motion_files.request import MotionJob, MotionTarget, motion_request_for
from ..rig.armatures import smplx_armatures
from ..rig.body_stillness import stillness_warnings
from ..rig.scene_armature import scene_armature
from ..saving import save_copy
from ..scene_time import scene_range
from .arguments import SOURCES
from .bake_arguments import bake_options
from .batch_ending import telling_what_stays
from .gvhmr_stage import GvhmrStage
from .run import UNFITTING_HINT, RunOptions, run_shot, scene_warnings
from .settings import cleanup_settings, own_keys, reduction_settings, wrist_settings


def run(options: argparse.Namespace, ending: Ending) -> None:
    """Clip to hands to keys to baked files, and what came of it on stdout."""
    request = RunOptions(
        clip=options.clip,
        out=options.out,
        environment_folder=options.env,
        gvhmr=options.gvhmr,
        other_gvhmr=tuple(options.other_gvhmr),
        body_from=options.body_from,
        focal=options.focal,
        stage=GvhmrStage(options.gvhmr_checkout, options.gvhmr_python, options.steady_camera, options.focal_mm),
        body=options.body,
        armature=options.armature,
        estimator=options.estimator,
        model=options.model,
        device=options.device,
        detector_size=options.detector_size,
        batch=options.batch,
        frames=options.frames,
        side=options.side,
        afresh=options.afresh,
        image_fps=options.image_fps,
        view_transform=options.view_transform,
        bake=options.bake,
        motion=options.motion,
        steady_camera=options.steady_camera,
        match_scene=options.match_scene,
        first_frame=options.first_frame,
        cleanup=cleanup_settings(options),
        wrist=wrist_settings(options),
        reduction=reduction_settings(options),
        bake_options=bake_options(options),
        preview=not options.no_preview,
        truth=options.truth,
        own_keys=own_keys(options),
    )

    def tell(error: HandmocapError) -> None:
        # Where the place itself is what is wrong, or full, the report of before stays.
        with contextlib.suppress(OutputError):
            if options.out.is_dir():
                write_failure(options.out, error, request.log_folder if request.log_folder.is_dir() else None)

    with telling_what_stays(ending, request.results, tell):
        report = run_shot(request, show_progress, ending)
    _warn(report["warnings"])
    if "instead_of" in report["clip"]:
        print(f"clip: GVHMR's {report['clip']['name']} instead of {report['clip']['instead_of']}, which has another length")
    for side, hand in report["hands"].items():
        print(f"{side} hand: {hand['measured']} of {hand['frames']} frames measured, {hand['filled']} filled, "
              f"{hand['missing']} missing")  # fmt: skip
        if "keys_after" in hand:
            print(_finger_keys_left(side, hand["keys_before"], hand["keys_after"], hand["largest_error_degrees"]))
        if "accuracy" in hand and hand["accuracy"]["frames_compared"]:
            accuracy = hand["accuracy"]
            fitted, raw = accuracy["bone_direction_error_mean_deg"], accuracy["raw_landmarks_error_mean_deg"]
            print(f"{side} hand: finger bones {fitted:.1f} degrees from the truth, the landmarks as they are {raw:.1f}")
    if report["keys"]["kept"]:
        print(f"{report['keys']['kept']} keys of a person's own kept")
    for item in report["worth_looking_at"][:5]:
        first, last = item["timeline"]
        print(f"worth looking at: {item['side']} hand, frames {first:g} to {last:g}: {item['reason']}")
    for file in report["baked"]:
        print(f"{file['path']}: {file['frames']} frames of {file['vertices']} vertices, "
              f"at most {file['largest_distance_m']:.1e} m from the scene")  # fmt: skip
    for file in report["motion_files"]:
        print(_motion_file(file))
    print(f"report: {options.out / 'report.json'}")


def _warn(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        print(f"warning: {sentence}", file=sys.stderr)


def _finger_keys_left(side: str, before: int, after: int, largest_error_degrees: float) -> str:
    return f"{side} hand: {after} of {before} finger keys left, at most {largest_error_degrees:.2f} degrees off"


def _armature(name: str | None) -> Any:
    if name is not None:
        armature = bpy.data.objects.get(name)
        if armature is None:
            raise ArmatureError(f"The file has no armature named {name}", "look at its outliner")
        return armature
    found = smplx_armatures()
    if len(found) == 1:
        return found[0]
    what = "more than one SMPL-X armature" if found else "no armature with SMPL-X finger bones"
    raise ArmatureError(f"The file has {what}", "name one with --armature, or choose a body with --body")


def _armature_to_key(options: argparse.Namespace) -> Any | None:
    """None where a body is to be added: one is named, or the file has no armature at all."""
    if options.armature is not None:
        return _armature(options.armature)
    return None if options.body is not None else scene_armature("name one with --armature", UNFITTING_HINT)


def apply(options: argparse.Namespace, ending: Ending) -> None:
    """Key hands (and a body) on an armature and save the file."""
    with telling_what_stays(ending, [options.save.absolute()]):
        _apply_and_save(options)


def _apply_and_save(options: argparse.Namespace) -> None:
    settings, reduction = cleanup_settings(options), reduction_settings(options)
    poses = read_hand_poses(options.hands)
    motion: BodyMotion | None = read_body(options.gvhmr) if options.gvhmr else None
    check_wrist(wrist_settings(options), motion)
    betas = motion.betas if motion is not None else None
    armature = _armature_to_key(options)
    armature = add_body_to_scene(options.body or STAND_IN, betas) if armature is None else armature
    what_stays = own_keys(options)
    check_bones(armature, motion is not None, what_stays)
    scene = bpy.context.scene
    match_scene = options.match_scene or not is_a_persons(scene)
    if match_scene:
        match_scene_to_clip(scene, poses, armature, options.first_frame)
    name = f"{Path(poses.clip_name() or options.hands.name).stem} motion"
    warnings = list(poses.warnings())
    if motion is not None:
        clip, folder = options.clip.resolve() if options.clip else None, options.save.absolute().parent
        body = apply_body(
            armature, motion, poses, clip, name, options.steady_camera, wrist_settings(options),
            match_scene=match_scene, first_frame=options.first_frame, proxies=folder, own_keys=what_stays,
        )  # fmt: skip
        if options.match_scene and body.camera is not None:
            # Asked for, so also where an earlier run left the scene another camera.
            scene.camera = body.camera
        warnings += body.warnings
        if clip is not None and body.picture is not None:
            logs = folder / "logs"
            said = show_when_made(
                body.camera, clip, body.picture, lambda: worker_command(options.env, []), logs, show_progress
            )
            warnings += [said] if said is not None else []
    applied = apply_hands(armature, poses, settings, name, first_frame=options.first_frame, own_keys=what_stays)
    warnings += scene_warnings(scene, poses, armature)
    reduced = reduce_finger_keys(armature, reduction) if reduction is not None else None
    save_copy(options.save.absolute())
    _warn(dict.fromkeys([*warnings, *applied.warnings, *stillness_warnings(armature)]))
    print(f"{applied.keys.keys} keys on {applied.keys.channels} channels, {applied.keys.kept_keys} of a person's own kept")
    for side, hand in reduced.hands.items() if reduced is not None else ():
        print(_finger_keys_left(side, hand.keys_before, hand.keys_after, hand.largest_error_degrees))


def retarget(options: argparse.Namespace, ending: Ending) -> None:
    """Key the fingers on another rig of the file and save it."""
    with telling_what_stays(ending, [options.save.absolute()]):
        _retarget_and_save(options)


def _retarget_and_save(options: argparse.Namespace) -> None:
    chosen = read_bone_map(options.map) if options.map is not None else None
    armature = _armature(options.armature)
    target, bone_map = _target(armature, options.target, chosen)
    frames = scene_range(bpy.context.scene)
    name, what_stays = f"{target.name} fingers", own_keys(options)
    report = transfer_fingers(armature, target, bone_map, frames, not options.add_to_rest, name, what_stays)
    save_copy(options.save.absolute())
    _warn(report.warnings)
    print(f"{report.keys.keys} keys on {len(bone_map.bones)} {bone_map.name} bones of {target.name}, "
          f"{report.keys.kept_keys} of a person's own kept")  # fmt: skip


def _target(armature: Any, name: str | None, chosen: BoneMap | None) -> tuple[Any, BoneMap]:
    """The other rig and its bone map."""
    rigs = [_armature(name)] if name is not None else other_rigs(armature, chosen)
    if len(rigs) != 1:
        what = "more than one rig that a bone map fits" if rigs else "no other rig that a bone map fits"
        raise ArmatureError(f"The file has {what}", "name it with --target, and its bones with --map")
    bone_map = chosen or detected_bone_map(rigs[0].data.bones.keys() if rigs[0].type == "ARMATURE" else ())
    if bone_map is None:
        raise BoneMapError(f"{rigs[0].name} has the names of neither Rigify nor Mixamo", "give a bone map with --map")
    return rigs[0], bone_map


def bake(options: argparse.Namespace, ending: Ending) -> None:
    """Bake the open file's SMPL-X body."""
    chosen = replace(bake_options(options), piece_frames=options.piece_frames)
    frames = chosen.frames(bpy.context.scene.frame_start, bpy.context.scene.frame_end)
    files = [file.path for target in options.out for file in chosen.files_over(target.absolute(), *frames)]
    with telling_what_stays(ending, files):
        _bake_files(options, chosen)


def _bake_files(options: argparse.Namespace, chosen: BakeOptions) -> None:
    armature = _armature(options.armature)
    module, readers = environments.find_blender_module(options.env), environments.find_readers(options.env)
    sources = {source: getattr(options, source) for source in SOURCES if getattr(options, source) is not None}
    targets = [path.absolute() for path in options.out]
    exact = exact_request(chosen, armature, options.smplx_model, options.env)
    request = request_for(armature, targets, bpy.context.scene, chosen, sources, exact)
    log = options.out[0].absolute().parent / "logs" / "bake.log"
    job = BakeJob(request, module.python if module else None, log, readers.python if readers else None)
    _warn(stillness_warnings(armature))
    for file in job.wait(show_progress)["files"]:
        print(f"{file['path']}: {file['frames']} frames of {file['vertices']} vertices, "
              f"at most {file['largest_distance_m']:.1e} m from the scene, read by {file['reader']}"
              f"{', kept as it was finished' if file.get('kept') else ''}")  # fmt: skip


def export(options: argparse.Namespace, ending: Ending) -> None:
    """Write the motion of the open file's SMPL-X armature for other programs."""
    with telling_what_stays(ending, [options.out.absolute()]):
        _export_file(options)


def _export_file(options: argparse.Namespace) -> None:
    motion_format = MotionFormat(options.format)
    if options.hands is not None:
        if motion_format is not MotionFormat.HANDS:
            raise BadUsageError(f"--hands does not go with --format {options.format}", "leave it out")
        if options.range is not None:
            raise BadUsageError("--range does not go with --hands, whose rows are all written", "leave one of them out")
    scene, target = bpy.context.scene, MotionTarget(motion_format, options.out.absolute())
    frames = options.range or (scene.frame_start, scene.frame_end)
    hands = options.hands.resolve() if options.hands is not None else None
    request = motion_request_for(_armature(options.armature), [target], frames, options.up, hands)
    module = environments.find_blender_module(options.env)
    job = MotionJob(request, module.python if module else None, target.path.parent / "logs" / "export.log")
    for file in job.wait(show_progress)["files"]:
        print(_motion_file(file))


def _motion_file(file: dict[str, Any]) -> str:
    offset = file.get("largest_bone_offset_m", 0.0)
    left_out = f", moved or scaled bones off by up to {offset * 1000:.1f} mm" if offset > 1e-4 else ""
    return f"{file['path']}: {file['frames']} frames{left_out}"
