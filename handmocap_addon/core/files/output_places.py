"""Where results go: a pattern of folders that a studio writes, and what stands in where that place cannot be written."""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..errors import BadUsageError

DEFAULT_PLACE: Final = "{clip_folder}/mocap/{clip}"
FIELDS: Final = ("clip_folder", "clip", "blend_folder", "blend", "scene")


@dataclass(frozen=True)
class OutputPlace:
    """The folder for results, None where none is known that can be written; `said` is why it is not the usual one."""

    folder: Path | None
    said: str = ""


def filled_place(pattern: str, fields: dict[str, str]) -> Path:
    """A pattern's folder.

    Raises:
        BadUsageError: the pattern has a field that is not known, or one that has no value yet, such as a file never saved.
    """
    if pattern.startswith("//"):
        # As Blender writes it.
        pattern = "{blend_folder}/" + pattern.lstrip("/")
    known = ", ".join(f"{{{name}}}" for name in FIELDS)
    try:
        wanted = [name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None]
    except ValueError as error:
        raise BadUsageError(f"The folder {pattern} cannot be filled in ({error})", f"write {known}") from error
    if any(name not in FIELDS for name in wanted):
        raise BadUsageError(f"The folder {pattern} has a field that is not known", f"write {known}")
    lacking = [name for name in wanted if not fields.get(name)]
    if lacking:
        raise BadUsageError(f"The folder {pattern} needs {{{lacking[0]}}}", "save the file first, or choose a folder")
    return Path(pattern.format(**{name: fields[name] for name in wanted}))


def output_place(usual: Path, beside_file: Path | None, can_write: Callable[[Path], bool]) -> OutputPlace:
    """The usual folder where it can be written, else one beside the saved file, else none; with the sentence for people."""
    if can_write(usual):
        return OutputPlace(usual)
    if beside_file is not None and beside_file != usual and can_write(beside_file):
        return OutputPlace(beside_file, f"{usual} cannot be written, so results go to {beside_file}")
    todo = "choose a folder for results in Source" + ("" if beside_file is not None else ", or save the file")
    return OutputPlace(None, f"{usual} cannot be written: {todo}")
