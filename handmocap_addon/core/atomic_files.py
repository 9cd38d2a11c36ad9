"""Files that are either whole or not there. Standard library only."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import OutputError


def output_error(path: Path, error: OSError) -> OutputError:
    """The sentence for a place that cannot be written."""
    if error.errno == errno.ENOSPC:
        return OutputError(f"The disk is full at {path}", "free some space and run it again; nothing earlier was lost")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return OutputError(f"{path} cannot be written", "choose a folder that you may write to")
    return OutputError(f"{path} cannot be written ({error.strerror or error})", "choose another folder")


def ensure_output_folder(folder: Path) -> None:
    """Make the folder and prove that it can be written, before any long work.

    Raises:
        OutputError: it cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".handmocap-", suffix=".probe") as probe:
            probe.write(b"\0" * 4096)
            probe.flush()
    except OSError as error:
        raise output_error(folder, error) from error


def check_output_folder(folder: Path) -> None:
    """As `ensure_output_folder`, but make nothing.

    Raises:
        OutputError: it could not be made or written.
    """
    nearest = folder.absolute()
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    try:
        ensure_output_folder(nearest)
    except OutputError as error:
        raise OutputError(error.message.replace(str(nearest), str(folder), 1), error.hint) from error


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a temporary path beside `path`, which takes its place when the block ends well and is removed when it fails.

    The temporary name keeps the suffix, since exporters choose the format by it.

    Raises:
        OutputError: the place cannot be written.
    """
    temporary = path.with_name(f"{_temporary_prefix(os.getpid())}{path.stem}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        raise output_error(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _temporary_prefix(process_id: int) -> str:
    return f".handmocap-{process_id}-"


def remove_temporaries_of(process_id: int, folder: Path) -> None:
    """Remove what a process that was ended in the middle of its work left in a folder."""
    for leftover in folder.glob(f"{_temporary_prefix(process_id)}*"):
        with contextlib.suppress(OSError):
            leftover.unlink()


def write_json(path: Path, value: Any) -> None:
    """Write indented JSON in one step, with a list of numbers on one line."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    # A newline in JSON stands between values, never within a string.
    text = re.sub(r"\[\n[-+.\deE\s,nul]*\]", lambda numbers: "".join(numbers[0].split()).replace(",", ", "), text)
    with replacing(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def check_free_space(folder: Path, needed_bytes: int) -> None:
    """Refuse work whose result would not fit.

    Raises:
        OutputError: less than `needed_bytes` is free.
    """
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise output_error(folder, error) from error
    if free < needed_bytes:
        raise OutputError(
            f"{folder} has {free / 1e6:.0f} MB free and {needed_bytes / 1e6:.0f} MB are needed", "free some space"
        )
