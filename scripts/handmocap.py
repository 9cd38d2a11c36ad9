"""The front door: makes what it needs on first use, then does the work. Standard library only.

    python3 scripts/handmocap.py demo
    python3 scripts/handmocap.py run --clip FILE [--gvhmr FILE] [--body stand-in|SMPLX_*.npz] --out DIR

`handmocap.py COMMAND --help` tells the rest. Exit codes: 0 done, 2 bad usage, 3 bad input, 4 something is missing in the
set-up, 5 failed, 130 cancelled.
"""

from __future__ import annotations

# isort: off
import os
import sys

# PYTHONSAFEPATH takes a program's own folder off the path; nothing else may be imported yet.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
sys.dont_write_bytecode = True  # as `python_command`
if __name__ == "__main__":
    import ends_at_once  # noqa: F401
import own_modules  # noqa: E402, F401

if __name__ == "__main__" and sys.version_info < (3, 11):
    from newer_python import start_again

    sys.exit(start_again(sys.argv))
# isort: on

import argparse  # noqa: E402
import contextlib  # noqa: E402
import json  # noqa: E402
import re  # noqa: E402
import shutil  # noqa: E402
import signal  # noqa: E402
import subprocess  # noqa: E402
import time  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from dataclasses import asdict  # noqa: E402
from pathlib import Path  # noqa: E402

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from handmocap_addon.blender.jobs.death_by_signal import FROM_OUTSIDE  # noqa: E402
from handmocap_addon.blender.shot.arguments import read_arguments  # noqa: E402
from handmocap_addon.core.audience import speak_to_the_command_line  # noqa: E402
from handmocap_addon.core.clip.moving_pictures import refuse_moving_webp  # noqa: E402
from handmocap_addon.core.errors import BadUsageError, ExitCode, HandmocapError, MissingSetupError, OutOfMemoryError  # noqa: E402
from handmocap_addon.core.files.atomic_files import check_output_folder, output_error  # noqa: E402
from handmocap_addon.core.files.extension_manifest import oldest_blender  # noqa: E402
from handmocap_addon.core.files.temporary_folders import temporary_files_in_one_place  # noqa: E402
from handmocap_addon.core.job_protocol import END_WITH_STDIN, Progress  # noqa: E402
from handmocap_addon.core.options.command_options import OptionParser  # noqa: E402
from handmocap_addon.core.plain_text import plain_json  # noqa: E402
from handmocap_addon.core.process.child_processes import apart, finished, python_command, start  # noqa: E402
from handmocap_addon.core.process.ending import Ending  # noqa: E402
from handmocap_addon.core.process.memory_shortage import as_memory_error  # noqa: E402
from handmocap_addon.core.process.streams import leave, ready_streams  # noqa: E402
from handmocap_addon.core.process.trace_log import write_trace  # noqa: E402
from handmocap_addon.set_up import environments  # noqa: E402
from handmocap_addon.set_up.doctor import Wanted, examine  # noqa: E402
from handmocap_addon.set_up.licences import WILOR_LICENCES, accept, are_accepted  # noqa: E402
from handmocap_addon.set_up.reporting import Listener  # noqa: E402
from handmocap_addon.set_up.wilor import WILOR, ensure_wilor  # noqa: E402
from handmocap_addon.set_up.wilor_plan import add_wilor_options, plan_of  # noqa: E402
from handmocap_addon.worker.command_line import worker_parser  # noqa: E402
from tools.benchmark.arguments import accuracy_parser  # noqa: E402

DEMO = REPOSITORY / "demo"
WORKER = REPOSITORY / "handmocap_addon" / "worker"
IN_BLENDER = ("run", "apply", "retarget", "bake", "export")
# A child that is asked to end has three seconds.
_PATIENCE_SECONDS = 3.0
_PROGRESS_SECONDS = 5.0
_BLENDER_SECONDS = 120.0  # to say its version from a slow drive


def say(text: str) -> None:
    """People's text goes to stderr, so that stdout stays for results."""
    print(f"handmocap: {text}", file=sys.stderr, flush=True)


