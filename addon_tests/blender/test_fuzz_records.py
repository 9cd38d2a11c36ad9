"""A short run of the fuzzer over what is kept in a .blend, as in addon_tests/worker/test_fuzz.py."""

from __future__ import annotations

import struct
from pathlib import Path

import bpy
import pytest

from addon_tests.fuzz.blender_readers import READERS
from addon_tests.fuzz.running import run
from handmocap_addon.blender.clip.footage import look_at
from handmocap_addon.core.errors import ClipError


@pytest.mark.parametrize("name", READERS)
def test_changed_records_are_ignored_or_a_typed_error(name, tmp_path):
    count = run(name, 20, range(60), tmp_path)
    assert not count.faults, "\n".join(count.faults)
    assert count.inputs == 60


def test_blender_is_not_given_a_picture_that_would_need_a_gigabyte(tmp_path: Path) -> None:
    header = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 20_000, 20_000)
    (tmp_path / "plate.0001.png").write_bytes(header + bytes(100))
    with pytest.raises(ClipError, match="pictures of 20000 x 20000 pixels"):
        look_at(tmp_path)
    assert not bpy.data.movieclips
