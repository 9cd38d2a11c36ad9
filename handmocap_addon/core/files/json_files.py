"""The one reader of JSON that people, other programs or a failing disk may have written. Standard library only.

A text of a hundred megabytes can spell gigabytes of empty lists, and one of brackets alone is deeper than any stack.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from ..errors import BadInputError

# The report of the longest clip that is read has some 50 MB and 8 million numbers.
MOST_BYTES: Final = 1 << 27
MOST_VALUES: Final = 12_000_000


class JsonError(BadInputError):
    """A text that cannot be read as JSON. `message` goes on a sentence that begins with its name."""

    code = "bad_json"


def read_json(path: Path, most_bytes: int = MOST_BYTES) -> Any:
    """What a file says.

    Raises:
        JsonError: no such file, not JSON, or more than that.
    """
    try:
        # A pipe or a device would be waited for.
        if not path.is_file():
            raise JsonError("is no file" if path.exists() else "is not there")
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except (OSError, ValueError) as error:
        raise JsonError(f"cannot be read ({getattr(error, 'strerror', None) or error})") from error
    if len(content) > most_bytes:
        raise JsonError(f"has more than the {most_bytes / 1e6:.0f} MB that are read of one")
    try:
        return parsed_json(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise JsonError("is no text") from error


def parsed_json(text: str) -> Any:
    """What a text says.

    Raises:
        JsonError: it is not JSON, or more than is read of one.
    """
    # Each value but the first stands behind one of these.
    if sum(map(text.count, ",[{")) > MOST_VALUES or len(text) > MOST_BYTES:
        raise JsonError("says more than is read of one")
    try:
        return json.loads(text)
    except (ValueError, RecursionError, MemoryError) as error:
        raise JsonError("is no JSON") from error
