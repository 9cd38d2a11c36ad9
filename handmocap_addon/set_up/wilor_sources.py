"""`wilor_mini` from its sources: which ones were reviewed, and a wheel of these very bytes. Standard library only.

The package is on no index. The archive that its host makes of a commit is not the same to the byte for ever (the host may
compress it another way tomorrow), so the reviewed thing is not the archive but what is in it: the hash of the list of the
files of `wilor_mini/` with the hash of each. Whatever they come in, an archive, a folder, a wheel, they are read once,
compared, and laid into a wheel that is made here. Nothing is built: no `setup.py` runs, and no file beside those comes
along.

    find wilor_mini -type f | LC_ALL=C sort | xargs sha256sum | sha256sum

in the reviewed commit gives the same hash.
"""

from __future__ import annotations

import base64
import hashlib
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from ..core.errors import BadInputError

PACKAGE: Final = "wilor_mini"
_MOST_BYTES: Final = 16 << 20  # of all files together; the reviewed ones have 0.1 MB
_MOST_FILES: Final = 1000
# What a folder of sources may hold and is no source: what running them left, and weights.
_LEFT_OUT: Final = ("__pycache__", "pretrained_models")
_FIRST_DATE: Final = (1980, 1, 1, 0, 0, 0)
_PART: Final = re.compile(r"[A-Za-z0-9_][\w.-]*", re.ASCII)

Sources = Mapping[str, bytes]  # a path below the package's parent, with slashes, and what is in the file


@dataclass(frozen=True)
class ReviewedSources:
    """What is to be installed, and where it is published."""

    version: str
    sha256: str  # of the list of files, see above
    address: str


# The newest commit that was looked at, as an archive, which needs no git.
WILOR_MINI: Final = ReviewedSources(
    "1.1",
    "940b7e617aeeada2f6caa4997043c2f91a160a1df7ce0e802f9f73f1e84ddfbe",
    "https://github.com/warmshao/WiLoR-mini/archive/ebec42f94c389070cdd7dda6fd1bf0b4a659c960.zip",
)


def read_sources(place: Path) -> Sources:
    """The files of the package in a folder, a zip, a wheel or a tar archive, at its top or in a folder there.

    Raises:
        BadInputError: there is no such package in it, it is damaged, or it holds too much.
    """
    found: dict[str, bytes] = {}
    room = _MOST_BYTES
    try:
        for name, size, read in _entries(place):
            path = _path_in_package(name)
            if path is None:
                continue
            room -= size
            if room < 0 or len(found) >= _MOST_FILES:
                raise BadInputError(f"{place} holds more than a {PACKAGE} has", "give the published one")
            found[path] = read()
    except BadInputError:
        raise
    except Exception as error:  # A damaged archive fails in many ways.
        raise BadInputError(f"{place} cannot be read ({type(error).__name__}: {error})", "get it again") from error
    if f"{PACKAGE}/__init__.py" not in found:
        raise BadInputError(f"{place} holds no {PACKAGE}", f"give the folder that holds {PACKAGE}/, its archive or a wheel")
    return dict(sorted(found.items()))


def _entries(place: Path) -> Iterator[tuple[str, int, Callable[[], bytes]]]:
    """Name, size and how to read it, of each plain file."""
    if place.is_dir():
        for path in (*place.glob(f"{PACKAGE}/**/*"), *place.glob(f"*/{PACKAGE}/**/*")):
            if path.is_file():
                yield path.relative_to(place).as_posix(), path.stat().st_size, path.read_bytes
    elif zipfile.is_zipfile(place):
        with zipfile.ZipFile(place) as archive:
            for entry in archive.infolist():
                if not entry.is_dir():
                    # No more than the size that was said, whatever it unpacks to.
                    yield entry.filename, entry.file_size, partial(_read, archive.open, entry, entry.file_size)
    else:
        with tarfile.open(place) as tar:
            for member in tar:
                if member.isfile():
                    yield member.name, member.size, partial(_read, tar.extractfile, member, member.size)


def _read(open_entry: Callable[[Any], IO[bytes] | None], entry: Any, size: int) -> bytes:
    file = open_entry(entry)
    assert file is not None
    with file:
        return file.read(size)


def _path_in_package(name: str) -> str | None:
    """The path from the package on, or None for what is not of it."""
    parts = PurePosixPath(name).parts
    inside = next((parts[at:] for at in (0, 1) if parts[at : at + 1] == (PACKAGE,)), ())
    if len(inside) < 2 or set(inside) & set(_LEFT_OUT) or name.endswith(".pyc"):
        return None
    if not all(_PART.fullmatch(part) for part in inside):
        raise BadInputError(f"A file of {PACKAGE} has the name {name!r}", "give the published one")
    return "/".join(inside)


def sources_sha256(sources: Sources) -> str:
    """The hash that tells whether they are the reviewed ones."""
    lines = [f"{hashlib.sha256(content).hexdigest()}  {path}\n" for path, content in sorted(sources.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def write_wheel(sources: Sources, version: str, folder: Path) -> Path:
    """A wheel of these sources and of nothing else, the same to the byte each time.

    Raises:
        OSError: it cannot be written.
    """
    info = f"{PACKAGE}-{version}.dist-info"
    files = {
        **sources,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: handmocap\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{path},sha256={_digest(content)},{len(content)}\n" for path, content in files.items()]
    files[f"{info}/RECORD"] = "".join([*record, f"{info}/RECORD,,\n"]).encode()
    target = folder / f"{PACKAGE}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as wheel:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, _FIRST_DATE)
            entry.external_attr = 0o644 << 16
            wheel.writestr(entry, content)
    return target


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
