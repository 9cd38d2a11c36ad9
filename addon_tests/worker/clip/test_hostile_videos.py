"""Video files as cameras, phones and damaged cards leave them: the right frames at the right times, or a sentence."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from addon_tests.making import clips, hostile_clips
from addon_tests.making.fair_share import as_a_program_among_others
from handmocap_addon.core.clip.frame_marks import FrameMark
from handmocap_addon.core.errors import ClipError
from handmocap_addon.worker.clip import containers
from handmocap_addon.worker.clip.orientation import Orientation, orientation_of_matrix
from handmocap_addon.worker.estimators.base import VideoFrame
from handmocap_addon.worker.video import ClipReader, probe_clip, read_frames, stored_picture


def decoded(path: Path) -> list[VideoFrame]:
    return list(read_frames(probe_clip(path), "rgb"))


def numbers_in(frames: list[VideoFrame]) -> list[int | None]:
    return [None if frame.marks & FrameMark.LOST else clips.number_in(frame.pixels) for frame in frames]


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov"])
@pytest.mark.parametrize("lost", [[41], [40, 41, 42], [47], [0], [3, 46]], ids=str)
def test_a_damaged_packet_costs_its_own_frame_alone(tmp_path, suffix, lost):
    # Every picture stands alone, so that nothing leans on what is gone.
    clips.write_clip(tmp_path / f"whole.{suffix}", 48, Fraction(24), bf="0", g="1")
    path = tmp_path / f"damaged.{suffix}"
    hostile_clips.damage_packets(tmp_path / f"whole.{suffix}", lost, path)
    frames = decoded(path)
    assert numbers_in(frames) == [None if number in lost else number for number in range(48)]
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(48) / 24, atol=0.001)
    assert [frame.index for frame in frames] == list(range(48))
    assert all(not frame.pixels.any() for frame in frames if frame.index in lost)
    rows = ClipReader(probe_clip(path), "rgb").rows()
    assert np.flatnonzero(rows.marks & FrameMark.LOST).tolist() == lost


@pytest.mark.parametrize("lost", [[30], [44, 45], [47]], ids=str)
@pytest.mark.parametrize("threads", [1, 2, 16])
def test_as_many_frames_are_found_on_any_number_of_threads(tmp_path, monkeypatch, lost, threads):
    clips.write_clip(tmp_path / "whole.mp4", 48, Fraction(24))
    hostile_clips.damage_packets(tmp_path / "whole.mp4", lost, tmp_path / "damaged.mp4")
    given = av.open

    def opened(*arguments, **options):
        container = given(*arguments, **options)
        container.streams.video[0].codec_context.thread_count = threads
        return container

    monkeypatch.setattr(av, "open", opened)
    frames = decoded(tmp_path / "damaged.mp4")
    assert len(frames) == 48
    read = [(number, found) for number, found in enumerate(numbers_in(frames)) if found is not None]
    assert len(read) >= 44
    # Whatever comes before the damage, in the order of decoding, is whole.
    assert all(number == found for number, found in read if number < lost[0] - 8)


def test_every_clip_with_damaged_bytes_has_all_its_rows(tmp_path):
    clips.write_clip(tmp_path / "whole.mp4", 48, Fraction(24), g="12")
    content = (tmp_path / "whole.mp4").read_bytes()
    first, last = content.index(b"mdat") + 4, content.index(b"moov") - 4
    random = np.random.default_rng(7)
    lost = 0
    for _ in range(25):
        damaged = bytearray(content)
        at = int(random.integers(first, last - 60))
        damaged[at : at + 60] = random.integers(0, 256, 60, np.uint8).tobytes()
        (tmp_path / "damaged.mp4").write_bytes(damaged)
        rows = ClipReader(probe_clip(tmp_path / "damaged.mp4"), "rgb").rows()
        np.testing.assert_allclose(rows.time, np.arange(48) / 24, atol=1e-6)
        assert np.count_nonzero(rows.marks & FrameMark.LOST) <= 12
        lost += np.count_nonzero(rows.marks & FrameMark.LOST)
    assert lost > 0


@pytest.mark.parametrize(
    "kind",
    [
        *("mpeg4.avi", "mpeg4.mp4", "mjpeg.avi", "msmpeg4.avi", "libx264.avi", "libx264.ts", "libx264.flv", "libx265.mp4"),
        *("libvpx.mkv", "libvpx-vp9.mkv", "libsvtav1.mp4", "ffv1.mkv", "mpeg2video.ts", "mpeg2video.mkv", "wmv2.asf"),
        *("libx264.mkv", "libx264.mov", "mpeg2video.mpg", "libx264.m4v"),
    ],
)
def test_plain_clips_of_many_kinds_have_no_marks(tmp_path, kind):
    codec, _, suffix = kind.partition(".")
    path = tmp_path / f"clip.{suffix}"
    with as_a_program_among_others(), av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=24)
        stream.width, stream.height = clips.WIDTH, clips.HEIGHT
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for number in range(30):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(clips.picture(number), format="rgb24")))
        container.mux(stream.encode(None))
    frames = decoded(path)
    assert numbers_in(frames) == list(range(30))
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(30) / 24, atol=0.002)
    assert not any(frame.marks for frame in frames)
    assert probe_clip(path).remarks == ()


@pytest.mark.parametrize("suffix", ["ts", "flv", "avi", "mkv"])
def test_packets_that_damage_took_away_whole_are_said(tmp_path, suffix):
    """The container itself is damaged, so that some packets are no more to be found."""
    clips.write_clip(tmp_path / f"whole.{suffix}", 48, Fraction(24), bf="0", g="8")
    content = (tmp_path / f"whole.{suffix}").read_bytes()
    random = np.random.default_rng(11)
    for turn in range(6):
        damaged = bytearray(content)
        at = int(len(content) * (0.3 + 0.08 * turn))
        damaged[at : at + 500] = random.integers(0, 256, 500, np.uint8).tobytes()
        path = tmp_path / f"damaged{turn}.{suffix}"
        path.write_bytes(damaged)
        clip = probe_clip(path)
        rows = ClipReader(clip, "rgb").rows()
        seen = len(rows.marks) - np.count_nonzero(rows.marks & FrameMark.LOST)
        assert seen == 48 or len(rows.marks) == 48 or clip.remarks, turn


@pytest.mark.parametrize("flagged", [False, True])
@pytest.mark.parametrize("size", [(320, 240), (64, 64)], ids=str)
def test_a_cover_is_not_the_clip(tmp_path, flagged, size):
    path = tmp_path / "clip.mp4"
    hostile_clips.write_with_cover(path, size, flagged)
    with av.open(str(path)) as container:
        kinds = [stream.codec_context.name for stream in container.streams.video]
    assert sorted(kinds) == ["h264", "mjpeg"] and (flagged or kinds[0] == "mjpeg")
    assert numbers_in(decoded(path)) == list(range(12))
    assert probe_clip(path).remarks == ()


def test_sound_with_a_cover_is_no_film(tmp_path):
    hostile_clips.write_sound_with_cover(tmp_path / "song.m4a")
    with pytest.raises(ClipError, match=r"song\.m4a holds a cover and no film"):
        probe_clip(tmp_path / "song.m4a")


@pytest.mark.parametrize(
    ("sizes", "counts", "first_number"),
    [
        ([(160, 96), (320, 192)], [12, 12], 100),
        ([(320, 192), (160, 96)], [12, 12], 0),
        ([(320, 192), (160, 96)], [3, 12], 100),
        ([(160, 96), (160, 96)], [12, 14], 100),
    ],
)
def test_of_two_films_the_long_and_large_one_is_taken_and_said(tmp_path, sizes, counts, first_number):
    path = tmp_path / "clip.mkv"
    hostile_clips.write_two_films(path, sizes, counts)
    frames = decoded(path)
    assert numbers_in(frames)[0] == first_number
    used = sizes[first_number // 100]
    if min(counts) * 2 >= max(counts):
        number, other = first_number // 100, sizes[1 - first_number // 100]
        assert probe_clip(path).remarks[0] == (
            f"clip.mkv holds 2 pictures beside each other; {used[0]} x {used[1]} (stream {number}) is used, "
            f"and {other[0]} x {other[1]} (stream {1 - number}) is not"
        )


@pytest.mark.parametrize(
    ("matrix", "orientation"),
    [
        ((1, 0, 0, 1), Orientation()),
        ((0, 1, -1, 0), Orientation(1)),
        ((-1, 0, 0, -1), Orientation(2)),
        ((0, -1, 1, 0), Orientation(3)),
        ((-1, 0, 0, 1), Orientation(0, True)),
        ((1, 0, 0, -1), Orientation(2, True)),
        ((0, 1, 1, 0), Orientation(3, True)),
        ((0, -1, -1, 0), Orientation(1, True)),
    ],
)
def test_a_turned_or_mirrored_film_stands_upright(tmp_path, matrix, orientation):
    """The picture is stored so that the matrix, which is the player's work, gives the upright one."""
    assert orientation_of_matrix(*matrix) == orientation
    a, b, c, d = matrix
    upright = clips.picture(5)
    height, width = upright.shape[:2]
    stored = np.zeros((width, height, 3) if orientation.swaps_sides else (height, width, 3), np.uint8)
    rows, columns = np.indices(stored.shape[:2])
    x, y = a * columns + c * rows, b * columns + d * rows
    stored[rows, columns] = upright[y - y.min(), x - x.min()]
    path = tmp_path / "clip.mp4"
    hostile_clips.write_pictures(path, [stored] * 3)
    hostile_clips.set_matrix(path, a, b, c, d)
    frame = decoded(path)[0]
    assert frame.pixels.shape == upright.shape
    assert clips.number_in(frame.pixels) == 5
    assert clips.bottom_colours(frame.pixels)[0] == pytest.approx((220, 20, 20), abs=10)
    picture = stored_picture(probe_clip(path))
    assert picture.orientation == orientation
    assert picture.size == (width, height)
    assert picture.stored_size == (stored.shape[1], stored.shape[0])


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize(
    ("aspect", "size", "squared"),
    [
        (Fraction(4, 3), (144, 96), (192, 96)),
        (Fraction(10, 11), (176, 120), (160, 120)),
        (Fraction(2), (96, 96), (192, 96)),
        (Fraction(1001, 1000), (160, 96), (160, 96)),
    ],
    ids=str,
)
def test_pixels_that_are_no_squares_are_squared(tmp_path, suffix, aspect, size, squared):
    path = tmp_path / f"clip.{suffix}"
    hostile_clips.write_pixel_aspect(path, aspect, size=size)
    frames = decoded(path)
    assert {(frame.pixels.shape[1], frame.pixels.shape[0]) for frame in frames} == {squared}
    assert numbers_in(frames) == list(range(6))
    stored = stored_picture(probe_clip(path))
    assert (stored.stored_size, stored.size) == (size, squared)


