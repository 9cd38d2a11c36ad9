"""A GVHMR result that this program had made, beside a record of what it was made from.

A result is taken again only where its record says the same clip, options and program, and where the file is to the byte as
it was then: a half of one, which a killed run leaves, is none, and a person's own result has no record.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ..files.atomic_files import replacing, write_json
from ..files.file_hashes import sha256_of
from ..files.json_files import JsonError, read_json
from .gvhmr_file import CLIP_NAME, RESULT_NAME

RECORD_NAME: Final = "gvhmr_run.json"
_VERSION: Final = 1


def made_from(clip: Path, options: Mapping[str, Any], program: str) -> dict[str, Any]:
    """What a result depends on: the clip's bytes, the options, and GVHMR itself."""
    return {"version": _VERSION, "clip": sha256_of(clip), "options": dict(options), "program": program}


def is_result_of(folder: Path, wanted: Mapping[str, Any]) -> bool:
    """Whether a folder has the whole result of exactly that."""
    record = _record(folder)
    return record is not None and record.get("made_from") == wanted and _is_as_it_was(folder, record)


def is_own_result(folder: Path) -> bool:
    """Whether the result in a folder is one that this program had made, and not a person's."""
    record = _record(folder)
    return record is not None and _is_as_it_was(folder, record)


def has_record(folder: Path) -> bool:
    """Whether a run of GVHMR left its record in a folder. A look that takes no time, for what is drawn."""
    return (folder / RECORD_NAME).is_file()


def keep_result(made: Path, folder: Path, wanted: Mapping[str, Any], notes: Mapping[str, Any]) -> None:
    """Move a whole result and GVHMR's copy of the clip into a folder, the record last.

    Raises:
        OutputError: it cannot be written.
    """
    copy = made.parent / CLIP_NAME
    # A link leads to the clip itself, which nobody needs twice.
    if copy.is_file() and not copy.is_symlink():
        _move(copy, folder / CLIP_NAME)
    digest = sha256_of(made)
    _move(made, folder / RESULT_NAME)
    write_json(folder / RECORD_NAME, {"made_from": dict(wanted), "sha256": digest, **notes})


def _record(folder: Path) -> dict[str, Any] | None:
    try:
        record = read_json(folder / RECORD_NAME)
    except JsonError:
        return None
    return record if isinstance(record, dict) else None


def _is_as_it_was(folder: Path, record: Mapping[str, Any]) -> bool:
    try:
        return record.get("sha256") == sha256_of(folder / RESULT_NAME)
    except OSError:
        return False


def _move(source: Path, target: Path) -> None:
    with replacing(target) as temporary, source.open("rb") as file, temporary.open("wb") as out:
        while block := file.read(1 << 22):
            out.write(block)
