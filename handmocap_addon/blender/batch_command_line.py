"""The command line of `scripts/batch.py`; the front door hands its options through to it."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import bpy

from ..core import environments
from ..core.atomic_files import remove_temporaries_of
from ..core.bake_options import BakeOptions
from ..core.body_motion import BodyMotion
from ..core.bone_map import BoneMap, detected_bone_map, read_bone_map
from ..core.clean_hands import CleanupSettings
from ..core.errors import (
    ArmatureError,
    BadInputError,
    BadUsageError,
    BoneMapError,
    CancelledError,
    HandmocapError,
    OutputError,
)
from ..core.gvhmr_file import read_gvhmr_result
from ..core.hand_poses_file import read_hand_poses
from ..core.motion_formats import MotionFormat
from ..core.replaced_files import FilesBefore
from ..core.report import write_failure
from ..core.skeleton import SIDES
from ..core.wrist import WristSettings, WristSource
from .armatures import smplx_armatures
from .bake_arguments import add_bake_arguments, bake_options
from .baking import BakeJob, request_for
from .ending import Ending
from .exact_request import exact_request
from .key_reduction import KeySharing, ReductionSettings, reduce_finger_keys
from .motion_exporting import MotionJob, MotionTarget, motion_request_for
from .progress_line import show_progress
from .retarget import other_rigs, transfer_fingers
from .run import RunOptions, run_shot
from .saving import remove_session_folder, save_copy
from .scene_time import scene_range
from .shot import STAND_IN, add_body_to_scene, apply_body, apply_hands, check_wrist, match_scene_to_clip

SOURCES = ("clip", "hand_poses", "gvhmr")
BAKE_FORMATS = ("abc", "usd", "usdc", "usda")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise BadUsageError(message, f"see {self.prog} --help")


def _formats(text: str) -> tuple[str, ...]:
    formats = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    unknown = [name for name in formats if name not in BAKE_FORMATS]
    if unknown:
        raise argparse.ArgumentTypeError(f"cannot bake {unknown[0]}; choose from {', '.join(BAKE_FORMATS)}")
    return formats


def _motion_formats(text: str) -> tuple[MotionFormat, ...]:
    known = {one.value: one for one in MotionFormat}
    names = [part.strip().lower() for part in text.split(",") if part.strip()]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no motion file {unknown[0]}; choose from {', '.join(known)}")
    return tuple(dict.fromkeys(known[name] for name in names))


def _timeline_range(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(-?\d+)-(-?\d+)", text.strip(), re.ASCII)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text} is not like 10-50")
    return int(found[1]), int(found[2])


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0.0 <= share <= 1.0:
        raise argparse.ArgumentTypeError(f"{text} is no share from 0 to 1")
    return share


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 1 on")
    return int(text)


def _frame_range(text: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    numbers = _count(first), _count(last if dash else first)
    if numbers[1] < numbers[0]:
        raise argparse.ArgumentTypeError(f"{text} ends before it begins")
    return numbers


def _strength_of(text: str) -> tuple[str, float]:
    name, _, strength = text.partition("=")
    try:
        return name.strip(), float(strength)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is not like left_thumb=0.8") from error


def _add_cleanup(command: argparse.ArgumentParser) -> None:
    usual = CleanupSettings()
    command.add_argument(
        "--smoothing", type=float, default=usual.smoothing, help="0 (off, exactly) to 1; default %(default)s"
    )
    command.add_argument(
        "--smoothing-of", type=_strength_of, action="append", default=[], metavar="NAME=STRENGTH",
        help="a strength of its own for a hand (left=0.3) or a finger (right_thumb=0.8); may be given more than once",
    )  # fmt: skip
    command.add_argument(
        "--longest-gap",
        type=float,
        default=usual.longest_gap,
        help="seconds without a hand that are bridged; default %(default)s",
    )
    command.add_argument(
        "--ease",
        type=float,
        default=usual.ease,
        help="seconds to and from the relaxed hand of longer gaps; default %(default)s",
    )
    command.add_argument(
        "--lowest-score",
        type=float,
        default=usual.lowest_score,
        help="frames below count as not measured; default %(default)s",
    )


def _cleanup(options: argparse.Namespace) -> CleanupSettings:
    """What was asked for.

    Raises:
        BadUsageError: a value is out of its range, or a name is no hand or finger.
    """
    return CleanupSettings(
        longest_gap=options.longest_gap,
        ease=options.ease,
        smoothing=options.smoothing,
        smoothing_of=tuple(options.smoothing_of),
        lowest_score=options.lowest_score,
    )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="handmocap", description="GVHMR bodies and estimated fingers on an SMPL-X armature")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)

    run = commands.add_parser("run", help="clip to hands to keys to baked files")
    run.add_argument("--clip", type=Path, required=True, help="video file or folder of images")
    run.add_argument("--out", type=Path, required=True, help="folder for the results")
    run.add_argument("--gvhmr", type=Path, help="GVHMR's hmr4d_results.pt for the same clip")
    run.add_argument(
        "--other-gvhmr",
        type=Path,
        action="append",
        default=[],
        help="the same of another person in the clip, who keeps his own hands; may be repeated",
    )
    run.add_argument("--body", help="stand-in, or an SMPLX_*.npz; default: the file's own SMPL-X armature, else stand-in")
    run.add_argument("--armature", help="name of an armature in the open file")
    run.add_argument("--estimator", choices=("mediapipe", "wilor"), default="mediapipe")
    run.add_argument("--model", type=Path, help="folder of WiLoR weights, or another MediaPipe hand model")
    run.add_argument("--device", default="auto", help="auto, cpu or cuda (wilor)")
    run.add_argument(
        "--detector-size", type=_count, help="pixels of the longer side for the detector; more finds smaller hands (wilor)"
    )
    run.add_argument("--batch", type=_count, help="hands in one run of the network, halved without memory (wilor)")
    run.add_argument(
        "--frames",
        type=_frame_range,
        metavar="FIRST-LAST",
        help="estimate these frames alone, counted from 1; the others stay as DIR has them",
    )
    run.add_argument("--side", choices=SIDES, help="estimate this hand alone; the other one stays as DIR has it")
    run.add_argument("--afresh", action="store_true", help="estimate again although DIR has the finished hands of this clip")
    run.add_argument("--image-fps", default="24", help="frame rate of a folder of images, such as 24 or 30000/1001")
    run.add_argument("--bake", type=_formats, default=("abc", "usdc"), help="abc, usdc, usda, usd, or nothing")
    run.add_argument(
        "--motion", type=_motion_formats, default=(),
        help=f"motion files besides: {', '.join(one.value for one in MotionFormat)}",
    )  # fmt: skip
    run.add_argument("--steady-camera", action="store_true", help="the real camera stood still")
    run.add_argument("--truth", type=Path, help="known finger poses (left_ and right_hand_pose), to report the error")
    run.add_argument("--no-preview", action="store_true", help="render no preview.png")

    apply = commands.add_parser("apply", help="key hands (and a body) on an armature and save the file")
    apply.add_argument("--hands", type=Path, required=True, help="a hand_poses.npz")
    apply.add_argument("--gvhmr", type=Path)
    apply.add_argument("--clip", type=Path, help="shown behind the camera")
    apply.add_argument("--body", default=None)
    apply.add_argument("--armature")
    apply.add_argument("--steady-camera", action="store_true")
    apply.add_argument("--save", type=Path, required=True, help="the .blend to write")

    bake = commands.add_parser("bake", help="bake the open file's SMPL-X body")
    bake.add_argument("--armature")
    bake.add_argument(
        "--smplx-model", type=Path, help="model file for --geometry exact, for an armature that does not name its own"
    )
    bake.add_argument("--out", type=Path, required=True, nargs="+", help="files ending in .abc, .usdc, .usda or .usd")
    for source in SOURCES:
        bake.add_argument(f"--{source.replace('_', '-')}", type=Path, help="for the reports beside the files: its hash")
    for command in (run, bake):
        add_bake_arguments(command)
    bake.add_argument(
        "--pieces", dest="piece_frames", type=int, metavar="FRAMES",
        help="cut the range into files of so many frames; finished ones of an earlier bake are kept",
    )  # fmt: skip

    export = commands.add_parser("export", help="write the motion of the open file's SMPL-X armature for other programs")
    export.add_argument("--armature")
    export.add_argument(
        "--format", required=True, choices=[one.value for one in MotionFormat],
        help="; ".join(f"{one.value}: {one.description}" for one in MotionFormat),
    )  # fmt: skip
    export.add_argument("--out", type=Path, required=True, help="the file to write")
    export.add_argument(
        "--range", type=_timeline_range, metavar="FIRST-LAST", help="frames of the timeline; default: the scene's range"
    )
    export.add_argument("--up", choices=("y", "z"), default="y", help="for fbx, npz66 and npz156; default %(default)s")
    export.add_argument(
        "--hands", type=Path, help="the hand_poses.npz that the fingers were made from, for its rows and scores (hands)"
    )

    retarget = commands.add_parser("retarget", help="key the fingers on another rig of the file and save it")
    retarget.add_argument("--armature", help="name of the SMPL-X armature")
    retarget.add_argument("--target", help="name of the other rig; default: the only one that a bone map fits")
    retarget.add_argument("--map", type=Path, help="bone map that the panel saved; default: by the rig's names")
    retarget.add_argument(
        "--add-to-rest", action="store_true", help="add the bends to the rig's own rest pose instead of matching the pose"
    )
    retarget.add_argument("--save", type=Path, required=True, help="the .blend to write")
    for command in (run, apply):
        command.add_argument(
            "--reduce",
            type=float,
            metavar="DEGREES",
            help="leave only the finger keys that keep every bone this near to its full curve",
        )
        command.add_argument(
            "--reduce-by",
            choices=[sharing.value for sharing in KeySharing],
            help="what shares its reduced keys; default finger",
        )
        command.add_argument(
            "--wrist",
            choices=[source.value for source in WristSource],
            default=WristSource.BODY.value,
            help="whose rotation the wrists get: body, hand, or blend of both by score (needs --gvhmr)",
        )
        command.add_argument(
            "--forearm-twist",
            type=_share,
            default=0.0,
            metavar="SHARE",
            help="part of the wrist's twist that the forearm takes, 0 to 1 (needs --gvhmr)",
        )
        _add_cleanup(command)
    for command in (run, apply, bake, export, retarget):
        command.add_argument("--blend", type=Path, help="a file to open first; it is never written to")
        command.add_argument("--env", type=Path, default=environments.default_folder(), help="folder of the environments")
    return parser


def run_command(arguments: Sequence[str], ending: Ending) -> None:
    """Run one command.

    Raises:
        HandmocapError: as the command; CancelledError, once it had begun, where the end was asked for.
    """
    options = _parser().parse_args(arguments)
    _offer_stand_in_packages(options.env)
    if options.blend is not None:
        _open(options.blend)
    try:
        commands = {"run": _run, "apply": _apply, "bake": _bake, "export": _export, "retarget": _retarget}
        commands[options.command](options, ending)
    finally:
        # The batch script ends without Blender's own way out.
        remove_session_folder()


def _open(path: Path) -> None:
    if not path.is_file():
        raise BadUsageError(f"There is no file {path}", "name a .blend file")
    try:
        bpy.ops.wm.open_mainfile(filepath=str(path))
    except RuntimeError as error:
        raise BadInputError(f"{path} is no Blender file that can be opened", "name a .blend file") from error


def _offer_stand_in_packages(folder: Path) -> None:
    """A Blender without the extension finds the stand-in's packages where the front door put them."""
    try:
        import mannequin  # noqa: F401
    except ImportError:
        if (folder / "stand-in").is_dir():
            sys.path.append(str(folder / "stand-in"))