def main(arguments: Sequence[str]) -> int:
    """Run one command and return the exit code."""
    parser = OptionParser(prog="handmocap.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "command",
        choices=("demo", "run", "estimate", "apply", "retarget", "bake", "export", "doctor", "setup", "benchmark"),
        help="demo: the whole way on the bundled clip\nrun: the whole way on yours\nestimate: clip to hand_poses.npz\n"
        "apply: hand_poses.npz to a .blend\nretarget: fingers onto another rig of a .blend\n"
        "bake: a .blend to Alembic or USD\nexport: its motion to AMASS, .smpl, npz, FBX or glTF\n"
        "doctor: what is there and what lacks\n"
        "setup: make the environments now\nbenchmark accuracy: how far off everything is on clips whose truth is known",
    )
    parser.add_argument("options", nargs=argparse.REMAINDER, help="COMMAND --help tells them; --env DIR: the environments")
    # This may be a shell that Blender started.
    speak_to_the_command_line()
    # Longer than a child is waited for, which is made to end then.
    ending = Ending(_PATIENCE_SECONDS + 1.0)
    place = contextlib.ExitStack()
    ending.last_act = place.close
    try:
        ending.watch()
        folder, others = _environment_folder(arguments)
        if others and others[0].startswith("-") and others[0] not in ("-h", "--help"):
            raise BadUsageError(f"{others[0]} stands before the command", "name the command first, then its options")
        chosen = parser.parse_args(others)
        rest = chosen.options
        _check_options(chosen.command, rest)
        with ending.put_off():
            place.enter_context(temporary_files_in_one_place())
        with as_memory_error():
            return _do(chosen.command, folder, rest)
    except SystemExit as end:  # after --help
        return int(end.code or 0)
    except HandmocapError as error:
        say(error.sentence())
        return int(error.exit_code)
    except MemoryError:
        say(OutOfMemoryError().sentence())
        return int(ExitCode.FAILED)
    except KeyboardInterrupt:
        say("cancelled")
        return int(ExitCode.CANCELLED)
    except OSError as error:
        say(output_error(Path(str(error.filename or "a folder")), error).sentence())
        return int(ExitCode.FAILED)
    except Exception as error:  # The border of the process.
        log = write_trace("handmocap.py")
        say(f"failed ({type(error).__name__}: {error}): report this with {log or 'what you did'}")
        return int(ExitCode.FAILED)
    finally:
        ending.over()
        place.close()


def _do(command: str, folder: Path, options: list[str]) -> int:
    """One command with its options; `folder` is that of the environments."""
    if command == "setup":
        return _set_up(folder, options)
    if command == "doctor":
        return _doctor(folder, options)
    if command == "estimate":
        return _run(python_command(_environment_of(folder, options).python, WORKER, "estimate", *options))
    if command == "benchmark":
        return _benchmark(folder, options)
    if command == "demo":
        return _demo(folder, options)
    return _in_blender(folder, [command, *options], needs_worker=command == "run")


def _environment_folder(arguments: Sequence[str]) -> tuple[Path, list[str]]:
    """The folder of `--env`, which may stand before the command too, and the other arguments."""
    parser = OptionParser(add_help=False, see="handmocap.py")
    parser.add_argument("--env", type=Path, default=environments.default_folder())
    known, rest = parser.parse_known_args(arguments)
    return known.env.resolve(), rest


def _check_options(command: str, options: list[str]) -> None:
    """Read the options, and look at where the results go, before a set-up that takes minutes; help needs nothing more.

    Raises:
        BadUsageError: there is no such option or value, or a file to write has another kind's ending.
        ClipError: nothing can read the clip.
        OutputError: the results cannot go there.
        SystemExit: help was asked for, and printed.
    """
    if command == "estimate":
        asked = worker_parser().parse_args([command, *options])
        refuse_moving_webp(asked.clip)
        outputs = [path.absolute().parent for path in asked.out]
    elif command in IN_BLENDER:
        chosen = vars(read_arguments([command, *options], "handmocap.py"))
        if command == "run":
            refuse_moving_webp(chosen["clip"])
        files = [chosen["save"]] if "save" in chosen else chosen["out"] if command == "bake" else [chosen["out"]]
        outputs = files if command == "run" else [path.absolute().parent for path in files]
    else:
        return
    for folder in outputs:
        check_output_folder(folder)


