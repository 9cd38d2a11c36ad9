from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from addon_tests.making import clips
from handmocap_addon.core.errors import ClipError, ExitCode
from handmocap_addon.worker.clip.timing import ClipTiming, clip_timing
from handmocap_addon.worker.estimators.base import VideoFrame
from handmocap_addon.worker.video import ClipReader, clip_sha256, probe_clip, read_frames

RATES = [Fraction(24), Fraction(25), Fraction(30), Fraction(60), Fraction(24000, 1001), clips.NTSC, Fraction(60000, 1001)]


def decoded(path: Path) -> list[VideoFrame]:
    return list(read_frames(probe_clip(path), "rgb"))


def timing_of(path: Path) -> ClipTiming:
    return clip_timing(probe_clip(path).declared_fps, np.array([frame.time for frame in decoded(path)]))


def numbers_in(frames: list[VideoFrame]) -> list[int]:
    return [clips.number_in(frame.pixels) for frame in frames]


def refusal(path: Path) -> ClipError:
    with pytest.raises(ClipError) as caught:
        decoded(path)
    assert caught.value.exit_code == ExitCode.BAD_INPUT
    assert path.name in caught.value.message
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov"])
def test_every_frame_comes_once_in_the_order_in_which_it_is_shown(tmp_path, suffix):
    path = tmp_path / f"clip.{suffix}"
    clips.write_clip(path, 40)
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    # B-frames: stored in another order than shown.
    assert [packet.pts for packet in packets] != sorted(packet.pts for packet in packets)
    frames = decoded(path)
    assert numbers_in(frames) == list(range(40))
    assert [frame.index for frame in frames] == list(range(40))


@pytest.mark.parametrize("kept", [0, 4])
@pytest.mark.parametrize("as_images", [False, True])
def test_frames_from_anywhere_are_those_of_the_whole(tmp_path, kept, as_images):
    path = tmp_path / "clip.mp4"
    if as_images:
        path = tmp_path / "clip"
        clips.write_image_folder(path, list(range(40)))
    else:
        clips.write_clip(path, 40)
    whole = decoded(path)
    count = 0

    def on_decoded() -> None:
        nonlocal count
        count += 1

    reader = ClipReader(probe_clip(path), "rgb", kept, on_decoded)
    for wanted in (range(10, 13), range(9, 20), [25, 31, 38], range(39, 60), range(60, 70), range(3)):
        frames = list(reader.frames(wanted))
        assert [frame.index for frame in frames] == numbers_in(frames) == [number for number in wanted if number < 40]
        for frame in frames:
            assert frame.time == whole[frame.index].time
            np.testing.assert_array_equal(frame.pixels, whole[frame.index].pixels)
    # What was kept need not be decoded again: once to the end and once for the last frames, and twice to 20 without.
    assert count == (40 + 3 if kept else 13 + 40 + 3)
    np.testing.assert_array_equal(reader.rows().time, [frame.time for frame in whole])


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov"])
@pytest.mark.parametrize("fps", RATES, ids=str)
def test_the_rate_is_an_exact_fraction(tmp_path, suffix, fps):
    clips.write_clip(tmp_path / f"clip.{suffix}", 24, fps)
    timing = timing_of(tmp_path / f"clip.{suffix}")
    assert timing.fps == fps
    assert not timing.variable_frame_rate


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize("frame_count", [1, 2, 3, 5])
@pytest.mark.parametrize("fps", [Fraction(30), Fraction(60000, 1001)], ids=str)
def test_the_rate_of_a_very_short_clip_is_exact_too(tmp_path, suffix, frame_count, fps):
    clips.write_clip(tmp_path / f"clip.{suffix}", frame_count, fps)
    timing = timing_of(tmp_path / f"clip.{suffix}")
    assert len(timing.frame_time) == frame_count
    assert timing.fps == fps


