"""The note about normalization, in a file of one of MediaPipe's models and in what is none."""

from __future__ import annotations

import struct

import pytest

from handmocap_addon.set_up.tflite_metadata import with_normalization


def model() -> bytes:
    """The smallest file with what is looked at: a version and one empty buffer."""
    content = bytearray(struct.pack("<I4s", 0, b"TFL3"))
    content += struct.pack("<HH8H", 20, 12, 4, 0, 0, 0, 8, 0, 0, 0)
    root = len(content)
    content += struct.pack("<iII", 20, 3, 4)  # version 3; the vector follows
    content += struct.pack("<II", 1, 8)  # one buffer, whose table lies 8 bytes on
    content += struct.pack("<HH", 4, 4)
    content += struct.pack("<i", 4)
    struct.pack_into("<I", content, 0, root)
    return bytes(content)


def test_the_old_file_is_kept_to_the_byte_and_is_all_that_the_new_one_adds_to():
    old = model()
    new = with_normalization(old, 127.5, 64.0)
    assert new[4:8] == b"TFL3" and new.endswith(old) and (len(new) - len(old)) % 64 == 0
    assert b"TFLITE_METADATA" in new and b"M001" in new and struct.pack("<f", 127.5) in new


def test_a_second_note_takes_the_place_of_the_first():
    flatbuffers = pytest.importorskip("flatbuffers")
    twice = with_normalization(with_normalization(model(), 1.0, 2.0), 0.0, 255.0)
    table = flatbuffers.table.Table(bytearray(twice), struct.unpack_from("<I", twice)[0])
    notes, buffers = (table.VectorLen(table.Offset(4 + 2 * field)) for field in (6, 4))
    assert (notes, buffers) == (1, 3)


@pytest.mark.parametrize("content", [b"", b"no model at all", b"\xff\xff\xff\x7fTFL3" + bytes(40)])
def test_what_is_no_model_is_refused(content):
    with pytest.raises((ValueError, struct.error)):
        with_normalization(content, 0.0, 1.0)
