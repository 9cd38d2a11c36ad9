"""Files that are either whole or not there. Standard library only."""

from __future__ import annotations

import contextlib
import errno
import glob
import json
import os
import platform
import re
import secrets
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import OutputError
from ..plain_text import plain_json


def output_error(path: Path, error: OSError) -> OutputError:
    """The sentence for a place that cannot be written."""
    if error.errno == errno.ENOSPC:
        return OutputError(f"The disk is full at {path}", "free some space and run it again; nothing earlier was lost")
    if error.errno == errno.EFBIG:
        return OutputError(
            f"{path} would be larger than a file may be here",
            "raise the limit of the shell or the farm (ulimit -f unlimited), or choose a drive that takes large files",
        )
    if error.errno == getattr(errno, "EDQUOT", None):
        return OutputError(f"Your share of the disk at {path} is used up", "free some space of your own and run it again")
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
        # Without a name where the system can: nothing is left of it in a process that is killed right now.
        with tempfile.TemporaryFile(dir=folder, prefix=".handmocap-", suffix=".probe") as probe:
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

    The temporary name keeps the suffix, since exporters choose the format by it. What processes that were killed have left
    of the same file goes as well.

    Raises:
        OutputError: the place cannot be written.
    """
    # The random part keeps apart what two threads write, and nobody can lay a link there beforehand.
    writer = f"{_temporary_prefix(os.getpid())}{_start_of(os.getpid())}-{secrets.token_hex(4)}"
    temporary = path.with_name(f"{writer}-{path.stem}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(path)
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        raise output_error(path, error) from error
    except OutputError as error:
        # Whoever wrote it knows of no other name.
        raise OutputError(error.message.replace(str(temporary), str(path)), error.hint) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _temporary_prefix(process_id: int) -> str:
    return f".handmocap-{this_machine()}-{process_id}-"


def this_machine() -> str:
    """Process numbers mean nothing on another machine or in another container, which may see the same folder."""
    try:
        numbers_of = str(Path("/proc/self/ns/pid").readlink())  # containers of a farm often share a machine's name
    except OSError:
        numbers_of = ""
    return f"{zlib.crc32((platform.node() + numbers_of).encode()):08x}"


def _remove_abandoned(path: Path) -> None:
    """Remove the temporary files of `path` whose processes are no more."""
    pattern = re.compile(rf"\.handmocap-{this_machine()}-(\d+)-(\d+)-[0-9a-f]{{8}}-")
    # Blender writes a scene under the name with an @ behind it first.
    for leftover in path.parent.glob(f".handmocap-*-{glob.escape(path.stem)}.part{glob.escape(path.suffix)}*"):
        writer = pattern.match(leftover.name)
        if writer is not None and not _is_running(int(writer[1]), int(writer[2])):
            with contextlib.suppress(OSError):
                leftover.unlink()


def _is_running(process_id: int, start: int) -> bool:
    if sys.platform == "win32":
        # There a signal of 0 ends a process; but a file that somebody still writes cannot be removed there anyway.
        return process_id == os.getpid()
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return _start_of(process_id) == start


def _start_of(process_id: int) -> int:
    """When a process started, in the system's ticks, which tells it from a later one of its number; 0 where unknown."""
    try:
        # What comes after the name, which may hold anything, begins with the third field.
        fields = Path(f"/proc/{process_id}/stat").read_bytes().rpartition(b")")[2].split()
        return int(fields[19])
    except (OSError, ValueError, IndexError):
        return 0


def remove_temporaries_of(process_id: int, folder: Path) -> None:
    """Remove what a process that was ended in the middle of its work left in a folder."""
    for leftover in folder.glob(f"{_temporary_prefix(process_id)}*"):
        with contextlib.suppress(OSError):
            leftover.unlink()


def write_json(path: Path, value: Any) -> None:
    """Write indented JSON in one step, with a list of numbers on one line."""
    text = plain_json(json.dumps(value, indent=2, ensure_ascii=False))
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
