"""The worker's command line. JSON events on stdout, people's text on stderr, exit codes of `core.errors.ExitCode`."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import math
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.body.body_choices import (
    BODIES,
    BODY_FROM_HELP,
    CHECKOUT_HELP,
    FOCAL_HELP,
    FOCAL_MM_HELP,
    GVHMR,
    PYTHON_HELP,
    RESULT_NAME,
)
from ..core.body.makers import BODY_FILES
from ..core.clip.view_choices import VIEW_CHOICES, VIEW_HELP, ViewChoice
from ..core.errors import BadUsageError, ExitCode, HandmocapError, MissingSetupError, OutOfMemoryError
from ..core.files.replaced_files import links_among
from ..core.files.temporary_folders import remove_abandoned_folders
from ..core.options.command_options import OptionParser, named_file
from ..core.process.memory_shortage import as_memory_error
from ..core.process.streams import protocol_stdout
from ..core.process.trace_log import write_trace
from .commands.frame_range import FrameRange
from .events import Cancellation, EventWriter
from .limits import bound_process

if TYPE_CHECKING:  # the front door reads the options without numpy
    from .estimators.base import BodyEstimator


def _fraction(text: str) -> Fraction:
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise argparse.ArgumentTypeError(f"{text} is no frame rate") from error
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text} is no frame rate")
    return value


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no number") from error
    if not 0.0 < value <= 1.0:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 1 on")
    return int(text)


def _finite(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no number") from error
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text} is no finite number")
    return value


def _length(text: str) -> float:
    value = _finite(text)
    if value <= 0.0:
        raise argparse.ArgumentTypeError(f"{text} is no length above 0")
    return value


def _frame_range(text: str) -> FrameRange:
    first, dash, last = text.partition("-")
    numbers = _count(first), _count(last if dash else first)
    if numbers[1] < numbers[0]:
        raise argparse.ArgumentTypeError(f"{text} ends before it begins")
    return FrameRange(numbers[0] - 1, numbers[1] - 1)


def worker_parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    parser = OptionParser(prog="handmocap worker", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=OptionParser)
    # People start it by the front door, whose name they know.
    estimate = commands.add_parser("estimate", prog="handmocap.py estimate", help="find the hands of a clip")
    estimate.add_argument("--clip", type=Path, required=True, help="video file or folder of images")
    estimate.add_argument(
        "--out",
        type=named_file(".npz"),
        required=True,
        action="append",
        help="the hand_poses.npz to write; once for every --gvhmr",
    )
    estimate.add_argument(
        "--gvhmr", type=Path, action="append", default=[], help=f"a person's {BODY_FILES}, for the clip; may be repeated"
    )
    estimate.add_argument(
        "--other-gvhmr",
        type=Path,
        action="append",
        default=[],
        help="the same of a person whose hands are not wanted, so that nobody else gets them; may be repeated",
    )
    estimate.add_argument("--estimator", default="mediapipe", help="mediapipe or wilor")
    estimate.add_argument("--model", type=Path, help="model file (mediapipe) or weights folder (wilor)")
    estimate.add_argument("--device", default="auto", help="auto, cpu or cuda (wilor)")
    estimate.add_argument("--confidence", type=_share, help="lowest detector confidence, 0 to 1")
    estimate.add_argument(
        "--detector-size", type=_count, help="pixels of the longer side for the detector; more finds smaller hands (wilor)"
    )
    estimate.add_argument("--batch", type=_count, help="hands in one run of the network, halved without memory (wilor)")
    estimate.add_argument(
        "--body", default="stand-in", help="stand-in, or an SMPLX_*.npz on whose hand landmarks are fitted"
    )
    estimate.add_argument("--image-fps", type=_fraction, default=Fraction(24), help="frame rate of a folder of images")
    estimate.add_argument(
        "--view-transform",
        choices=VIEW_CHOICES,
        default="auto",
        help=VIEW_HELP,
    )
    estimate.add_argument("--expect-frames", type=int, help="fail before writing if the clip has another number of frames")
    estimate.add_argument(
        "--frames",
        type=_frame_range,
        metavar="FIRST-LAST",
        help="run these frames alone, counted from 1; the file keeps its other rows of the same clip",
    )
    estimate.add_argument("--side", choices=("left", "right"), help="run this hand alone; the file keeps the other one")
    estimate.add_argument("--body-from", choices=BODIES, default="none", help=BODY_FROM_HELP)
    estimate.add_argument("--focal", type=_length, metavar="PIXELS", help=FOCAL_HELP)
    estimate.add_argument("--gvhmr-checkout", type=Path, metavar="DIR", help=CHECKOUT_HELP)
    estimate.add_argument("--gvhmr-python", type=Path, metavar="FILE", help=PYTHON_HELP)
    estimate.add_argument("--static-camera", action="store_true", help="the camera stood still, for a GVHMR that is run")
    estimate.add_argument("--focal-mm", type=_count, metavar="MM", help=FOCAL_MM_HELP)
    estimate.set_defaults(made_body=None)
    estimate.add_argument("--afresh", action="store_true", help="estimate again what is there already")
    gvhmr = commands.add_parser("gvhmr", help="run GVHMR's own program on a clip")
    gvhmr.add_argument("--clip", type=Path, required=True, help="video file")
    gvhmr.add_argument(
        "--out", type=named_file(".pt"), required=True, help=f"the {RESULT_NAME} to write, which has no other name"
    )
    gvhmr.add_argument("--checkout", type=Path, required=True, help=CHECKOUT_HELP)
    gvhmr.add_argument("--python", type=Path, required=True, help=PYTHON_HELP)
    gvhmr.add_argument("--static-camera", action="store_true", help="the camera stood still")
    gvhmr.add_argument("--focal-mm", type=_count, metavar="MM", help=FOCAL_MM_HELP)
    gvhmr.add_argument("--afresh", action="store_true", help="run it again although its result is there already")
    pose_mesh = commands.add_parser("pose-mesh", help="write the exact SMPL-X surface of a sequence of poses")
    pose_mesh.add_argument("--model", type=Path, required=True, help="SMPLX_*.npz")
    pose_mesh.add_argument("--pose", type=Path, required=True, help="npz with smplx's parameters for every frame")
    pose_mesh.add_argument("--out", type=named_file(".pc2"), required=True, help="the point cache (PC2) to write")
    pose_mesh.add_argument("--betas", type=_finite, nargs="+", help="the shape, instead of the one in --pose")
    proxy = commands.add_parser(
        "proxy", help="write a movie of the clip that Blender shows frame by frame as the hands have it"
    )
    proxy.add_argument("--request", type=Path, required=True, help="JSON that says what it shows, as Blender writes it")
    proxy.add_argument("--out", type=named_file(".mov"), required=True, help="the .mov to write")
    doctor = commands.add_parser("doctor", help="say what this environment has and lacks")
    doctor.add_argument("--estimator", default="mediapipe", help="the one that the environment is for: mediapipe or wilor")
    doctor.add_argument("--body", type=Path, help="an SMPLX_*.npz, or a folder of them, to look at")
    commands.add_parser(
        "prove", help="compare baked files with the .npz files that say what they must hold, one a line of stdin"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the process's exit code."""
    with protocol_stdout() as stdout:
        events = EventWriter(stdout)
        remove_abandoned_folders()
        try:
            options = worker_parser().parse_args(arguments)
            cancellation = Cancellation(_targets(options))
            if options.command in ("estimate", "gvhmr", "pose-mesh", "proxy"):
                # A look takes a second and is had from scripts too, whose stdin is closed; a proof is told its files there.
                cancellation.watch(sys.stdin)
            events.emit("started", command=options.command, pid=os.getpid())
            for sentence in links_among(_targets(options)):
                events.log(sentence)
            commands = {
                "estimate": _estimate,
                "gvhmr": _gvhmr,
                "pose-mesh": _pose_mesh,
                "proxy": _proxy,
                "doctor": _doctor,
                "prove": _prove,
            }
            run = commands[options.command]
            if options.command == "estimate":
                _run_gvhmr_for(options, events, cancellation)
            # A process of its own, and no test or script that goes on; GVHMR takes what it needs.
            if arguments is None:
                bound_process(options.command, getattr(options, "estimator", ""))
            with as_memory_error():
                run(options, events, cancellation)
        except HandmocapError as error:
            events.emit("error", code=error.code, message=error.message, hint=error.hint)
            print(error.sentence(), file=sys.stderr)
            return int(error.exit_code)
        except KeyboardInterrupt:
            return int(ExitCode.CANCELLED)
        except MemoryError:
            shortage = OutOfMemoryError()
            events.emit("error", code=shortage.code, message=shortage.message, hint=shortage.hint)
            print(shortage.sentence(), file=sys.stderr)
            return int(shortage.exit_code)
        except (
            Exception
        ) as error:  # The border of the process: whatever escapes becomes a sentence, its trace goes to a log.
            return _failed(events, f"The worker failed ({type(error).__name__}: {error})", _with_log())
    return int(ExitCode.DONE)


