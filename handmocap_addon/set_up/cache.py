"""What set-ups have put into the environments' folder: how much it is, and how it goes. Standard library only."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ..core.files.atomic_files import output_error
from .installers import DOWNLOADS
from .lock import locked
from .reporting import Say
from .stamps import STAMP_NAME
from .uv import TOOLS
from .wilor_files import OWN_FOLDER
from .wilor_weights import HASHES_NAME

# A part, and what it has in the folder. Anything else there is somebody else's; consents and logs are small and stay.
PARTS: Final = {
    "worker": ("worker-python*", "stand-in", TOOLS, DOWNLOADS),
    "blender": ("blender-python*",),
    "readers": ("readers-python*",),
    "wilor": ("wilor-python*", OWN_FOLDER, HASHES_NAME),
}


def places_of(folder: Path, part: str) -> list[Path]:
    """What is there of a part. Links are left out: what they lead to was put there by a person."""
    found = (place for pattern in PARTS[part] for place in sorted(folder.glob(pattern)))
    return [place for place in found if not place.is_symlink() and _is_ours(place)]


def _is_ours(place: Path) -> bool:
    """A folder that is merely called like an environment has neither our note nor that of venv."""
    return "-python" not in place.name or (place / STAMP_NAME).is_file() or (place / "pyvenv.cfg").is_file()


def sizes(folder: Path) -> dict[str, int]:
    """Bytes of each part."""
    return {part: sum(map(_bytes_of, places_of(folder, part))) for part in PARTS}


def clear(folder: Path, parts: Iterable[str], say: Say) -> int:
    """Remove parts and return the bytes of what went. Whatever is under way in the folder is waited for.

    Raises:
        OutputError: something cannot be removed.
    """
    if not folder.is_dir():
        return 0
    freed = 0
    with locked(folder, say):
        for place in [place for part in parts for place in places_of(folder, part)]:
            say(f"Removing {place.name}")
            size = _bytes_of(place)
            try:
                # First what says that it is finished: half an environment is then none.
                (place / STAMP_NAME).unlink(missing_ok=True) if place.is_dir() else place.unlink()
                if place.is_dir():
                    shutil.rmtree(place)
            except OSError as error:
                raise output_error(place, error) from error
            freed += size
    return freed


def _bytes_of(place: Path) -> int:
    if not place.is_dir():
        return place.lstat().st_size
    total = 0
    for folder, _, names in os.walk(place):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118 - a hundred thousand of them
            except OSError:
                continue  # gone meanwhile
    return total