def test_turned_pixels_that_are_no_squares_are_squared_before_they_are_turned(tmp_path):
    path = tmp_path / "clip.mp4"
    hostile_clips.write_pixel_aspect(path, Fraction(4, 3), size=(144, 96))
    hostile_clips.set_matrix(path, 0, 1, -1, 0)
    assert decoded(path)[0].pixels.shape == (192, 96, 3)
    assert stored_picture(probe_clip(path)).size == (96, 192)


def test_what_the_edit_list_cuts_off_is_no_frame(tmp_path):
    path = tmp_path / "clip.mp4"
    clips.write_clip(path, 48, Fraction(24), bf="0", g="8")
    hostile_clips.set_edit(path, skipped_seconds=10 / 24)
    frames = decoded(path)
    assert numbers_in(frames) == list(range(10, 48))
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(38) / 24, atol=0.001)
    assert probe_clip(path).likely_frame_count == 38


def test_a_pause_before_the_pictures_is_no_time_of_the_clip(tmp_path):
    path = tmp_path / "clip.mp4"
    clips.write_clip(path, 24, Fraction(24))
    hostile_clips.set_edit(path, skipped_seconds=0.0, empty_seconds=2.0)
    frames = decoded(path)
    assert numbers_in(frames) == list(range(24))
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(24) / 24, atol=0.001)


