"""Videos of more than eight bits, with transparency, fields, or a transfer that is none of a display."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from addon_tests.making import clips, hostile_clips
from handmocap_addon.core.clip.frame_marks import FrameMark
from handmocap_addon.core.clip.view_choices import ViewChoice
from handmocap_addon.worker.clip.sentences import clip_entries, clip_warnings
from handmocap_addon.worker.clip.views import displayed
from handmocap_addon.worker.estimators.base import VideoFrame
from handmocap_addon.worker.video import ClipReader, probe_clip, read_frames, stored_picture

PQ, HLG, FULL_RANGE = 16, 18, 2


def decoded(path: Path, view: ViewChoice = "auto") -> list[VideoFrame]:
    return list(read_frames(probe_clip(path, view=view), "rgb"))


def write(path: Path, codec: str, pixel_format: str, transfer: int | None = None, **options: str) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=24)
        stream.width, stream.height, stream.pix_fmt, stream.options = clips.WIDTH, clips.HEIGHT, pixel_format, options
        if transfer is not None:
            stream.codec_context.color_trc = transfer
        for number in range(6):
            frame = av.VideoFrame.from_ndarray(clips.picture(number), format="rgb24")
            container.mux(stream.encode(frame.reformat(format=pixel_format)))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("codec", "pixel_format", "suffix"),
    [
        ("libx265", "yuv420p10le", "mp4"),
        ("libx265", "yuv444p12le", "mp4"),
        ("libx264", "yuv422p10le", "mov"),
        ("libx264", "yuvj420p", "mp4"),
        ("prores_ks", "yuv422p10le", "mov"),
        ("prores_ks", "yuva444p10le", "mov"),
        ("libvpx-vp9", "yuva420p", "webm"),
        ("ffv1", "bgra", "mkv"),
        ("ffv1", "gbrp16le", "mkv"),
        ("qtrle", "argb", "mov"),
        ("png", "rgba64be", "mov"),
    ],
)
def test_depth_range_and_transparency_do_not_change_the_picture(tmp_path, codec, pixel_format, suffix):
    frames = decoded(write(tmp_path / f"clip.{suffix}", codec, pixel_format))
    assert [clips.number_in(frame.pixels) for frame in frames] == list(range(6))
    left, right = clips.bottom_colours(frames[0].pixels)
    np.testing.assert_allclose(left, (220, 20, 20), atol=14)
    np.testing.assert_allclose(right, (20, 20, 220), atol=14)
    assert frames[0].pixels.dtype == np.uint8


@pytest.mark.parametrize(("transfer", "view"), [(PQ, "pq"), (HLG, "hlg"), (1, "srgb"), (None, "srgb")])
def test_a_video_that_says_pq_or_hlg_is_brought_to_a_display(tmp_path, transfer, view):
    path = write(tmp_path / "clip.mp4", "libx265", "yuv420p10le", transfer)
    assert stored_picture(probe_clip(path)).view == view
    shown, as_stored = decoded(path)[0].pixels, decoded(path, "srgb")[0].pixels
    np.testing.assert_allclose(shown.astype(int), displayed(as_stored, view).astype(int), atol=9)
    assert (np.abs(shown.astype(int) - as_stored).max() > 20) == (view != "srgb")


def test_fields_are_said(tmp_path):
    path = write(tmp_path / "clip.mkv", "mpeg2video", "yuv420p", flags="+ildct+ilme")
    clip = probe_clip(path)
    marks = ClipReader(clip, "rgb").rows().marks
    assert (marks & FrameMark.INTERLACED).all()
    entry = {"name": "clip.mkv", "frames": 6, "size": [160, 96], **clip_entries(clip, stored_picture(clip), marks)}
    (sentence,) = clip_warnings(clip, entry, np.arange(6) / 24, marks)
    assert "clip.mkv is interlaced" in sentence
    plain = write(tmp_path / "plain.mkv", "mpeg2video", "yuv420p")
    assert not ClipReader(probe_clip(plain), "rgb").rows().marks.any()


@pytest.mark.parametrize(
    "options", [{"compression": "rle"}, {"compression": "zip1"}, {"compression": "zip16"}, {"format": "half"}]
)
def test_every_way_to_write_an_exr_is_whole_or_is_not(tmp_path, options):
    light = np.random.default_rng(1).uniform(0, 1, (96, 160, 3))
    content = hostile_clips.exr_picture(light, Fraction(1), **options)
    folder = tmp_path / "plate"
    folder.mkdir()
    for number, data in ((1, content), (2, content[:-200]), (3, content)):
        (folder / f"p{number}.exr").write_bytes(data)
    assert [bool(frame.marks & FrameMark.LOST) for frame in decoded(folder)] == [False, True, False]
