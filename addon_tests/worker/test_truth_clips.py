"""The committed clips of known truth decode to the frames that their truth counts."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tools.truth_clips.clips import CLIPS
from tools.truth_clips.encode import encode, encode_within
from tools.truth_clips.frames import frame_path

REPOSITORY = Path(__file__).parents[2]
CLIP_FILES = [REPOSITORY / "demo" / "clip.mp4", *sorted((REPOSITORY / "benchmark").glob("*/clip.mp4"))]


def frame_times(path: Path) -> tuple[list[Fraction], tuple[int, int], Fraction]:
    """Each frame's time in seconds, the size, and the frame rate."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        times = [frame.pts * frame.time_base for frame in container.decode(stream)]
        return times, (stream.width, stream.height), Fraction(stream.average_rate)


@pytest.mark.parametrize("path", CLIP_FILES, ids=lambda path: path.parent.name)
def test_a_clip_has_its_truth_s_frames(path: Path):
    clip = CLIPS[path.parent.name]
    times, size, rate = frame_times(path)
    assert size == clip.frame_size
    assert rate == Fraction(*clip.fps)
    np.testing.assert_allclose(np.array(times, dtype=float), np.arange(clip.frame_count) / float(rate), rtol=0, atol=1e-3)


def _write_frames(folder: Path, count: int, size: tuple[int, int]) -> None:
    for number in range(count):
        picture = np.full((size[1], size[0], 3), 128, np.uint8)
        picture[40:80, 3 * number : 3 * number + 30] = (255, 128, 0)
        with av.open(str(frame_path(folder, number)), "w", format="image2", options={"update": "1"}) as container:
            stream = container.add_stream("png", rate=1)
            stream.width, stream.height, stream.pix_fmt = *size, "rgb24"
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
            container.mux(stream.encode())


def test_frames_become_a_clip_in_their_order(tmp_path: Path):
    clip = replace(CLIPS["leaving"], frame_count=12, frame_size=(160, 96))
    _write_frames(tmp_path, clip.frame_count, clip.frame_size)
    encode(clip, tmp_path, tmp_path / "clip.mp4", 18)
    times, size, rate = frame_times(tmp_path / "clip.mp4")
    assert (len(times), size, rate) == (clip.frame_count, clip.frame_size, Fraction(*clip.fps))
    with av.open(str(tmp_path / "clip.mp4")) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    for number, picture in enumerate(pictures):
        left_edge = int(np.argmax(picture[60, :, 0].astype(int) - picture[60, :, 2] > 120))
        assert abs(left_edge - 3 * number) <= 1


def test_a_clip_is_made_as_small_as_wanted(tmp_path: Path):
    clip = replace(CLIPS["leaving"], frame_count=3, frame_size=(160, 96))
    _write_frames(tmp_path, clip.frame_count, clip.frame_size)
    assert encode_within(clip, tmp_path, tmp_path / "clip.mp4") == 18
    # The encoder gives the same pictures a byte more or less at times.
    less = (tmp_path / "clip.mp4").stat().st_size - 50
    assert encode_within(clip, tmp_path, tmp_path / "clip.mp4", less) > 18
    assert (tmp_path / "clip.mp4").stat().st_size <= less
    with pytest.raises(ValueError, match="larger than 10 bytes"):
        encode_within(clip, tmp_path, tmp_path / "clip.mp4", 10)


def test_a_missing_frame_is_refused(tmp_path: Path):
    clip = CLIPS["fast_fists"]
    _write_frames(tmp_path, 3, (160, 96))
    with pytest.raises(ValueError, match="lacks 87 of 90 frames"):
        encode(clip, tmp_path, tmp_path / "clip.mp4", 18)
    assert not (tmp_path / "clip.mp4").exists()