@pytest.mark.parametrize(("suffix", "tolerance"), [("mp4", 1e-6), ("mov", 1e-4), ("mkv", 0.00051)])
def test_times_are_those_of_the_container_from_the_first_frame(tmp_path, suffix, tolerance):
    clips.write_clip(tmp_path / f"clip.{suffix}", 60)
    expected = np.arange(60) * 1001 / 30000
    np.testing.assert_allclose([frame.time for frame in decoded(tmp_path / f"clip.{suffix}")], expected, atol=tolerance)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov"])
def test_a_variable_rate_keeps_its_times_and_is_said(tmp_path, suffix):
    times = np.cumsum([0.0, *np.random.default_rng(1).uniform(0.015, 0.12, 39)])
    clips.write_clip(tmp_path / f"clip.{suffix}", 40, times=times.tolist())
    frames = decoded(tmp_path / f"clip.{suffix}")
    assert numbers_in(frames) == list(range(40))
    timing = timing_of(tmp_path / f"clip.{suffix}")
    np.testing.assert_allclose(timing.frame_time, times, atol=0.001)
    assert timing.variable_frame_rate
    assert float(timing.fps) == pytest.approx(39 / times[-1], rel=0.01)


def _held(fps: float, lengths: list[int]) -> np.ndarray:
    """Times of frames that are shown for so many intervals each."""
    return np.concatenate([[0.0], np.cumsum(lengths)]) / fps


RNG = np.random.default_rng(7)
EXPECTED_RATES = {
    "a phone that paused for ten seconds": (_held(30, [1] * 150 + [300] + [1] * 150), Fraction(30)),
    "a phone whose clock is a little slow": (_held(29.87, [1] * 80 + [4] + [1] * 80 + [9] + [1] * 40), Fraction(30)),
    "a phone that trembles and drops": (
        np.cumsum([0.0, *(RNG.permutation([1] * 180 + [2] * 20) / 30 + RNG.uniform(-0.0015, 0.0015, 200))]),
        Fraction(30),
    ),
    "a screen that is recorded where it changes": (_held(60, RNG.permutation([1] * 90 + [2] * 40 + [3, 5, 9, 31, 64] * 8)), Fraction(60)),
    "one lost frame at a film's rate": (_held(24000 / 1001, [1] * 50 + [2] + [1] * 40), Fraction(24000, 1001)),
    "a rate of its own": (_held(20, [1] * 90 + [7] * 5), Fraction(20)),
    "film by fields": (_held(60000 / 1001, [2, 3] * 48), Fraction(24000, 1001)),
    "half of the frames held twice as long": (_held(30, [1, 2] * 50), Fraction(20)),
}  # fmt: skip


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize("kind", EXPECTED_RATES)
def test_a_rate_that_varies_is_the_one_that_most_frames_have(tmp_path, kind, suffix):
    times, fps = EXPECTED_RATES[kind]
    clips.write_clip(tmp_path / f"clip.{suffix}", len(times), fps, times=times.tolist())
    timing = timing_of(tmp_path / f"clip.{suffix}")
    np.testing.assert_allclose(timing.frame_time, times, atol=0.0011)
    # 20 is no standard rate.
    assert float(timing.fps) == pytest.approx(20.0, rel=0.005) if fps == 20 else timing.fps == fps
    assert timing.variable_frame_rate == (kind != "film by fields")


def test_a_clip_that_starts_late_starts_at_zero(tmp_path):
    clips.write_clip(tmp_path / "clip.mkv", 10, times=[5.0 + 0.04 * number for number in range(10)])
    times = [frame.time for frame in decoded(tmp_path / "clip.mkv")]
    np.testing.assert_allclose(times, np.arange(10) * 0.04, atol=0.001)


def test_times_always_grow(tmp_path):
    clips.write_clip(tmp_path / "clip.mkv", 30, times=[0.0003 * number for number in range(30)])
    assert (np.diff([frame.time for frame in decoded(tmp_path / "clip.mkv")]) > 0.0).all()


