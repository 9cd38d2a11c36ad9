"""What people write into the fields for folders."""

from __future__ import annotations

import os
from pathlib import Path

import bpy

from ...core.errors import BadUsageError
from ...core.plain_text import findable_name


def chosen_folder(text: str) -> Path:
    """The folder that a field of the open file names.

    Raises:
        BadUsageError: it starts from the saved file, and there is none.
    """
    if not text.startswith("//"):
        return Path(text)
    if not bpy.data.filepath:
        raise BadUsageError(f"The folder {text} starts from the saved file", "save the file first, or choose another folder")
    # As Blender made it relative: without a look at links, and on Windows with its own dashes.
    return Path(os.path.normpath(bpy.path.abspath(text.replace("\\", "/"))))


def path_said(text: str) -> Path:
    """The path to read that a field or a file dialog says, from the saved file where it starts with two dashes."""
    return Path(findable_name(bpy.path.abspath(text)))


def without_the_file(text: str) -> str:
    """What a field that all files share must say, so that it means the same from each of them."""
    return str(chosen_folder(text)) if text.startswith("//") and bpy.data.filepath else text
