"""Saves copies of the open file, whole or not at all."""

from __future__ import annotations

import errno
import shutil
import sys
from pathlib import Path

import bpy

from ..core.errors import OutputError
from ..core.files.atomic_files import output_error, replacing
from ..core.files.temporary_folders import claim, remove_abandoned_folders

if sys.platform != "win32":
    import resource

# Blender says only that it failed; with less than this free the reason is the disk.
_NEARLY_FULL_BYTES = 32 << 20
_BLOCK_BYTES = 1 << 20


def save_copy(path: Path) -> None:
    """Save a copy of the open file; the open file keeps its own name.

    Raises:
        OutputError: it cannot be written; what was at `path` is still there.
    """
    with replacing(path) as temporary:
        write_copy(temporary, path)


def write_copy(path: Path, name: Path | None = None) -> None:
    """As `save_copy` to a place where nothing was, and without waiting for the disk: for a file that is read at once.

    `name` is the file to speak of.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, check_existing=False, compress=False)
    except RuntimeError as error:
        raise write_error(name or path, error) from error


def write_error(path: Path, error: RuntimeError) -> OutputError:
    """The sentence for a file that Blender could not write."""
    if disk_is_full(path.parent):
        return output_error(path, OSError(errno.ENOSPC, "no space"))
    if has_file_size_limit():
        return output_error(path, OSError(errno.EFBIG, "too large"))
    reason = " ".join(str(error).replace("Error:", "").split())
    return OutputError(f"Blender could not write {path} ({reason})", "choose another folder")


def cut_short(written: Path, name: Path) -> OutputError | None:
    """Why a file that its writer took for whole may not be: the disk is full, or it has come to a limit; else None.

    `name` is the file to speak of.
    """
    if disk_is_full(written.parent):
        return output_error(name, OSError(errno.ENOSPC, "no space"))
    if _is_at_its_limit(written):
        return output_error(name, OSError(errno.EFBIG, "too large"))
    return None


def _is_at_its_limit(path: Path) -> bool:
    if sys.platform == "win32":
        return False
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    try:
        # Writers lay down whole blocks.
        return limit != resource.RLIM_INFINITY and path.stat().st_size > limit - _BLOCK_BYTES
    except OSError:
        return False


def claim_session_folder() -> None:
    """Have Blender's own folder for temporary files go with the next run if this background process is killed.

    Folders of earlier ones that were killed go now. A window's folder may hold what a person does: that is Blender's matter.
    """
    folder = Path(bpy.app.tempdir)
    remove_abandoned_folders(folder.parent)
    if bpy.app.background:
        claim(folder)


def remove_session_folder() -> None:
    """Remove Blender's own folder for temporary files, for a process that leaves without Blender's own way out."""
    folder = Path(bpy.app.tempdir)
    # Where it could not be made, this is the system's folder.
    if folder.name.startswith("blender_"):
        shutil.rmtree(folder, ignore_errors=True)


def has_file_size_limit() -> bool:
    """Whether the shell or the farm lets files grow only so far, of which Blender says nothing."""
    if sys.platform == "win32":
        return False
    return resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY


def disk_is_full(folder: Path) -> bool:
    """Whether so little is free that a failed write is the disk's fault."""
    try:
        return shutil.disk_usage(folder).free < _NEARLY_FULL_BYTES
    except OSError:
        return False
