"""A large file that is loaded from the very bytes that were hashed. Standard library only.

A hash that is taken first and a load that follows are two readings, and whoever may write to the file (a hard link to it
lies in another folder, it is on a shared drive) could change it between them. Keeping the bytes of the first reading would
need memory for the whole file. So the first reading notes a digest of each block too, and every block that is read later is
compared with its own before any byte of it is given out. It costs a second hashing, at a gigabyte a second or more, and 32
bytes of memory a block; nothing is trusted to names, dates or inodes.
"""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import Any, Final

_BLOCK_BYTES: Final = 4 << 20


class ChangedFileError(OSError):
    """A block is not the one that was hashed."""


class VerifiedFile(io.RawIOBase):
    """A readable and seekable file; `sha256` is the hex digest of all of it, as it was when this was opened.

    It gives out bytes of that state or raises `ChangedFileError`, and `has_changed` tells that it did, since a library that
    reads from it may turn the exception into one of its own.
    """

    def __init__(self, path: Path) -> None:
        """Reads the file once from its beginning to its end.

        Raises:
            OSError: it cannot be read.
        """
        self._file = path.open("rb", buffering=0)
        self.has_changed = False
        self._place = 0
        self._number, self._content = -1, b""
        whole = hashlib.sha256()
        self._digests: list[bytes] = []
        self._size = 0
        while block := self._read_block():
            whole.update(block)
            self._digests.append(hashlib.sha256(block).digest())
            self._size += len(block)
        self.sha256 = whole.hexdigest()

    def _read_block(self) -> bytes:
        """The next block; shorter only at the end of the file."""
        block = bytearray(_BLOCK_BYTES)
        view, filled = memoryview(block), 0
        while filled < _BLOCK_BYTES and (count := self._file.readinto(view[filled:])):
            filled += count
        return bytes(view[:filled])

    def _block(self, number: int) -> bytes:
        if number != self._number:
            self._file.seek(number * _BLOCK_BYTES)
            block = self._read_block()
            if hashlib.sha256(block).digest() != self._digests[number]:
                self.has_changed = True
                raise ChangedFileError("the file was changed while it was loaded")
            self._number, self._content = number, block
        return self._content

    def readinto(self, buffer: Any) -> int:
        """As much as fits and is left, which a raw file need not give but loaders count on."""
        view = memoryview(buffer).cast("B")
        count = max(0, min(len(view), self._size - self._place))
        filled = 0
        while filled < count:
            number, inside = divmod(self._place, _BLOCK_BYTES)
            part = self._block(number)[inside : inside + count - filled]
            view[filled : filled + len(part)] = part
            filled += len(part)
            self._place += len(part)
        return count

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError("a place before the file's beginning")
        self._place = start + offset
        return self._place

    def tell(self) -> int:
        return self._place

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._content = b""
        if hasattr(self, "_file"):
            self._file.close()
        super().close()