@contextlib.contextmanager
def _telling_what_stays(
    ending: Ending, targets: Sequence[Path], tell: Callable[[HandmocapError], None] = lambda _error: None
) -> Iterator[None]:
    """A command that writes `targets`: however it is cancelled, what is said about them is true and nothing half lies there.

    `tell` gets each failure.
    """
    files = FilesBefore(targets)

    def last_words() -> None:
        for folder in {target.parent for target in targets}:
            remove_temporaries_of(os.getpid(), folder)
        remove_session_folder()
        error = files.cancelled()
        print(f"handmocap: {error.sentence()}", file=sys.stderr)
        tell(error)

    ending.last_words = last_words
    try:
        yield
    except (KeyboardInterrupt, CancelledError):
        error = files.cancelled()
        tell(error)
        raise error from None
    except HandmocapError as error:
        tell(error)
        raise


def _run(options: argparse.Namespace, ending: Ending) -> None:
    request = RunOptions(
        clip=options.clip,
        out=options.out,
        environment_folder=options.env,
        gvhmr=options.gvhmr,
        other_gvhmr=tuple(options.other_gvhmr),
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
        bake=options.bake,
        motion=options.motion,
        steady_camera=options.steady_camera,
        cleanup=_cleanup(options),
        wrist=_wrist(options),
        reduction=_reduction(options),
        bake_options=bake_options(options),
        preview=not options.no_preview,
        truth=options.truth,
    )

    def tell(error: HandmocapError) -> None:
        if options.out.is_dir() and not isinstance(error, OutputError):
            write_failure(options.out, error, request.log_folder if request.log_folder.is_dir() else None)

    with _telling_what_stays(ending, request.results, tell):
        report = run_shot(request, show_progress, ending)
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
    for item in report["worth_looking_at"][:5]:
        first, last = item["timeline"]
        print(f"worth looking at: {item['side']} hand, frames {first:g} to {last:g}: {item['reason']}")
    for file in report["baked"]:
        print(f"{file['path']}: {file['frames']} frames of {file['vertices']} vertices, "
              f"at most {file['largest_distance_m']:.1e} m from the scene")  # fmt: skip
    for file in report["motion_files"]:
        print(_motion_file(file))
    print(f"report: {options.out / 'report.json'}")


