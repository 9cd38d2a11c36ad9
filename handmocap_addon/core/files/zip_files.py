"""The one way to open a zip archive that anybody may have written: npz, torch's `.pt`, MediaPipe's task files.

zipfile reads an archive's list of members into memory however long it says that it is, and a member in one piece however
much longer than it says it turns out to be. Standard library only.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, cast

# Some 100,000 members, more than the checkpoint of any network has.
_MOST_LIST_BYTES: Final = 1 << 23
# numpy and torch write no others, and the others may ask for gigabytes before they unpack anything.
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@contextmanager
def opened_zip(source: Path | bytes) -> Iterator[zipfile.ZipFile]:
    """The archive, whose list of members has been read.

    Raises:
        zipfile.BadZipFile: no zip, damaged, or its list is longer than any that is meant; of the block, whatever it raises.
        OSError: the file cannot be read.
    """
    # A pipe or a device would be waited for.
    if isinstance(source, Path) and not source.is_file():
        raise FileNotFoundError("is no file" if source.exists() else "is not there")
    with source.open("rb") if isinstance(source, Path) else io.BytesIO(source) as file:
        guarded = _Guarded(file)
        with zipfile.ZipFile(cast(IO[bytes], guarded)) as archive:
            guarded.most_bytes = None
            yield archive


@contextmanager
def opened_member(archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
    """A member for reading; whoever reads says how much, since without a number all of it is unpacked, whatever it said.

    Raises:
        zipfile.BadZipFile: it is packed in a way that is not read here, or damaged.
    """
    if item.compress_type not in _METHODS:
        raise zipfile.BadZipFile(f"{item.filename} is packed in a way that is not read here")
    with archive.open(item) as file:
        yield file


def read_member(archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> bytes:
    """What a member holds, and no more of it than the list says, which the caller has found to be little enough.

    Raises:
        zipfile.BadZipFile: as above.
    """
    with opened_member(archive, item) as file:
        content = file.read(item.file_size)
        # The checksum is looked at where the end is read.
        file.read(1)
    if len(content) != item.file_size:
        raise zipfile.BadZipFile(f"{item.filename} is cut short")
    return content


class _Guarded:
    """A file that does not read more than so much in one piece."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.most_bytes: int | None = _MOST_LIST_BYTES

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def read(self, size: int = -1) -> bytes:
        most = self.most_bytes
        if most is None:
            return self._file.read(size)
        content = self._file.read(most + 1 if size < 0 else min(size, most + 1))
        if len(content) > most:
            raise zipfile.BadZipFile("its list of members is longer than any that is meant")
        return content
