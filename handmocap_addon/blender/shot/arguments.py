"""The options of `scripts/batch.py`. Standard library only: the front door reads them before it makes anything."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Sequence
from pathlib import Path

from ...core.bake.options import BAKE_SUFFIXES
from ...core.body.body_choices import BODIES, BODY_FROM_HELP, CHECKOUT_HELP, FOCAL_HELP, FOCAL_MM_HELP, PYTHON_HELP
from ...core.body.makers import BODY_FILES
from ...core.body.motion_formats import MotionFormat
from ...core.cleanup.settings import CleanupSettings
from ...core.cleanup.wrist_source import WristSource
from ...core.clip.view_choices import VIEW_CHOICES, VIEW_HELP
from ...core.keys.key_sharing import KeySharing
from ...core.options.command_options import OptionParser, named_file
from ...core.skeleton import SIDES
from ...set_up import environments
from .bake_arguments import add_bake_arguments

SOURCES = ("clip", "hand_poses", "gvhmr")
BAKE_FORMATS = tuple(suffix.removeprefix(".") for suffix in BAKE_SUFFIXES)
_NO_BAKE = "none"
_BODY = (
    "stand-in, or an SMPLX_*.npz; default: the file's own SMPL-X armature, which must fit, and the stand-in in a file that "
    "has no armature"
)


def _formats(text: str) -> tuple[str, ...]:
    formats = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    if formats == (_NO_BAKE,):
        return ()
    unknown = [name for name in formats if name not in BAKE_FORMATS]
    if unknown:
        known = ", ".join(BAKE_FORMATS)
        raise argparse.ArgumentTypeError(f"cannot bake {unknown[0]}; choose from {known}, or {_NO_BAKE} alone")
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


def _length(text: str) -> float:
    try:
        length = float(text)
    except ValueError:
        length = 0.0
    if not (length > 0.0 and math.isfinite(length)):
        raise argparse.ArgumentTypeError(f"{text} is no length above 0")
    return length


def _whole_number(text: str) -> int:
    if re.fullmatch(r"-?\d{1,7}", text.strip(), re.ASCII) is None:
        raise argparse.ArgumentTypeError(f"{text} is no whole number")
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


def read_arguments(arguments: Sequence[str], program: str = "handmocap") -> argparse.Namespace:
    """A command and its options.

    Raises:
        BadUsageError: something is no command, option or value, or a file to write has another kind's ending.
        SystemExit: help was asked for, and printed.
    """
    options = batch_parser(program).parse_args(arguments)
    if options.command == "export":
        MotionFormat(options.format).check_name(options.out)
    return options


def batch_parser(program: str = "handmocap") -> argparse.ArgumentParser:
    """Every command with its options."""
    parser = OptionParser(prog=program, description="GVHMR bodies and estimated fingers on an SMPL-X armature")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=OptionParser)

    run = commands.add_parser("run", help="clip to hands to keys to baked files")
    run.add_argument("--clip", type=Path, required=True, help="video file or folder of images")
    run.add_argument("--out", type=Path, required=True, help="folder for the results")
    run.add_argument("--gvhmr", type=Path, help=f"GVHMR's {BODY_FILES}, for the same clip")
    run.add_argument(
        "--other-gvhmr",
        type=Path,
        action="append",
        default=[],
        help="the same of another person in the clip, who keeps his own hands; may be repeated",
    )
    run.add_argument("--body-from", choices=BODIES, default="auto", help=BODY_FROM_HELP)
    run.add_argument("--focal", type=_length, metavar="PIXELS", help=FOCAL_HELP)
    run.add_argument("--gvhmr-checkout", type=Path, metavar="DIR", help=CHECKOUT_HELP)
    run.add_argument("--gvhmr-python", type=Path, metavar="FILE", help=PYTHON_HELP)
    run.add_argument("--focal-mm", type=_count, metavar="MM", help=FOCAL_MM_HELP)
    run.add_argument("--body", help=_BODY)
    run.add_argument("--armature", help="name of an armature in the open file")
    run.add_argument("--estimator", choices=("mediapipe", "wilor"), default="mediapipe", help="what finds the hands")
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
    run.add_argument("--view-transform", choices=VIEW_CHOICES, default="auto", help=VIEW_HELP)
    run.add_argument(
        "--bake",
        type=_formats,
        default=("abc", "usdc"),
        help="abc, usdc, usda, usd, several with commas, or none; default: abc,usdc",
    )
    run.add_argument(
        "--motion", type=_motion_formats, default=(),
        help=f"motion files besides: {', '.join(one.value for one in MotionFormat)}",
    )  # fmt: skip
    run.add_argument(
        "--steady-camera", "--static-camera", action="store_true",
        help="the real camera stood still, for a GVHMR that is run too",
    )  # fmt: skip
    run.add_argument("--truth", type=Path, help="known finger poses (left_ and right_hand_pose), to report the error")
    run.add_argument("--no-preview", action="store_true", help="render no preview.png")

    apply = commands.add_parser("apply", help="key hands (and a body) on an armature and save the file")
    apply.add_argument("--hands", type=Path, required=True, help="a hand_poses.npz")
    apply.add_argument("--gvhmr", type=Path, help=f"GVHMR's {BODY_FILES}, for the same clip")
    apply.add_argument("--clip", type=Path, help="shown behind the camera")
    apply.add_argument("--body", default=None, help=_BODY)
    apply.add_argument("--armature", help="name of an armature in the open file")
    apply.add_argument("--steady-camera", action="store_true", help="the real camera stood still")
    apply.add_argument("--save", type=named_file(".blend"), required=True, help="the .blend to write")

    bake = commands.add_parser("bake", help="bake the open file's SMPL-X body")
    bake.add_argument("--armature", help="name of an armature in the open file")
    bake.add_argument(
        "--smplx-model", type=Path, help="model file for --geometry exact, for an armature that does not name its own"
    )
    bake.add_argument(
        "--out", type=named_file(*BAKE_SUFFIXES), required=True, nargs="+", help="files ending in .abc, .usdc, .usda or .usd"
    )
    for option in ("--clip", "--hand-poses", "--gvhmr"):
        bake.add_argument(option, type=Path, help="for the reports beside the files: its hash")
    for command in (run, bake):
        add_bake_arguments(command)
    bake.add_argument(
        "--pieces", dest="piece_frames", type=int, metavar="FRAMES",
        help="cut the range into files of so many frames; finished ones of an earlier bake are kept",
    )  # fmt: skip

    export = commands.add_parser("export", help="write the motion of the open file's SMPL-X armature for other programs")
    export.add_argument("--armature", help="name of an armature in the open file")
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
    retarget.add_argument("--save", type=named_file(".blend"), required=True, help="the .blend to write")
    for command in (run, apply, retarget):
        whose = command.add_mutually_exclusive_group()
        whose.add_argument(
            "--start-over",
            action="store_true",
            help="forget all keys on the joints that are written, whoever made them, and what was said about the hands; "
            "default: other programs' keys (one on nearly every frame) give way, a person's stay, doubtful ones are refused",
        )
        whose.add_argument(
            "--keep-keys",
            action="store_true",
            help="keep all keys that this tool did not write, those of other programs too",
        )
    for command in (run, apply):
        command.add_argument(
            "--first-frame",
            type=_whole_number,
            metavar="N",
            help="timeline frame of the clip's first one; what earlier runs keyed moves there too; default: where they "
            "keyed it, else the scene's first frame",
        )
        command.add_argument(
            "--match-scene",
            action="store_true",
            help="give the scene the clip's frame rate, range, picture size and camera, also where the scene is yours "
            "(it has animation, or its file was saved with another rate, range or size than Blender's own)",
        )
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
            "--arms-to-hands",
            action="store_true",
            help="bring the body's hands onto those in the picture; wrists and elbows move as little as that takes",
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
