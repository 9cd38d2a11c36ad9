"""Runs inside a background Blender or the `bpy` module: exports, reads back, compares, and only then puts the file in place.

Usage: `blender --background --python bake_job.py -- request.json`, or `python bake_job.py -- request.json`.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
import traceback
from pathlib import Path
from typing import Any


def _end_with_parent(order: dict[str, Any]) -> None:
    """The parent closes our stdin when it cancels or dies; Blender's exporters cannot be interrupted otherwise.

    A parent that has died does not remove half a file, nor the folder with the copy of its scene and with Blender's own
    temporary files.
    """
    from handmocap_addon.core.errors import ExitCode
    from handmocap_addon.core.files.atomic_files import remove_temporaries_of

    while sys.stdin.readline():
        pass
    for folder in {Path(target).parent for target in order["targets"]}:
        remove_temporaries_of(os.getpid(), folder)
    shutil.rmtree(order["folder"], ignore_errors=True)
    os._exit(int(ExitCode.CANCELLED))


def main() -> int:
    """Bake the request and return the exit code."""
    from handmocap_addon.blender.background.bake.work import bake_request
    from handmocap_addon.core.errors import ExitCode, HandmocapError
    from handmocap_addon.core.files.json_files import read_json
    from handmocap_addon.core.job_protocol import JobEvent

    def emit(kind, **data) -> None:  # type: ignore[no-untyped-def]
        print(JobEvent(kind, data).line(), flush=True)

    order = read_json(Path(sys.argv[sys.argv.index("--") + 1]))
    threading.Thread(target=_end_with_parent, args=(order,), daemon=True).start()
    emit("started", command="bake", pid=os.getpid())
    try:
        files = bake_request(order, lambda progress: emit("progress", **vars(progress)))
    except HandmocapError as error:
        emit("error", code=error.code, message=error.message, hint=error.hint)
        return int(error.exit_code)
    except Exception as error:  # The border of the process.
        traceback.print_exc()
        emit("error", code="failed", message=f"The bake failed ({type(error).__name__}: {error})", hint="see the log")
        return int(ExitCode.FAILED)
    emit("result", files=files)
    return int(ExitCode.DONE)


if __name__ == "__main__":
    package = Path(__file__).resolve().parents[2]
    sys.path.insert(0, str(package))
    sys.dont_write_bytecode = True  # as `python_command`
    from load_package import load_package  # type: ignore[import-not-found]

    sys.path.pop(0)
    load_package(package)
    code = main()
    sys.stdout.flush()
    # Blender's own exit code ignores what a script returns.
    os._exit(code)
