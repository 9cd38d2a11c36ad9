"""What doctor says, line by line. Standard library only."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from ..core.audience import way_out
from ..core.errors import OutputError
from ..core.files.atomic_files import check_output_folder

# Both environments with what pip unpacks meanwhile.
_SET_UP_BYTES = 4_000_000_000


@dataclass(frozen=True)
class DoctorLine:
    """One thing that was looked at. `advice` is empty where it is well; `needed` says whether anything stops without it."""

    subject: str
    found: str
    advice: str = ""
    needed: bool = True

    def text(self) -> str:
        return f"{self.subject}: {self.found}{f' - {self.advice}' if self.advice else ''}"


def _where() -> str:
    return way_out("under Environments in the preferences", "with --env")


def examine_folder(folder: Path, is_set_up: bool) -> list[DoctorLine]:
    """Whether environments can be made in a folder, which need not be there; makes nothing."""
    try:
        check_output_folder(folder)
    except OutputError as error:
        return [
            DoctorLine("environments", error.message, f"choose a folder that you may write to {_where()}", not is_set_up)
        ]
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(nearest).free
    lacks = free < _SET_UP_BYTES and not is_set_up
    advice = f"the set-up needs {_SET_UP_BYTES / 1e9:.0f} GB: free some space, or choose another disk {_where()}"
    return [
        DoctorLine("environments", f"{folder}, which may be written"),
        DoctorLine("free disk", f"{free / 1e9:.1f} GB", advice if lacks else ""),
    ]
