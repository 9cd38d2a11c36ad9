"""Reads the notes in a .blend, which another version of this program or another program may have written."""

from __future__ import annotations

import json
import math
from typing import Any


def json_list(text: Any) -> list[Any]:
    """The list that a text holds; an empty one where it holds something else."""
    found = _value(text)
    return found if isinstance(found, list) else []


def json_object(text: Any) -> dict[str, Any]:
    """The object that a text holds; an empty one where it holds something else."""
    found = _value(text)
    return found if isinstance(found, dict) else {}


def kept_numbers(values: Any) -> list[float]:
    """The finite numbers that an array holds; none where it holds something else."""
    try:
        found = [float(value) for value in values if not isinstance(value, str)]
    except (TypeError, ValueError, OverflowError):
        return []
    return found if all(map(math.isfinite, found)) else []


def _value(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