def _targets(options: argparse.Namespace) -> list[Path]:
    """The files that a command writes."""
    out = getattr(options, "out", [])
    return list(out) if isinstance(out, list) else [out]


def _failed(events: EventWriter, message: str, hint: str) -> int:
    events.emit("error", code="failed", message=message, hint=hint)
    print(f"{message}: {hint}", file=sys.stderr)
    return int(ExitCode.FAILED)


def _with_log() -> str:
    """What to do about a failure that nobody foresaw; its trace is kept where the sentence says, and not shown."""
    return f"report this with {write_trace('worker') or 'what you did'}"


def _check_people(options: argparse.Namespace) -> None:
    """Every person has a file of his own.

    Raises:
        BadUsageError: it is not so.
    """
    if len(options.out) != max(1, len(options.gvhmr)):
        raise BadUsageError(
            f"There are {len(options.gvhmr)} GVHMR results for {len(options.out)} files", "give one --out for every --gvhmr"
        )
    if len({path.resolve() for path in options.out}) < len(options.out):
        raise BadUsageError("The same --out is given twice", "name a file for each person")
    if options.other_gvhmr and not options.gvhmr:
        raise BadUsageError("--other-gvhmr stands alone", "give the --gvhmr of the person whose hands are wanted")


def _run_gvhmr_for(options: argparse.Namespace, events: EventWriter, cancellation: Cancellation) -> None:
    """Where the body is to be GVHMR's and none is named: have it made beside the hands, and name it.

    It has ended, and left the card, before anything of the hands is loaded.
    """
    from ..set_up.gvhmr_checkout import named_checkout
    from .commands.gvhmr_body import Request, gvhmr_body

    _check_people(options)
    if options.body_from != GVHMR or options.gvhmr:
        if options.body_from != GVHMR and options.focal_mm is not None:
            raise BadUsageError("--focal-mm is for a GVHMR that is run", "give --body-from gvhmr too, or leave it out")
        return
    program = named_checkout(options.gvhmr_checkout, options.gvhmr_python)
    folder = options.out[0].parent
    gvhmr_body(
        Request(options.clip, folder, program, options.static_camera, options.focal_mm, options.afresh), events, cancellation
    )
    options.made_body = folder / RESULT_NAME
    options.gvhmr = [options.made_body]


