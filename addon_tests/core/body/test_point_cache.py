from __future__ import annotations

import struct

import numpy as np
import pytest

from handmocap_addon.core.body.point_cache import PointCacheWriter, open_point_cache, point_cache_bytes
from handmocap_addon.core.errors import PointCacheError

POINTS = np.arange(5 * 4 * 3, dtype=np.float32).reshape(5, 4, 3) / 7.0


def write(path):
    with path.open("wb") as file:
        writer = PointCacheWriter(file, 4, 5)
        writer.append(POINTS[:3])
        writer.append(POINTS[3:].astype(np.float64))


def test_samples_come_back_in_order(tmp_path):
    path = tmp_path / "points.pc2"
    write(path)
    assert path.stat().st_size == point_cache_bytes(4, 5)
    with open_point_cache(path) as points:
        np.testing.assert_array_equal(points, POINTS)


def test_the_bytes_are_pc2(tmp_path):
    path = tmp_path / "points.pc2"
    write(path)
    content = path.read_bytes()
    assert struct.unpack_from("<12siiffi", content) == (b"POINTCACHE2\0", 1, 4, 0.0, 1.0, 5)
    assert struct.unpack_from("<3f", content, 32 + 12) == tuple(POINTS[0, 1])


@pytest.mark.parametrize("change", [lambda c: c[:-1], lambda c: c[:10], lambda c: b"X" + c[1:], lambda c: c + b"\0"])
def test_a_cache_that_is_not_whole_is_refused(change, tmp_path):
    path = tmp_path / "points.pc2"
    write(path)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(PointCacheError), open_point_cache(path):
        pass
