"""Reads what is kept as JSON in a .blend, which another version of this program or another program may have written."""

from __future__ import annotations

import json
from typing import Any


def json_list(text: Any) -> list[Any]:
    """The list that a text holds; an empty one where it holds something else."""
    found = _value(text)
    return found if isinstance(found, list) else []


def json_object(text: Any) -> dict[str, Any]:
    """The object that a text holds; an empty one where it holds something else."""
    found = _value(text)
    return found if isinstance(found, dict) else {}


def _value(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