def _finger_keys_left(side: str, before: int, after: int, largest_error_degrees: float) -> str:
    return f"{side} hand: {after} of {before} finger keys left, at most {largest_error_degrees:.2f} degrees off"


def _reduction(options: argparse.Namespace) -> ReductionSettings | None:
    """What was asked for.

    Raises:
        BadUsageError: the error is out of its range, or something shares keys that are not reduced.
    """
    if options.reduce is None:
        if options.reduce_by is not None:
            raise BadUsageError("--reduce-by stands alone", "give --reduce DEGREES too")
        return None
    return ReductionSettings(options.reduce, KeySharing(options.reduce_by or KeySharing.FINGER))


def _wrist(options: argparse.Namespace) -> WristSettings:
    source = WristSource(options.wrist)
    return WristSettings(source, options.forearm_twist, options.longest_gap, options.ease, lowest_score=options.lowest_score)


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


def _apply(options: argparse.Namespace, ending: Ending) -> None:
    with _telling_what_stays(ending, [options.save.resolve()]):
        _apply_and_save(options)


def _apply_and_save(options: argparse.Namespace) -> None:
    settings, reduction = _cleanup(options), _reduction(options)
    poses = read_hand_poses(options.hands)
    motion: BodyMotion | None = read_gvhmr_result(options.gvhmr) if options.gvhmr else None
    check_wrist(_wrist(options), motion)
    betas = motion.betas if motion is not None else None
    wants_new = options.body is not None or (options.armature is None and not smplx_armatures())
    armature = add_body_to_scene(options.body or STAND_IN, betas) if wants_new else _armature(options.armature)
    match_scene_to_clip(bpy.context.scene, poses, armature)
    name = f"{Path(poses.clip_name() or options.hands.name).stem} motion"
    if motion is not None:
        clip = options.clip.resolve() if options.clip else None
        apply_body(armature, motion, poses, clip, name, options.steady_camera, _wrist(options))
    applied = apply_hands(armature, poses, settings, name)
    reduced = reduce_finger_keys(armature, reduction) if reduction is not None else None
    save_copy(options.save.resolve())
    print(f"{applied.keys.keys} keys on {applied.keys.channels} channels, {applied.keys.kept_keys} of a person's own kept")
    for side, hand in reduced.hands.items() if reduced is not None else ():
        print(_finger_keys_left(side, hand.keys_before, hand.keys_after, hand.largest_error_degrees))


