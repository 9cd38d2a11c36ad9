"""The note in a finished folder that says which versions it was made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..core.files.atomic_files import replacing
from ..core.files.json_files import JsonError, read_json

STAMP_NAME: Final = "handmocap-environment.json"
_MOST_BYTES: Final = 1 << 20


def pins_hash(pins: Sequence[Path], *others: str) -> str:
    """What a folder is made of: its lists of packages, and words for what no list holds."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in pins) + "\n".join(others).encode()).hexdigest()


def stamp_of(folder: Path, name: str = STAMP_NAME) -> str | None:
    """What was written last, or None for a folder that is not finished."""
    try:
        return str(read_json(folder / name, _MOST_BYTES)["pins"])
    except (JsonError, KeyError, TypeError, IndexError):
        return None


def made_of(folder: Path) -> str:
    """What was noted besides, or "" where nothing was."""
    try:
        return str(read_json(folder / STAMP_NAME, _MOST_BYTES)["made_of"])
    except (JsonError, KeyError, TypeError, IndexError):
        return ""


def write_stamp(folder: Path, pins: str, name: str = STAMP_NAME, made_of: str = "") -> None:
    with replacing(folder / name) as temporary:
        temporary.write_text(json.dumps({"pins": pins, **({"made_of": made_of} if made_of else {})}), encoding="utf-8")
