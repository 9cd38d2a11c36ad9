"""PC2 point caches, which Blender's Mesh Cache modifier and other programs read: positions of a mesh, sample after sample.

Layout (little endian): "POINTCACHE2", a zero byte, int32 version 1, int32 vertices, float32 first frame, float32 frames
from sample to sample, int32 samples; then float32 xyz of every vertex of every sample.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..errors import PointCacheError
from .model import Array

_HEADER = struct.Struct("<12siiffi")
_SIGNATURE = b"POINTCACHE2\0"
_VERSION = 1
BYTES_PER_POINT = 12


def point_cache_bytes(vertex_count: int, sample_count: int) -> int:
    """The size of a cache."""
    return _HEADER.size + vertex_count * sample_count * BYTES_PER_POINT


class PointCacheWriter:
    """Appends samples to an open cache, whose header says how many there will be."""

    def __init__(self, file: BinaryIO, vertex_count: int, sample_count: int) -> None:
        self._file = file
        self._shape = (vertex_count, 3)
        file.write(_HEADER.pack(_SIGNATURE, _VERSION, vertex_count, 0.0, 1.0, sample_count))

    def append(self, points: Array) -> None:
        """Samples (n, V, 3)."""
        assert points.shape[1:] == self._shape
        np.ascontiguousarray(points, dtype="<f4").tofile(self._file)


@contextmanager
def open_point_cache(path: Path) -> Iterator[Array]:
    """Samples (N, V, 3) float32 of a cache, mapped and not read.

    Raises:
        PointCacheError: it is none, or its size is not what its header says.
    """
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER.size)
        signature, version, vertex_count, _, _, sample_count = _HEADER.unpack(header)
    except (OSError, struct.error) as error:
        raise PointCacheError(f"{path} cannot be read as a point cache", "write it again") from error
    if signature != _SIGNATURE or version != _VERSION:
        raise PointCacheError(f"{path} is no point cache", "write it again")
    if path.stat().st_size != point_cache_bytes(vertex_count, sample_count):
        raise PointCacheError(f"{path} is not whole", "write it again")
    points = np.memmap(path, "<f4", "r", _HEADER.size, (sample_count, vertex_count, 3))
    try:
        yield points
    finally:
        del points
