"""Temporary folders that go with the process that made them, or with the next run where it was killed.

Each holds a file that its owner keeps locked, and the system frees a lock however a process ends: by SIGKILL, by a crash, by
the memory's end. So a later run can tell what is left over from what is in use, whatever numbers processes have by then.
Standard library only.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ..errors import OutputError
from .atomic_files import output_error, this_machine
from .file_locks import try_to_lock

# Set for everything that is started within a place of our own: where a trace goes, which is to outlive that place.
TRACE_FOLDER: Final = "HANDMOCAP_TRACE_FOLDER"
_PLACES: Final = ("TMPDIR", "TEMP", "TMP")
_OWNER: Final = ".handmocap-owner"
_OF_BLENDER: Final = re.compile(r"blender_[A-Za-z0-9]{6}")
_ATTEMPTS: Final = 10


class TemporaryFolder:
    """A new folder of this process's own where the system keeps such; what killed runs left there goes."""

    def __init__(self) -> None:
        """Make it.

        Raises:
            OutputError: it cannot be made.
        """
        try:
            place = Path(tempfile.gettempdir())
        except OSError as error:  # no place at all, as on a full disk
            raise output_error(Path(os.environ.get("TMPDIR", "the folder for temporary files")), error) from error
        remove_abandoned_folders(place)
        try:
            self.path, self._lock = _owned_folder(place)
        except OSError as error:
            raise output_error(place, error) from error

    def variables(self) -> dict[str, str]:
        """For a child, so that it and all that it starts make their temporary files in here."""
        kept = {TRACE_FOLDER: os.environ.get(TRACE_FOLDER) or str(self.path.parent)}
        return {**dict.fromkeys(_PLACES, str(self.path)), **kept}

    def remove(self) -> None:
        """Remove it with all that lies in it; harmless where that has happened."""
        if self._lock is not None:
            # Windows removes no file that is open.
            os.close(self._lock)
            self._lock = None
        _remove(self.path)

    def __enter__(self) -> TemporaryFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


@contextlib.contextmanager
def temporary_files_in_one_place() -> Iterator[None]:
    """What this process and its children make for a while lies in one folder of ours, and goes with it.

    Where no such folder can be made all goes on without: whoever needs one says so.
    """
    try:
        folder = TemporaryFolder()
    except OutputError:
        yield
        return
    before = {name: os.environ.get(name) for name in folder.variables()}, tempfile.tempdir
    try:
        os.environ.update(folder.variables())
        tempfile.tempdir = None  # it has been found already, outside
        yield
    finally:
        for name, value in before[0].items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        tempfile.tempdir = before[1]
        outside = folder.path.parent
        folder.remove()
        # Of a run that was killed a moment ago, children may have gone on until now.
        remove_abandoned_folders(outside)


def claim(folder: Path) -> None:
    """Say that a folder of Blender's goes with this process, to the next run if this one is killed.

    On Windows, which keeps folders with open files, and on drives without locks nothing is said.
    """
    if sys.platform == "win32" or _OF_BLENDER.fullmatch(folder.name) is None or (folder / _OWNER).exists():
        return
    new = folder / f"{_OWNER}-{secrets.token_hex(4)}"
    with contextlib.suppress(OSError):
        # Under its name it is locked from the first moment on. It stays open until the process ends.
        lock = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            os.write(lock, this_machine().encode())
            if try_to_lock(lock):
                new.rename(folder / _OWNER)
        except OSError:
            os.close(lock)
            new.unlink()


def remove_abandoned_folders(place: Path | None = None) -> None:
    """Remove what killed processes left in a folder for temporary files: their own folders, and those of their Blenders.

    Without a `place` that is the system's.
    Nothing is followed or touched that has another name, is a link, belongs to another user, or comes from another machine,
    whose locks may not be seen here.
    """
    own = re.compile(rf"handmocap-{this_machine()}-[a-z0-9_]{{8}}")
    with contextlib.suppress(OSError), os.scandir(place or tempfile.gettempdir()) as entries:
        for entry in entries:
            is_own = own.fullmatch(entry.name) is not None
            if not is_own and _OF_BLENDER.fullmatch(entry.name) is None:
                continue
            with contextlib.suppress(OSError):
                if _is_a_folder_of_this_user(Path(entry.path)):
                    _remove_if_abandoned(Path(entry.path), is_own)


def _owned_folder(place: Path) -> tuple[Path, int | None]:
    """A new folder and the lock on its owner's file; None for the lock on a drive that knows none.

    Raises:
        OSError: it cannot be made.
    """
    for _ in range(_ATTEMPTS):
        folder = Path(tempfile.mkdtemp(prefix=f"handmocap-{this_machine()}-", dir=place))
        with contextlib.suppress(FileNotFoundError):  # taken for a left one before it was claimed, by another run
            lock = os.open(folder / _OWNER, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
            try:
                is_ours = try_to_lock(lock)
            except OSError:
                os.close(lock)
                return folder, None
            if is_ours and _is_still(folder / _OWNER, lock):
                return folder, lock
            os.close(lock)
    raise OSError(errno.EBUSY, "other runs take its new folders away")


def _is_still(path: Path, number: int) -> bool:
    """Whether an open file is the one that lies at a path."""
    try:
        there, opened = path.stat(follow_symlinks=False), os.fstat(number)
    except OSError:
        return False
    return (there.st_dev, there.st_ino) == (opened.st_dev, opened.st_ino)


def _is_a_folder_of_this_user(path: Path) -> bool:
    state = path.stat(follow_symlinks=False)
    return stat.S_ISDIR(state.st_mode) and (sys.platform == "win32" or state.st_uid == os.geteuid())


def _remove_if_abandoned(folder: Path, is_own: bool) -> None:
    """`is_own` tells a folder of ours, whose owner's file comes first and goes last, from one of Blender's."""
    names = {path.name for path in folder.iterdir()}
    if _OWNER not in names:
        if is_own and names:
            _remove(folder)  # its removal was cut short
        elif is_own:
            folder.rmdir()  # its maker, if it lives, makes another
        return
    lock = os.open(folder / _OWNER, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    try:
        is_abandoned = try_to_lock(lock)
        if is_abandoned and not is_own:
            is_abandoned = os.read(lock, 64).decode("ascii", "replace") == this_machine()
    finally:
        if sys.platform == "win32":
            os.close(lock)
    try:
        if is_abandoned:
            _remove(folder)
    finally:
        if sys.platform != "win32":
            os.close(lock)


def _remove(folder: Path) -> None:
    """The owner's file last: as long as anything lies in the folder it can be told whose it is."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != _OWNER:
                with contextlib.suppress(OSError):
                    path.unlink()
    with contextlib.suppress(OSError):
        (folder / _OWNER).unlink()
    with contextlib.suppress(OSError):
        folder.rmdir()
