from __future__ import annotations

import numpy as np
import pytest

from handmocap_addon.core.files.keyed_arrays import read_keyed_arrays, write_keyed_arrays
from handmocap_addon.core.hands.hand_detections import HandDetections
from handmocap_addon.core.whose_hands.clip_slices import ClipSlice

ARRAYS = {"one": np.arange(5), "two": np.ones((2, 3), np.float32)}


@pytest.fixture
def path(tmp_path):
    write_keyed_arrays(tmp_path / "some.slice", "key", ARRAYS)
    return tmp_path / "some.slice"


def test_what_was_written_with_a_key_is_read_with_it(path):
    found = read_keyed_arrays(path, "key")
    assert found is not None
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_with_another_key_there_is_nothing(path):
    assert read_keyed_arrays(path, "another") is None
    assert read_keyed_arrays(path.with_name("nowhere.slice"), "key") is None


def test_the_same_arrays_give_the_same_bytes(path, tmp_path):
    write_keyed_arrays(tmp_path / "again.slice", "key", ARRAYS)
    assert (tmp_path / "again.slice").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("place", [0, 40, 200, -1])
def test_one_changed_bit_anywhere_is_noticed(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert read_keyed_arrays(path, "key") is None


@pytest.mark.parametrize("length", [0, 10, 32, 100])
def test_a_file_that_is_cut_short_is_noticed(path, length):
    path.write_bytes(path.read_bytes()[:length])
    assert read_keyed_arrays(path, "key") is None


def test_slices_come_back_and_join(tmp_path):
    def part(first: int, count: int, hands: int) -> ClipSlice:
        detections = HandDetections.empty(hands)
        detections.frame[:] = first
        detections.keypoints_2d[:] = first + 0.5
        marks, thumbnails = np.full(count, first, np.uint8), np.full((count, 18, 32), first, np.uint8)
        return ClipSlice(np.arange(first, first + count) / 24.0, (640, 480), detections, marks, thumbnails)

    slices = [part(0, 4, 3), part(4, 4, 0), part(8, 1, 1)]
    for number, each in enumerate(slices):
        write_keyed_arrays(tmp_path / f"{number}.slice", "key", each.arrays())
    read = [ClipSlice.of(read_keyed_arrays(tmp_path / f"{number}.slice", "key") or {}) for number in range(3)]
    whole = ClipSlice.joined(iter(read), 9, 4)
    assert whole.frame_count == 9
    assert whole.picture_size == (640, 480)
    np.testing.assert_array_equal(whole.frame_time, np.arange(9) / 24.0)
    assert whole.marks.tolist() == [0] * 4 + [4] * 4 + [8]
    assert whole.thumbnails[:, 5, 7].tolist() == [0] * 4 + [4] * 4 + [8]
    assert whole.detections.frame.tolist() == [0, 0, 0, 8]
    np.testing.assert_array_equal(whole.detections.keypoints_2d[-1], 8.5)