def test_a_clip_cut_out_of_another_begins_where_it_can_be_seen(tmp_path):
    clips.write_clip(tmp_path / "whole.ts", 48, Fraction(24), g="12", bf="2")
    content = (tmp_path / "whole.ts").read_bytes()
    # In the middle of a group, at a packet of the transport stream.
    (tmp_path / "cut.ts").write_bytes(content[188 * (len(content) // 188 * 3 // 8) :])
    frames = decoded(tmp_path / "cut.ts")
    numbers = [number for number in numbers_in(frames) if number is not None]
    assert numbers == list(range(numbers[0], 48)) and numbers[0] <= 36
    times = np.array([frame.time for frame in frames])
    np.testing.assert_allclose(np.diff(times), 1 / 24, atol=0.001)


@pytest.mark.parametrize("sizes", [[(160, 96), (320, 192)], [(320, 192), (160, 96), (320, 192)]], ids=str)
def test_a_film_that_changes_size_keeps_the_first_one(tmp_path, sizes):
    path = tmp_path / "clip.ts"
    hostile_clips.write_sizes(path, sizes)
    frames = decoded(path)
    assert {(frame.pixels.shape[1], frame.pixels.shape[0]) for frame in frames} == {sizes[0]}
    assert numbers_in(frames) == list(range(4 * len(sizes)))
    resized = [bool(frame.marks & FrameMark.RESIZED) for frame in frames]
    assert resized == [sizes[number // 4] != sizes[0] for number in range(4 * len(sizes))]


def test_a_film_that_changes_its_shape_is_refused_by_frame(tmp_path):
    hostile_clips.write_sizes(tmp_path / "clip.ts", [(160, 96), (96, 160)])
    with pytest.raises(ClipError, match=r"Frame 5 of clip.ts has 96 x 160 pixels and the first one 160 x 96"):
        decoded(tmp_path / "clip.ts")


@pytest.mark.parametrize(
    "timestamps",
    [
        lambda number: number if number != 10 else 9,
        lambda number: number - 5,
    ],
    ids=["repeated", "negative"],
)
def test_times_grow_whatever_the_timestamps_do(tmp_path, timestamps):
    path = tmp_path / "clip.mkv"
    hostile_clips.write_packets(path, timestamps)
    frames = decoded(path)
    assert numbers_in(frames) == list(range(24))
    times = np.array([frame.time for frame in frames])
    assert times[0] == 0.0 and (np.diff(times) > 0.001).all()
    assert times[-1] == pytest.approx(23 / 24, abs=0.05)


def test_timestamps_that_start_again_in_a_transport_stream_go_on(tmp_path):
    """Broadcasts count 33 bits of 90 kHz and then begin at zero."""
    path = tmp_path / "clip.ts"
    start = 2**33 - 12 * 3750
    hostile_clips.write_packets(path, lambda number: start + number * 3750, ticks=90_000)
    frames = decoded(path)
    assert numbers_in(frames) == list(range(24))
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(24) / 24, atol=0.001)


def test_two_recordings_behind_each_other_are_one_clip(tmp_path):
    for name, start in (("a", 50.0), ("b", 1.0)):
        clips.write_clip(
            tmp_path / f"{name}.ts", 12, Fraction(24), times=[start + number / 24 for number in range(12)], bf="0"
        )
    (tmp_path / "clip.ts").write_bytes((tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes())
    frames = decoded(tmp_path / "clip.ts")
    assert numbers_in(frames) == [*range(12), *range(12)]
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(24) / 24, atol=0.02)


def test_a_file_that_ends_too_early_says_so(tmp_path):
    clips.write_clip(tmp_path / "whole.mp4", 48, Fraction(24), bf="0", g="4", movflags="faststart")
    hostile_clips.put_index_first(tmp_path / "whole.mp4", tmp_path / "clip.mp4")
    content = (tmp_path / "clip.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    (tmp_path / "clip.mp4").write_bytes(content[: len(content) * 3 // 4])
    frames = decoded(tmp_path / "clip.mp4")
    whole = [number for number in numbers_in(frames) if number is not None]
    assert 10 < len(whole) < 48 and whole == list(range(len(whole)))
    assert "should have 48 frames and only" in probe_clip(tmp_path / "clip.mp4").remarks[0]


@pytest.mark.parametrize("name", ["list.m3u8", "list.mp4", "list.txt"])
@pytest.mark.parametrize("kind", ["hls", "concat"])
def test_a_list_of_other_files_is_no_video(tmp_path, name, kind):
    clips.write_clip(tmp_path / "film.ts", 12, Fraction(24))
    text = {
        "hls": "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.5,\nfilm.ts\n#EXT-X-ENDLIST\n",
        "concat": "ffconcat version 1.0\nfile film.ts\n",
    }[kind]
    (tmp_path / name).write_text(text)
    with pytest.raises(ClipError, match=r"list of other files|not a video"):
        decoded(tmp_path / name)


def test_frames_that_a_camera_left_out_are_said_and_the_others_keep_their_times(tmp_path):
    times = [number / 30 for number in range(40) if number not in (12, 13)]
    clips.write_clip(tmp_path / "clip.mp4", 38, Fraction(30), times=times)
    assert [frame.time for frame in decoded(tmp_path / "clip.mp4")] == pytest.approx(times, abs=0.001)
    (remark,) = probe_clip(tmp_path / "clip.mp4").remarks
    assert remark == "2 frames are missing in clip.mp4, from 0.40 s; the others are at their own times"


def test_a_pipe_is_no_clip(tmp_path):
    import os

    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes with names here")
    os.mkfifo(tmp_path / "clip.mp4")
    with pytest.raises(ClipError, match="is no file"):
        probe_clip(tmp_path / "clip.mp4")


def test_frames_are_converted_only_when_they_are_wanted(tmp_path, monkeypatch):
    from handmocap_addon.worker.clip import video_frames

    clips.write_clip(tmp_path / "clip.mp4", 24)
    converted = []
    given = video_frames.upright_pixels
    monkeypatch.setattr(video_frames, "upright_pixels", lambda *arguments: converted.append(1) or given(*arguments))
    reader = ClipReader(probe_clip(tmp_path / "clip.mp4"), "rgb")
    assert len(reader.rows().time) == 24 and not converted
    assert len(list(reader.frames([3, 20]))) == 2 and len(converted) == 2


def test_a_moving_gif_and_png_are_films(tmp_path):
    for codec, name in (("gif", "clip.gif"), ("apng", "clip.png")):
        with av.open(str(tmp_path / name), "w", format=codec) as container:
            stream = container.add_stream(codec, rate=10)
            stream.width, stream.height, stream.pix_fmt = clips.WIDTH, clips.HEIGHT, "rgb8" if codec == "gif" else "rgb24"
            for number in range(8):
                frame = av.VideoFrame.from_ndarray(clips.picture(number), format="rgb24").reformat(format=stream.pix_fmt)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        frames = decoded(tmp_path / name)
        assert numbers_in(frames) == list(range(8)), name
        np.testing.assert_allclose([frame.time for frame in frames], np.arange(8) / 10, atol=0.02)


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n",
        "ffconcat version 1.0\nfile '{}'\n",
        "<?xml?><MPD><BaseURL>{}</BaseURL></MPD>",
    ],
)
def test_what_a_list_names_is_not_even_opened(tmp_path, monkeypatch, text):
    clips.write_clip(tmp_path / "other.mp4", 4)
    (tmp_path / "clip.mp4").write_text(text.format(tmp_path / "other.mp4"))
    monkeypatch.setattr(containers.av, "open", lambda *_arguments, **_options: pytest.fail("it was opened"))
    with pytest.raises(ClipError, match=r"clip.mp4 is a list of other files"):
        probe_clip(tmp_path / "clip.mp4")


@pytest.mark.parametrize("last", [0, 300])
def test_a_recording_that_broke_off_is_called_one(tmp_path, last):
    clips.write_clip(tmp_path / "whole.mp4", 12)
    content = (tmp_path / "whole.mp4").read_bytes()
    assert content.index(b"mdat") < content.index(b"moov")
    (tmp_path / "clip.mp4").write_bytes(content[: content.index(b"moov") - 4 - last])
    with pytest.raises(ClipError, match=r"clip.mp4 was never finished: its pictures are there, and the index") as caught:
        probe_clip(tmp_path / "clip.mp4")
    assert "copy it again" in caught.value.hint
    (tmp_path / "noise.mp4").write_bytes(bytes(range(256)) * 40)
    with pytest.raises(ClipError, match="not a video that can be read"):
        probe_clip(tmp_path / "noise.mp4")
