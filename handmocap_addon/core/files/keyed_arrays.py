"""Arrays in a file that is trusted only when it is whole and was made for the same purpose."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .atomic_files import replacing
from .npz_files import NpzError, read_npz

Array = NDArray[Any]
_DIGEST_LENGTH = hashlib.sha256().digest_size


def write_keyed_arrays(path: Path, key: str, arrays: Mapping[str, Array]) -> None:
    """Write arrays in one step; `key` says what they were made from.

    Raises:
        OutputError: the place cannot be written.
    """
    content = io.BytesIO()
    named: dict[str, Any] = dict(arrays)
    np.savez(content, **named)
    with replacing(path) as temporary:
        temporary.write_bytes(_digest(key, content.getvalue()) + content.getvalue())


def read_keyed_arrays(path: Path, key: str) -> dict[str, Array] | None:
    """The arrays of a file, or None where there is none, it is damaged, or was written with another key."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, content = content[:_DIGEST_LENGTH], content[_DIGEST_LENGTH:]
    if digest != _digest(key, content):
        return None
    try:
        return read_npz(content)
    except NpzError:
        return None


def _digest(key: str, content: bytes) -> bytes:
    return hashlib.sha256(key.encode() + b"\0" + content).digest()