@pytest.mark.parametrize("suffix", ["mp4", "mov"])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_phone_s_rotation_is_honoured(tmp_path, suffix, rotation):
    path = tmp_path / f"clip.{suffix}"
    clips.write_clip(path, rotation=rotation)
    frames = decoded(path)
    assert {frame.pixels.shape for frame in frames} == {(clips.HEIGHT, clips.WIDTH, 3)}
    assert numbers_in(frames) == list(range(12))
    left, right = clips.bottom_colours(frames[0].pixels)
    np.testing.assert_allclose(left, (220, 20, 20), atol=8)
    np.testing.assert_allclose(right, (20, 20, 220), atol=8)


@pytest.mark.parametrize("kind", ["video", "images"])
def test_channels_come_in_the_asked_order(tmp_path, kind):
    if kind == "video":
        path = tmp_path / "clip.mp4"
        clips.write_clip(path, 2)
    else:
        path = tmp_path / "frames"
        clips.write_image_folder(path, [0, 1])
    for order, red in (("rgb", (220, 20, 20)), ("bgr", (20, 20, 220))):
        frame = next(iter(read_frames(probe_clip(path), order)))
        np.testing.assert_allclose(clips.bottom_colours(frame.pixels)[0], red, atol=8)
        assert frame.pixels.dtype == np.uint8
        assert frame.pixels.flags.c_contiguous


def test_frames_are_counted_by_decoding_not_by_the_header(tmp_path):
    clips.write_clip_with_wrong_count(tmp_path / "clip.avi", claimed=999)
    with av.open(str(tmp_path / "clip.avi")) as container:
        assert container.streams.video[0].frames == 999
    assert probe_clip(tmp_path / "clip.avi").likely_frame_count == 12
    assert numbers_in(decoded(tmp_path / "clip.avi")) == list(range(12))


def test_a_clip_cut_short_gives_its_frames_up_to_the_cut(tmp_path):
    clips.write_clip_cut_short(tmp_path / "clip.mkv", share=0.6)
    numbers = numbers_in(decoded(tmp_path / "clip.mkv"))
    assert 10 < len(numbers) < 59
    assert numbers == list(range(len(numbers)))