def _estimate(options: argparse.Namespace, events: EventWriter, cancellation: Cancellation) -> None:
    from ..core.body.body_files import read_bodies
    from ..core.body.motion import BodyMotion
    from ..core.body.smplx_model_file import read_smplx_model
    from ..core.body.stand_in import load_stand_in_body
    from .commands.estimate import Person, Request, estimate_clip
    from .commands.gvhmr_clip import clip_of_the_results
    from .estimators import EstimatorChoice, create_estimator
    from .video import probe_clip

    clip = probe_clip(options.clip, options.image_fps, options.view_transform)
    given = clip
    found = clip_of_the_results(clip, read_bodies([*options.gvhmr, *options.other_gvhmr]))
    clip = found.clip
    # Where no camera saw a body, nothing tells which hands are at its wrists.
    motions: list[BodyMotion | None] = [body if body.is_seen else None for body in found.bodies]
    people = [Person(motion, target) for motion, target in itertools.zip_longest(motions or [None], options.out)]
    for warning in dict.fromkeys(sentence for body in found.bodies for sentence in body.warnings):
        events.log(warning)
    body = load_stand_in_body() if options.body == "stand-in" else read_smplx_model(Path(options.body))
    cancellation.check()
    choice = EstimatorChoice(
        options.estimator,
        options.model,
        options.device,
        options.confidence,
        len(people),
        options.detector_size,
        options.batch,
        options.side,
    )
    with contextlib.ExitStack() as stack:
        estimator = create_estimator(choice)
        stack.callback(estimator.close)
        bodies, no_body = _body_estimator(options, events)
        if bodies is not None:
            stack.callback(bodies.close)
        request = Request(
            clip,
            body,
            people,
            options.expect_frames,
            None if clip.path == given.path else given.path.name,
            options.frames,
            options.side,
            options.afresh,
            found.body_fps,
            options.focal,
        )
        result = estimate_clip(request, estimator, events, cancellation, bodies)
    written = [{"path": str(hands.path), "detected": hands.frames_detected} for hands in result.people]
    events.emit(
        "result",
        frames=result.frame_count,
        fps=result.fps,
        clip=str(clip.path),
        reused=result.reused,
        people=written,
        body=_text(result.body or options.made_body),
        no_body=no_body,
        **written[0],
    )


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _body_estimator(options: argparse.Namespace, events: EventWriter) -> tuple[BodyEstimator | None, str | None]:
    """What estimates the body, where it is to come from the clip; or why it cannot, where that is no failure.

    Raises:
        BadUsageError: there are bodies already.
        MissingSetupError: it is not there, and was asked for by name.
    """
    if options.body_from in ("none", GVHMR) or (options.body_from == "auto" and options.gvhmr):
        return None, None
    if options.gvhmr:
        raise BadUsageError("--body-from mediapipe and --gvhmr are two bodies", "leave one of them out")
    from .estimators.mediapipe_body import MediapipeBodySettings, create

    try:
        return create(MediapipeBodySettings()), None
    except MissingSetupError as error:
        if options.body_from != "auto":
            raise
        said = f"The hands stand alone. {error.sentence()}"
        events.log(said)
        return None, said