def _demo(folder: Path, options: list[str]) -> int:
    """The bundled clip with its GVHMR result, and how far the fingers are from the known ones."""
    parser = OptionParser(prog="handmocap.py demo")
    parser.add_argument("--out", type=Path, default=Path("demo-result"), help="folder for the results")
    out = parser.parse_args(options).out.resolve()
    check_output_folder(out)
    started = time.monotonic()
    environments.ensure_worker(folder, say)
    environments.ensure_blender_module(folder, say)
    say(f"set-up ready after {time.monotonic() - started:.0f} s")
    started = time.monotonic()
    clip, result = DEMO / "clip.mp4", DEMO / "hmr4d_results.pt"
    shot = ["run", "--clip", str(clip), "--gvhmr", str(result), "--steady-camera", "--truth", str(DEMO / "truth.npz")]
    code = _in_blender(folder, [*shot, "--out", str(out)], needs_worker=True)
    if code == 0:
        say(f"demo done in {time.monotonic() - started:.0f} s; look at {out / 'preview.png'} and open {out / 'scene.blend'}")
    return code


def _benchmark(folder: Path, options: list[str]) -> int:
    parser = OptionParser(prog="handmocap.py benchmark")
    parser.add_argument("kind", choices=("accuracy",), help="accuracy: against the clips whose every pose is known")
    parser.add_argument("options", nargs=argparse.REMAINDER, help="--clip NAME, --json FILE, --help")
    chosen = parser.parse_args(options)
    accuracy_parser().parse_args(chosen.options)
    worker = environments.ensure_worker(folder, say)
    return _run(python_command(worker.python, REPOSITORY / "tools" / "benchmark" / "accuracy.py", *chosen.options))


def _in_blender(folder: Path, arguments: list[str], needs_worker: bool) -> int:
    """Run the batch script in the machine's Blender, or in the `bpy` environment where there is none."""
    if needs_worker:
        _environment_of(folder, arguments)
    if arguments[0] in ("run", "bake"):
        _offer_readers(folder)
    batch = REPOSITORY / "scripts" / "batch.py"
    tail = [*arguments, "--env", str(folder)]
    blender = _blender_on_path()
    if blender is None:
        module = environments.ensure_blender_module(folder, say)
        return _run(python_command(module.python, batch, *tail))
    environments.ensure_stand_in_packages(folder, say)
    if not _can_bake(blender):
        # The bake job then runs in the module's environment.
        environments.ensure_blender_module(folder, say)
    return _run([blender, "--background", "--python", str(batch), "--", *tail])


def _offer_readers(folder: Path) -> None:
    """Baked files can be checked without them, by Blender alone, so nothing stops where they cannot be had."""
    try:
        environments.ensure_readers(folder, say)
    except HandmocapError as error:
        say(f"baked files will be read back by Blender alone; {error.sentence()}")


def _blender_on_path() -> str | None:
    """A `blender` of a supported version, or None."""
    found = shutil.which("blender")
    if found is None:
        return None
    try:
        shown = finished([found, "--version"], _BLENDER_SECONDS).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        say(f"{found} does not say its version ({type(error).__name__}) and is not used")
        return None
    version, oldest = re.search(r"Blender (\d+)\.(\d+)\.(\d+)", shown), oldest_blender()
    if version and tuple(map(int, version.groups())) >= oldest:
        return found
    say(f"{found} is older than Blender {'.'.join(map(str, oldest[:2]))} and is not used")
    return None


def _can_bake(blender: str) -> bool:
    code = "import bpy; print('exporters', bpy.app.alembic.supported and bpy.app.usd.supported)"
    command = [blender, "--background", "--factory-startup", "--python-expr", code]
    return "exporters True" in finished(command).stdout


def _set_up(folder: Path, options: list[str]) -> int:
    parser = OptionParser(prog="handmocap.py setup", see="handmocap.py setup")
    parser.add_argument("--only", choices=("worker", "blender", "readers"), help="one of the three environments")
    parser.add_argument(
        "--estimator", choices=("mediapipe", WILOR), default="mediapipe", help="wilor: WiLoR's environment alone"
    )
    add_wilor_options(parser.add_argument_group("of WiLoR"))
    chosen = parser.parse_args(options)
    if chosen.estimator == WILOR:
        if chosen.only is not None:
            raise BadUsageError("--only does not go with --estimator wilor", "leave one of them away")
        return _set_up_wilor(folder, chosen)
    steps = {
        "worker": environments.ensure_worker,
        "blender": environments.ensure_blender_module,
        "readers": environments.ensure_readers,
    }
    for name, step in steps.items():
        if chosen.only in (None, name):
            step(folder, say)
    say(f"set up in {folder}")
    return int(ExitCode.DONE)


