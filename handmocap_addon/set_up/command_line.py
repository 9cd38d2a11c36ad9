"""Makes an environment as a job: `set_up worker|blender|readers|wilor FOLDER`, events on stdout. Standard library only.

The panel runs this with Blender's own Python, which can make environments although nothing is ever installed into it.
`set_up doctor FOLDER` looks at what is there, `sizes` tells how much it is, and `clear` removes parts of it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any


def main(arguments: list[str]) -> int:
    """Do one thing and return the exit code."""
    from handmocap_addon.core.errors import ExitCode, HandmocapError, OutOfMemoryError
    from handmocap_addon.core.files.atomic_files import output_error
    from handmocap_addon.core.job_protocol import JobEvent
    from handmocap_addon.core.process.memory_shortage import as_memory_error
    from handmocap_addon.core.process.trace_log import write_trace
    from handmocap_addon.set_up.installers import end_when_stdin_closes

    def emit(kind: Any, **data: Any) -> None:
        print(JobEvent(kind, data).line(), flush=True)

    end_when_stdin_closes()
    emit("started", command="set-up")
    try:
        try:
            with as_memory_error():
                emit("result", **_do(arguments, emit))
        except MemoryError as error:
            raise OutOfMemoryError from error
    except HandmocapError as error:
        emit("error", code=error.code, message=error.message, hint=error.hint)
        return int(error.exit_code)
    except OSError as error:
        place = error.filename or "a folder"
        failure = output_error(Path(str(place)), error)
        emit("error", code=failure.code, message=failure.message, hint=failure.hint)
        return int(failure.exit_code)
    except Exception as error:  # The border of the process: the trace goes to the log.
        hint = f"report this with {write_trace('set_up') or 'what you did'}"
        emit("error", code="failed", message=f"The set-up failed ({type(error).__name__}: {error})", hint=hint)
        return int(ExitCode.FAILED)
    return int(ExitCode.DONE)


def _do(arguments: list[str], emit: Callable[..., None]) -> dict[str, Any]:
    from handmocap_addon.set_up import cache, environments
    from handmocap_addon.set_up.doctor import Wanted, examine
    from handmocap_addon.set_up.licences import WILOR_LICENCES, accept
    from handmocap_addon.set_up.reporting import Listener
    from handmocap_addon.set_up.wilor import WILOR, ensure_wilor
    from handmocap_addon.set_up.wilor_plan import add_wilor_options, plan_of

    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("what", choices=("worker", "blender", "readers", WILOR, "doctor", "sizes", "clear"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--blender", default="", help="of doctor: the Blender that asks")
    parser.add_argument("--body", type=Path, help="of doctor: a body model file")
    parser.add_argument("--gvhmr-checkout", type=Path, help="of doctor: a checkout of GVHMR")
    parser.add_argument("--gvhmr-python", type=Path, help="of doctor: its Python")
    parser.add_argument("--part", action="append", choices=tuple(cache.PARTS), default=[], help="of clear: what goes")
    add_wilor_options(parser)
    options = parser.parse_args(arguments)
    listener = Listener(lambda text: emit("log", message=text), lambda progress: emit("progress", **asdict(progress)))
    if options.what == "sizes":
        return {"sizes": cache.sizes(options.folder)}
    if options.what == "clear":
        return {"freed": cache.clear(options.folder, options.part, listener.say)}
    if options.what == "doctor":
        lines = examine(
            options.folder,
            Wanted(options.weights, options.body, options.gvhmr_checkout, options.gvhmr_python),
            options.blender,
        )
        return {"lines": [asdict(line) for line in lines]}
    if options.what == WILOR:
        plan = plan_of(options)
        if options.accept_licences:
            accept(options.folder, WILOR, WILOR_LICENCES)
        ready = ensure_wilor(options.folder, plan, listener)
        return {"folder": str(ready.environment.folder), "weights": str(ready.weights)}
    steps = {
        "worker": environments.ensure_worker,
        "blender": environments.ensure_blender_module,
        "readers": environments.ensure_readers,
    }
    return {"folder": str(steps[options.what](options.folder, listener.say, listener.show).folder)}