def _retarget(options: argparse.Namespace, ending: Ending) -> None:
    with _telling_what_stays(ending, [options.save.resolve()]):
        _retarget_and_save(options)


def _retarget_and_save(options: argparse.Namespace) -> None:
    chosen = read_bone_map(options.map) if options.map is not None else None
    armature = _armature(options.armature)
    target, bone_map = _target(armature, options.target, chosen)
    frames = scene_range(bpy.context.scene)
    report = transfer_fingers(armature, target, bone_map, frames, not options.add_to_rest, f"{target.name} fingers")
    save_copy(options.save.resolve())
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


def _bake(options: argparse.Namespace, ending: Ending) -> None:
    chosen = replace(bake_options(options), piece_frames=options.piece_frames)
    frames = chosen.frames(bpy.context.scene.frame_start, bpy.context.scene.frame_end)
    files = [file.path for target in options.out for file in chosen.files_over(target.resolve(), *frames)]
    with _telling_what_stays(ending, files):
        _bake_files(options, chosen)


def _bake_files(options: argparse.Namespace, chosen: BakeOptions) -> None:
    armature = _armature(options.armature)
    module, readers = environments.find_blender_module(options.env), environments.find_readers(options.env)
    sources = {source: getattr(options, source) for source in SOURCES if getattr(options, source) is not None}
    targets = [path.resolve() for path in options.out]
    exact = exact_request(chosen, armature, options.smplx_model, options.env)
    request = request_for(armature, targets, bpy.context.scene, chosen, sources, exact)
    log = options.out[0].resolve().parent / "logs" / "bake.log"
    job = BakeJob(request, module.python if module else None, log, readers.python if readers else None)
    for file in job.wait(show_progress)["files"]:
        print(f"{file['path']}: {file['frames']} frames of {file['vertices']} vertices, "
              f"at most {file['largest_distance_m']:.1e} m from the scene, read by {file['reader']}"
              f"{', kept as it was finished' if file.get('kept') else ''}")  # fmt: skip


def _export(options: argparse.Namespace, ending: Ending) -> None:
    with _telling_what_stays(ending, [options.out.resolve()]):
        _export_file(options)


def _export_file(options: argparse.Namespace) -> None:
    motion_format = MotionFormat(options.format)
    if options.hands is not None:
        if motion_format is not MotionFormat.HANDS:
            raise BadUsageError(f"--hands does not go with --format {options.format}", "leave it out")
        if options.range is not None:
            raise BadUsageError("--range does not go with --hands, whose rows are all written", "leave one of them out")
    scene, target = bpy.context.scene, MotionTarget(motion_format, options.out.resolve())
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
