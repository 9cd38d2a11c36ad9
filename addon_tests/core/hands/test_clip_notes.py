from __future__ import annotations

from fractions import Fraction

import pytest

from handmocap_addon.core.hands.clip_notes import ClipNotes, clip_notes


def test_everything_that_the_worker_writes_is_read():
    clip = {
        "kind": "images",
        "rotation": 90,
        "mirrored": True,
        "pixel_aspect": [4, 3],
        "stored_size": [1440, 1080],
        "lost_frames": [3, 4],
        "first_number": 1001,
        "number_step": 2,
        "pattern": "a.####.exr",
        "color": "linear",
    }
    expected = ClipNotes(
        kind="images",
        rotation=90,
        mirrored=True,
        pixel_aspect=Fraction(4, 3),
        stored_size=(1440, 1080),
        lost_frames=(3, 4),
        first_number=1001,
        number_step=2,
        pattern="a.####.exr",
        color="linear",
    )
    assert clip_notes({"clip": clip}) == expected


@pytest.mark.parametrize(
    "clip",
    [
        None,
        [],
        {},
        {"kind": "film", "rotation": 45, "pixel_aspect": [0, 1], "stored_size": [0, 5], "lost_frames": "3"},
        {"rotation": True, "pixel_aspect": [9, 1], "stored_size": [1.5, 2], "lost_frames": ["x", -1, None], "pattern": 3},
        {"number_step": 0, "mirrored": 1, "first_number": "1", "color": 2},
    ],
)
def test_what_is_absent_or_makes_no_sense_is_a_plain_clip(clip):
    assert clip_notes({"clip": clip}) == ClipNotes()
