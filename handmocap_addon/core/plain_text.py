"""Names of files whose bytes are no text, where text alone is taken. Standard library only.

Python keeps such bytes as half characters, which no UTF-8 has: Blender refuses them, and so does a file.
"""

from __future__ import annotations

import re

_LONGEST_NAME, _LONGEST_PATH = 255, 4000


def plain_text(name: str) -> str:
    r"""A name that can be shown and kept everywhere: each byte that is no text becomes `\xe9` or the like."""
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half characters of another origin
        return name.encode("utf-8", "backslashreplace").decode("utf-8")


def findable_name(path: str) -> str:
    """A path in which no name is longer than any file's: systems would call it an error to look for one that is.

    What is cut off ends with …, and is not there.
    """
    if _length(path) > _LONGEST_PATH:
        path = path[: _LONGEST_PATH // 4]
    parts = re.split(r"([/\\])", path)
    return "".join(part if _length(part) <= _LONGEST_NAME else f"{part[:60]}…" for part in parts)


def _length(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def plain_json(text: str) -> str:
    r"""JSON that is UTF-8: half characters as `\udce9`, which reads back as they were."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
