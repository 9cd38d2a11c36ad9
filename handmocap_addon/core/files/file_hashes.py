"""SHA-256 of large files, remembered by size and time of change, so that a look at them takes no seconds."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

from ..errors import OutputError
from .atomic_files import write_json
from .json_files import JsonError, read_json

_BLOCK_BYTES: Final = 1 << 22
_MOST_BYTES: Final = 1 << 24  # of the notes


def blocks_of(file: IO[bytes]) -> Iterator[bytes]:
    """What is left of a file, so much at a time as memory is no matter."""
    while block := file.read(_BLOCK_BYTES):
        yield block


def sha256_of(path: Path, on_bytes: Callable[[int], None] = lambda _count: None) -> str:
    """Hex digest of a file, read in blocks."""
    digest, there = hashlib.sha256(), 0
    with path.open("rb") as file:
        for block in blocks_of(file):
            digest.update(block)
            there += len(block)
            on_bytes(there)
    return digest.hexdigest()


class HashMemory:
    """Digests that were computed before. Only for what is shown: what is about to be loaded is read anew."""

    def __init__(self, path: Path) -> None:
        """`path` is a JSON file, which need not be there."""
        self._path = path
        try:
            known = read_json(path, _MOST_BYTES)
        except JsonError:
            known = None
        self._known = known if isinstance(known, dict) else {}

    def sha256_of(self, path: Path) -> str:
        """The digest of a file as it is now."""
        state = path.stat()
        mark = [state.st_size, state.st_mtime_ns]
        known = self._known.get(str(path))
        if isinstance(known, dict) and known.get("mark") == mark:
            return str(known.get("sha256"))
        digest = sha256_of(path)
        self._known[str(path)] = {"mark": mark, "sha256": digest}
        # Without a place to remember it, it is computed again next time.
        with contextlib.suppress(OutputError):
            if self._path.parent.is_dir():
                write_json(self._path, self._known)
        return digest
