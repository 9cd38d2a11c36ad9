"""The child's side of `scene_copy_job`: reads the order, speaks the job protocol, and ends when its parent does."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from ...core.errors import ExitCode, HandmocapError, OutOfMemoryError
from ...core.files.atomic_files import output_error, remove_temporaries_of
from ...core.files.json_dataclasses import from_json
from ...core.files.json_files import read_json
from ...core.job_protocol import EventKind, JobEvent, Progress
from ...core.process.memory_shortage import as_memory_error
from ...core.process.streams import protocol_stdout
from ..jobs.scene_copy_order import SceneCopyOrder

Work = Callable[[SceneCopyOrder, Callable[[Progress], None]], dict[str, Any]]


def run_order(works: dict[str, Work]) -> int:
    """Do the order that the command line names last, and return the exit code.

    The order's `command` chooses the work, which returns the result's content.
    """
    order = from_json(SceneCopyOrder, read_json(Path(sys.argv[sys.argv.index("--") + 1])))
    threading.Thread(target=_end_with_parent, args=(order,), daemon=True).start()
    with protocol_stdout() as stdout:
        return _done(order, works[order.command], stdout)


def _done(order: SceneCopyOrder, work: Work, stdout: TextIO) -> int:
    def emit(kind: EventKind, **data: Any) -> None:
        print(JobEvent(kind, data).line(), file=stdout, flush=True)

    command = order.command
    emit("started", command=command, pid=os.getpid())
    try:
        try:
            with as_memory_error():
                result = work(order, lambda progress: emit("progress", **vars(progress)))
        except MemoryError as error:
            raise OutOfMemoryError from error
        except OSError as error:
            raise output_error(Path(str(error.filename or order.folder)), error) from error
    except HandmocapError as error:
        emit("error", code=error.code, message=error.message, hint=error.hint)
        return int(error.exit_code)
    except Exception as error:  # The border of the process.
        traceback.print_exc()
        emit("error", code="failed", message=f"The {command} failed ({type(error).__name__}: {error})", hint="see the log")
        return int(ExitCode.FAILED)
    emit("result", **result)
    return int(ExitCode.DONE)


def _end_with_parent(order: SceneCopyOrder) -> None:
    """The parent closes our stdin when it cancels or dies; Blender's exporters cannot be interrupted otherwise.

    A parent that has died does not remove half a file, nor the folder with the copy of its scene and with Blender's own
    temporary files.
    """
    while sys.stdin.readline():
        pass
    for folder in {target.parent for target in order.targets}:
        remove_temporaries_of(os.getpid(), folder)
    shutil.rmtree(order.folder, ignore_errors=True)
    os._exit(int(ExitCode.CANCELLED))
