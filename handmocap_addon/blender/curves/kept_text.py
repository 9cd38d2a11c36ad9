"""Reads the notes in a .blend, which another version of this program or another program may have written.

What makes no sense is as if it were not there, and a line in the log says so, once.
"""

from __future__ import annotations

import functools
import logging
import math
from typing import Any, Final

from ...core.files.json_files import JsonError, parsed_json

LOG: Final = logging.getLogger("handmocap")
# Blender's own last frame on either side.
MOST_FRAME: Final = 1_048_574
_MOST_TEXT: Final = 1 << 24
_MOST_NUMBERS: Final = 10_000


def ignored(name: str) -> None:
    """Say that what an entry of a .blend holds is not taken."""
    _say(f"What the file keeps as {name} makes no sense and is ignored")


@functools.lru_cache(maxsize=64)
def _say(sentence: str) -> None:
    LOG.warning(sentence)


def json_list(text: Any, name: str) -> list[Any]:
    """The list that a text holds; an empty one where it holds something else."""
    found = _value(text, name)
    if isinstance(found, list):
        return found
    if found is not None:
        ignored(name)
    return []


def json_object(text: Any, name: str) -> dict[str, Any]:
    """The object that a text holds; an empty one where it holds something else."""
    found = _value(text, name)
    if isinstance(found, dict):
        return found
    if found is not None:
        ignored(name)
    return {}


def kept_numbers(values: Any, name: str) -> list[float]:
    """The finite numbers that an array holds; none where it holds something else."""
    if values is None:
        return []
    try:
        if len(values) > _MOST_NUMBERS or any(isinstance(value, str) for value in values):
            raise ValueError(name)
        found = [float(value) for value in values]
        if not all(map(math.isfinite, found)):
            raise ValueError(name)
    except (TypeError, ValueError, OverflowError):
        ignored(name)
        return []
    return found


def kept_text(holder: Any, name: str, otherwise: str) -> str:
    """A text that an object keeps, or another."""
    found = holder.get(name)
    if isinstance(found, str):
        return found
    if found is not None:
        ignored(name)
    return otherwise


def _value(text: Any, name: str) -> Any:
    if text is None:
        return None
    try:
        if not isinstance(text, str) or len(text) > _MOST_TEXT:
            raise JsonError("is no text")
        return parsed_json(text)
    except JsonError:
        ignored(name)
        return None
