"""What baked files are called: a pattern that the user writes, with the clip, the scene and the part filled in."""

from __future__ import annotations

import re
import string
from typing import Final

from ..errors import BadUsageError

DEFAULT_PATTERN: Final = "{part}"
FIELDS: Final = ("clip", "scene", "part")
_FORBIDDEN: Final = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


def baked_name(pattern: str, *, clip: str, scene: str, part: str) -> str:
    """A file's name without its ending, `{clip}_{part}` of shot.mp4's body being `shot_body`.

    What no file system takes in the filled-in names becomes an underscore.

    Raises:
        BadUsageError: the pattern has other fields, names a folder, or lacks `{part}`, which keeps files apart.
    """
    known = ", ".join(f"{{{field}}}" for field in FIELDS)
    try:
        pieces = list(string.Formatter().parse(pattern))
    except ValueError as error:
        raise BadUsageError(f"The name {pattern} cannot be filled in ({error})", f"write {known}") from error
    fields = [field for _, field, _, _ in pieces if field is not None]
    if any(field not in FIELDS for field in fields) or any(extra for _, _, *extra in pieces if any(extra)):
        raise BadUsageError(f"The name {pattern} has a field that is not known", f"write {known}")
    if "part" not in fields:
        raise BadUsageError(f"The name {pattern} would be the same for every part", "write {part} in it")
    if _FORBIDDEN.search("".join(text for text, *_ in pieces)):
        raise BadUsageError(f"The name {pattern} has a sign that no file's name may have", "choose the folder in Bake")
    filled = {name: _FORBIDDEN.sub("_", value) for name, value in (("clip", clip), ("scene", scene), ("part", part))}
    return pattern.format(**filled).strip(" .")