def test_an_mp4_that_was_never_finished_is_refused(tmp_path):
    clips.write_clip(tmp_path / "whole.mp4", 60)
    content = (tmp_path / "whole.mp4").read_bytes()
    (tmp_path / "clip.mp4").write_bytes(content[: len(content) // 2])
    assert "was never finished" in refusal(tmp_path / "clip.mp4").message


@pytest.mark.parametrize("name", ["clip", "mein Würfel", "手の動き ✋", "100% #1 'q'", "-clip", "file:clip", "%03d"])
def test_file_and_folder_names_may_have_any_letters(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    clips.write_clip(folder / "source.mp4", 5)
    (folder / "source.mp4").rename(folder / f"{name}.mp4")
    assert numbers_in(decoded(folder / f"{name}.mp4")) == list(range(5))


def test_a_relative_path_that_looks_like_an_address_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    clips.write_clip(tmp_path / "source.mp4", 5)
    Path("source.mp4").rename("take 1: hands.mp4")
    assert numbers_in(decoded(Path("take 1: hands.mp4"))) == list(range(5))


def test_images_come_in_the_order_of_their_numbers(tmp_path):
    folder = tmp_path / "Bilder für Größe 手"
    clips.write_image_folder(folder, [9, 7, 10, 8, 11])
    assert numbers_in(decoded(folder)) == [7, 8, 9, 10, 11]
    assert [frame.index for frame in decoded(folder)] == list(range(5))


def test_numbers_anywhere_in_the_name_are_sorted(tmp_path):
    clips.write_image_folder(tmp_path / "shot", [9, 10, 11], name="{}_v2.PNG")
    assert numbers_in(decoded(tmp_path / "shot")) == [9, 10, 11]


def test_other_files_beside_images_do_not_matter(tmp_path):
    folder = tmp_path / "frames"
    clips.write_image_folder(folder, [1, 2])
    (folder / "notes.txt").write_text("hello")
    (folder / ".hidden.png").write_bytes(b"no image")
    (folder / "sub.png").mkdir()
    assert numbers_in(decoded(folder)) == [1, 2]


@pytest.mark.parametrize("fps", [Fraction(24), clips.NTSC])
def test_images_are_shown_at_the_given_rate(tmp_path, fps):
    clips.write_image_folder(tmp_path / "frames", list(range(1, 25)))
    clip = probe_clip(tmp_path / "frames", fps)
    times = np.array([frame.time for frame in read_frames(clip, "rgb")])
    np.testing.assert_allclose(times, np.arange(24) / float(fps), atol=1e-12)
    assert clip_timing(clip.declared_fps, times).fps == fps


@pytest.mark.parametrize("suffix", ["png", "jpg", "tiff", "bmp", "webp"])
def test_kinds_of_images(tmp_path, suffix):
    clips.write_image_folder(tmp_path / "frames", [7], name=f"frame{{}}.{suffix}")
    assert numbers_in(decoded(tmp_path / "frames")) == [7]


def test_images_of_several_sizes_are_refused_by_name(tmp_path):
    clips.write_image_folder(tmp_path / "frames", [1, 2])
    clips.write_image(tmp_path / "frames" / "frame3.png", clips.picture(3, 80, 48))
    with pytest.raises(ClipError, match="frame3.png has another size"):
        decoded(tmp_path / "frames")


def test_a_folder_without_images_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    assert "holds no images" in refusal(tmp_path).message


def test_a_missing_clip_is_named(tmp_path):
    assert f"There is no clip {tmp_path / 'clip.mp4'}" in refusal(tmp_path / "clip.mp4").message


@pytest.mark.parametrize("content", [b"", b"This is a text.\n" * 50, bytes(1000)], ids=["empty", "text", "zeros"])
def test_a_file_that_is_no_video_is_refused(tmp_path, content):
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    assert "not a video" in refusal(path).message


def test_a_clip_without_frames_is_refused(tmp_path):
    clips.write_clip_without_frames(tmp_path / "clip.avi")
    assert "no frames" in refusal(tmp_path / "clip.avi").message


@pytest.mark.parametrize("name", ["sound.m4a", "sound.mp4"])
def test_sound_alone_is_refused(tmp_path, name):
    clips.write_sound_only(tmp_path / name)
    assert "no picture" in refusal(tmp_path / name).message


def test_damage_in_the_middle_loses_no_other_frame_s_time(tmp_path):
    clips.write_clip(tmp_path / "clip.mkv", 60, g="10", bf="0")
    content = bytearray((tmp_path / "clip.mkv").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 60] = b"\xff" * 60
    (tmp_path / "clip.mkv").write_bytes(content)
    frames = decoded(tmp_path / "clip.mkv")
    last = frames[-1]
    assert clips.number_in(last.pixels) == 59
    assert last.time == pytest.approx(59 * 1001 / 30000, abs=0.001)


def test_the_hash_tells_clips_apart(tmp_path):
    for name, count in (("a.mp4", 3), ("b.mp4", 3), ("c.mp4", 4)):
        clips.write_clip(tmp_path / name, count)
    hashes = [clip_sha256(probe_clip(tmp_path / name)) for name in ("a.mp4", "b.mp4", "c.mp4")]
    assert hashes[0] == hashes[1] != hashes[2]


def test_the_hash_of_a_folder_changes_with_its_pictures(tmp_path):
    clips.write_image_folder(tmp_path / "frames", [1, 2])
    before = clip_sha256(probe_clip(tmp_path / "frames"))
    assert clip_sha256(probe_clip(tmp_path / "frames")) == before
    clips.write_image(tmp_path / "frames" / "frame3.png", clips.picture(3))
    assert clip_sha256(probe_clip(tmp_path / "frames")) != before


def test_the_hash_of_a_folder_changes_when_a_picture_is_painted_over(tmp_path):
    folder = tmp_path / "frames"
    clips.write_image_folder(folder, [1, 2], name="frame{}.bmp")
    before = clip_sha256(probe_clip(folder))
    # Another picture of the same size in bytes.
    clips.write_image(folder / "frame2.bmp", clips.picture(200))
    assert clip_sha256(probe_clip(folder)) != before
