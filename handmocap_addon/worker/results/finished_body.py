"""A body's motion that is there already, and how it is known to be what would come out again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ...core.body.body_motion_file import StoredBody, read_body_motion, stored_arrays
from ...core.errors import BodyMotionFileError
from ...core.files.damaged_files import aside_of
from .fingerprint import fingerprint

_SEAL = "seal"
_NOT_SEALED = (_SEAL, "schema_version")


def sealed_body(body: StoredBody) -> StoredBody:
    """With a digest of all of it in its notes, by which a file that was changed since is known."""
    return replace(body, meta=body.meta | {_SEAL: _seal(body, body.arrays())})


def body_finished_before(target: Path, made_from: str) -> StoredBody | None:
    """What a target holds, if it was made from the same by the same program and is as it was then."""
    try:
        body = read_body_motion(target)
        is_as_it_was = body.meta.get(_SEAL) == _seal(body, stored_arrays(target))
    except BodyMotionFileError:
        return None
    return body if is_as_it_was and body.meta.get("fingerprint") == made_from else None


def place_body_aside(target: Path) -> Path | None:
    """Where a file goes that stands at a target and cannot be read, so that nothing in it is lost; None where it can be."""
    try:
        read_body_motion(target)
    except BodyMotionFileError:
        if target.is_file():
            return aside_of(target)
    return None


def _seal(body: StoredBody, arrays: dict[str, Any]) -> str:
    notes = {key: value for key, value in body.meta.items() if key not in _NOT_SEALED}
    return fingerprint([arrays[key] for key in sorted(arrays)], notes, list(body.motion.warnings))
