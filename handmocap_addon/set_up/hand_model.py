"""The built-in hand model: which two networks it is of, and how they are known. Standard library only."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from typing import Final

from ..core.files.zip_files import opened_zip, read_member

# Names in a MediaPipe task file, and the SHA-256 of what was reviewed.
HAND_MODEL_PARTS: Final = {
    "hand_detector.tflite": "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54",
    "hand_landmarks_detector.tflite": "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3",
}
_MOST_BYTES: Final = 64 << 20


def other_parts(parts: Mapping[str, bytes]) -> list[str]:
    """The names of those networks that lack or are not the reviewed ones."""
    found = {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()}
    return [name for name, sha256 in HAND_MODEL_PARTS.items() if found.get(name) != sha256]


def task_file(parts: Mapping[str, bytes]) -> bytes:
    """A MediaPipe task file of the two networks, which is a stored zip; the same on every system."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as task:
        for name in HAND_MODEL_PARTS:
            entry = zipfile.ZipInfo(name)
            entry.create_system = 3
            task.writestr(entry, parts[name])
    return content.getvalue()


def reviewed_task(content: bytes) -> bytes | None:
    """The task file to load: made anew of the networks in a given one, or None where these are not the reviewed ones.

    Made anew, so that what was hashed is what is loaded, however a zip may be read in two ways.
    """
    try:
        with opened_zip(content) as task:
            entries = [task.getinfo(name) for name in HAND_MODEL_PARTS]
            if sum(entry.file_size for entry in entries) > _MOST_BYTES:
                return None
            parts = {entry.filename: read_member(task, entry) for entry in entries}
    except Exception:  # A damaged zip fails in many ways.
        return None
    return task_file(parts) if not other_parts(parts) else None
