"""Removes compiled code that is not whole: `python whole_code.py FOLDER`. Standard library only.

Where a disk fills or files may be no larger, Python and uv put down half of a compiled file without a word, and Python can
never load that module again. Without its compiled code it is loaded from its source.
"""

from __future__ import annotations

import importlib.util
import marshal
import sys
from pathlib import Path
from types import CodeType

_HEADER_BYTES = 16


def is_whole(content: bytes) -> bool:
    """Whether Python can load a compiled file; what it passes over by itself, such as another version's, counts as whole."""
    if content[:4] != importlib.util.MAGIC_NUMBER or len(content) < _HEADER_BYTES:
        return True
    try:
        return isinstance(marshal.loads(content[_HEADER_BYTES:]), CodeType)
    except (EOFError, ValueError, TypeError):
        return False


def main(folder: Path) -> int:
    """Look at all of a folder, and return how many were removed."""
    halves = [path for path in folder.rglob("*.pyc") if path.is_file() and not is_whole(path.read_bytes())]
    for path in halves:
        path.unlink()
    return len(halves)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