def _gvhmr(options: argparse.Namespace, events: EventWriter, cancellation: Cancellation) -> None:
    from ..set_up.gvhmr_checkout import GvhmrCheckout
    from .commands.gvhmr_body import Request, gvhmr_body

    if options.out.name != RESULT_NAME:
        raise BadUsageError(f"{options.out.name} is no name of a GVHMR result", f"let --out end in {RESULT_NAME}")
    program = GvhmrCheckout(options.checkout.absolute(), options.python.absolute())
    request = Request(options.clip, options.out.parent, program, options.static_camera, options.focal_mm, options.afresh)
    reused = gvhmr_body(request, events, cancellation)
    events.emit("result", path=str(options.out), reused=reused)


def _pose_mesh(options: argparse.Namespace, events: EventWriter, cancellation: Cancellation) -> None:
    from .commands.pose_mesh import Request, pose_mesh

    betas = None if options.betas is None else tuple(options.betas)
    frames = pose_mesh(Request(options.model, options.pose, options.out, betas), events, cancellation)
    events.emit("result", frames=frames, path=str(options.out))


def _proxy(options: argparse.Namespace, events: EventWriter, cancellation: Cancellation) -> None:
    from ..core.clip.proxy_request import ProxyRequest
    from .commands.proxy import make_proxy
    from .video import probe_clip

    request = ProxyRequest.read(options.request)
    # As the hands' file has it; of a program that knows more views, whatever this one would take.
    view: ViewChoice = next((choice for choice in VIEW_CHOICES if choice == request.view), "auto")
    clip = probe_clip(Path(request.clip), Fraction(*request.image_fps), view)
    frames = make_proxy(clip, request, options.out, events, cancellation)
    events.emit("result", frames=frames, path=str(options.out))


def _doctor(options: argparse.Namespace, events: EventWriter, _cancellation: Cancellation) -> None:
    from .commands.doctor import examine

    lines = examine(options.estimator, options.body)
    for line in lines:
        print(line.text(), file=sys.stderr)
    events.emit("result", lines=[asdict(line) for line in lines])


def _prove(_options: argparse.Namespace, events: EventWriter, _cancellation: Cancellation) -> None:
    from .commands.prove import prove_files

    prove_files(sys.stdin, events)
