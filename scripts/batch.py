"""handmocap inside Blender without a window.

    blender -b [FILE.blend] --python scripts/batch.py -- run --clip FILE --out DIR [options]

or with the `bpy` module: `python scripts/batch.py -- run …`. Exit codes: 0 done, 2 bad usage, 3 bad input, 4 something is
missing in the set-up, 5 failed, 130 cancelled. `run` leaves a report.json in DIR.

SIGINT and SIGTERM cancel. stdin is not looked at, unless HANDMOCAP_END_WITH_STDIN=1 says that the parent holds it open:
then its end, which a dying parent brings, cancels as well.
"""

from __future__ import annotations

# isort: off
import os
import sys

# Neither PYTHONSAFEPATH nor a Blender has a program's own folder on the path; nothing else may be imported yet.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
sys.dont_write_bytecode = True  # as `python_command`
if __name__ == "__main__":
    import ends_at_once  # noqa: F401
import own_modules  # noqa: E402, F401

sys.path.pop(0)
# isort: on

import contextlib  # noqa: E402
import itertools  # noqa: E402
from pathlib import Path  # noqa: E402

REPOSITORY = Path(__file__).resolve().parent.parent


def _load_package() -> None:
    package = REPOSITORY / "handmocap_addon"
    sys.path.insert(0, str(package))
    from load_package import load_package

    sys.path.pop(0)
    load_package(package)


def _say_nothing_changed() -> None:
    print("handmocap: Cancelled; nothing was changed", file=sys.stderr)


def _log_folder(arguments: list[str]) -> Path | None:
    """Where a run has its other logs."""
    places = [Path(value) for name, value in itertools.pairwise(arguments) if name == "--out"]
    return places[0] / "logs" if arguments[:1] == ["run"] and places and places[0].is_dir() else None


def main(arguments: list[str]) -> int:
    """Run one command and return the exit code."""
    from handmocap_addon.core.audience import speak_to_the_command_line
    from handmocap_addon.core.errors import ExitCode, HandmocapError, OutOfMemoryError
    from handmocap_addon.core.files.temporary_folders import temporary_files_in_one_place
    from handmocap_addon.core.job_protocol import END_WITH_STDIN
    from handmocap_addon.core.process.ending import Ending
    from handmocap_addon.core.process.memory_shortage import as_memory_error
    from handmocap_addon.core.process.trace_log import write_trace

    # Where the extension is enabled in this Blender, or this was started from one.
    speak_to_the_command_line()
    ending = Ending()
    ending.last_words = _say_nothing_changed
    place = contextlib.ExitStack()
    ending.last_act = place.close
    try:
        # Not handed on: the pipe is ours alone.
        ending.watch(sys.stdin if os.environ.pop(END_WITH_STDIN, "") == "1" else None)
        with ending.put_off():
            # The module makes its own as it is loaded.
            place.enter_context(temporary_files_in_one_place())
        with as_memory_error(), ending.abandonable():  # loading the bpy module takes a second
            from handmocap_addon.blender.shot.command_line import run_command

        with as_memory_error():
            run_command(arguments, ending)
    except HandmocapError as error:
        print(f"handmocap: {error.sentence()}", file=sys.stderr)
        return int(error.exit_code)
    except MemoryError:
        print(f"handmocap: {OutOfMemoryError().sentence()}", file=sys.stderr)
        return int(ExitCode.FAILED)
    except SystemExit as end:
        return int(end.code or 0)
    except KeyboardInterrupt:
        _say_nothing_changed()
        return int(ExitCode.CANCELLED)
    except Exception as error:  # The border of the process: a trace for the log, a sentence for people.
        log = write_trace("batch.py", _log_folder(arguments))
        said = f"failed ({type(error).__name__}: {error}): report this with {log or 'what you did'}"
        print(f"handmocap: {said}", file=sys.stderr)
        return int(ExitCode.FAILED)
    finally:
        ending.over()
        place.close()
    return int(ExitCode.DONE)


if __name__ == "__main__":
    _load_package()
    from handmocap_addon.core.process.streams import leave, ready_streams

    ready_streams()
    # Blender keeps its own options before `--`; the bpy module has none. It would go on, and exit with 0.
    leave(main(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]))
