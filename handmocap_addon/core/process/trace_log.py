"""The trace of a failure that nobody foresaw, for a log: people get a sentence that names the log. Standard library only."""

from __future__ import annotations

import os
import tempfile
import traceback
from pathlib import Path

from ..files.temporary_folders import TRACE_FOLDER


def write_trace(program: str, folder: Path | None = None) -> Path | None:
    """Write the trace of the failure that is being handled, and return where; None where no place can be written.

    Args:
        program: what failed, for the log's name.
        folder: where logs of this run are, if it has such.
    """
    for place in (folder, _lasting_folder()):
        if place is None:
            continue
        try:
            place.mkdir(parents=True, exist_ok=True)
            # A name that nobody else has, since all may write in the system's own place.
            number, name = tempfile.mkstemp(prefix=f"{program}-", suffix=".log", dir=place)
            with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(traceback.format_exc())
            return Path(name)
        except OSError:
            continue
    return None


def _lasting_folder() -> Path | None:
    """The system's own place, since that of this run goes with it; None where there is none."""
    try:
        return Path(os.environ.get(TRACE_FOLDER) or tempfile.gettempdir())
    except OSError:
        return None