def _set_up_wilor(folder: Path, options: argparse.Namespace) -> int:
    plan = plan_of(options)
    if not are_accepted(folder, WILOR, WILOR_LICENCES):
        for licence in WILOR_LICENCES:
            print(f"  {licence.text()}", file=sys.stderr)
        if not (options.accept_licences or _agrees()):
            raise MissingSetupError(
                "WiLoR and what it needs come under these licences", "read them, then run it again with --accept-licences"
            )
        accept(folder, WILOR, WILOR_LICENCES)
    ready = ensure_wilor(folder, plan, Listener(say, _ProgressLines()))
    say(f"WiLoR is set up in {ready.environment.folder}, its weights in {ready.weights}")
    return int(ExitCode.DONE)


def _agrees() -> bool:
    """Ask on the terminal, where there is one."""
    if not sys.stdin or not sys.stdin.isatty():
        return False
    print("Do you agree to them? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


class _ProgressLines:
    """Progress for people: a line when a stage begins or ends, and every few seconds between."""

    def __init__(self) -> None:
        self._stage, self._shown = "", 0.0

    def __call__(self, progress: Progress) -> None:
        is_news = progress.stage != self._stage or progress.done == progress.total
        if is_news or time.monotonic() - self._shown > _PROGRESS_SECONDS:
            self._stage, self._shown = progress.stage, time.monotonic()
            say(progress.text())


def _doctor(folder: Path, options: list[str]) -> int:
    """Say what is there, and what to do about what is not: lines on stderr, or one JSON object on stdout."""
    parser = OptionParser(prog="handmocap.py doctor")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout instead of lines for people")
    parser.add_argument("--model", type=Path, help="a folder of WiLoR's weights to look at, if not the set-up's")
    parser.add_argument("--body", type=Path, help="an SMPLX_*.npz, or a folder of them, to look at")
    parser.add_argument("--gvhmr-checkout", type=Path, metavar="DIR", help="folder of a GVHMR checkout to look at")
    parser.add_argument("--gvhmr-python", type=Path, metavar="FILE", help="the Python of that GVHMR's environment")
    chosen = parser.parse_args(options)
    blender = _blender_on_path()
    lines = examine(
        folder,
        Wanted(chosen.model, chosen.body, chosen.gvhmr_checkout, chosen.gvhmr_python),
        blender or "",
        needs_module=blender is None,
    )
    ok = not any(line.advice and line.needed for line in lines)
    if chosen.json:
        print(plain_json(json.dumps({"ok": ok, "lines": [asdict(line) for line in lines]}, indent=2, ensure_ascii=False)))
    else:
        for line in lines:
            print(line.text(), file=sys.stderr)
    return int(ExitCode.DONE if ok else ExitCode.MISSING_SETUP)


def _environment_of(folder: Path, options: list[str]) -> environments.Environment:
    """Where the estimator that the options name runs. MediaPipe's is made on first use; WiLoR's needs a person's consent.

    Raises:
        HandmocapError: it is not there and cannot be made unasked.
    """
    parser = OptionParser(add_help=False, see="handmocap.py")
    parser.add_argument("--estimator", default="mediapipe")
    known, _ = parser.parse_known_args(options)
    if known.estimator != WILOR:
        return environments.ensure_worker(folder, say)
    environment = environments.find_worker(folder, WILOR)
    if environment is None:
        is_old = environments.find_outdated(folder, WILOR) is not None
        why = "was set up by another version of handmocap, with other packages" if is_old else "is not set up yet"
        raise MissingSetupError(f"WiLoR {why}", "run handmocap.py setup --estimator wilor")
    return environment


def _run(command: list[str]) -> int:
    """Run a child to its end and pass its exit code on.

    It ends when its stdin closes: when this process is told to end, and when it dies without a word. A Ctrl-C is for this
    process alone, since a Python that only starts cannot take one in order.
    """
    try:
        process = start(command, {**os.environ, END_WITH_STDIN: "1"}, **apart())
    except OSError as error:
        raise BadUsageError(f"{command[0]} cannot be started ({error.strerror})", "run handmocap.py setup") from error
    try:
        code = process.wait()
    except KeyboardInterrupt:
        _end(process)
        # Also where the work was done by then: whoever waits for it is to stop.
        return int(ExitCode.CANCELLED)
    if code >= 0:
        return code
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    how = "was ended from outside" if name in FROM_OUTSIDE else "broke off by itself, as libraries do that get no memory"
    say(f"the work {how} ({name}): run it again; what was finished before is still there")
    return int(ExitCode.FAILED)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a child to end, and make it."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    ready_streams()
    leave(main(sys.argv[1:]))
