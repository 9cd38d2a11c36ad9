"""Films that ask for more than is read of one: a sentence before any work, and no gigabytes."""

from __future__ import annotations

import io
import struct
import zlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from addon_tests.making import clips
from handmocap_addon.core.errors import ClipError
from handmocap_addon.worker.clip import containers
from handmocap_addon.worker.clip.stored import MOST_VIDEO_PIXELS
from handmocap_addon.worker.video import probe_clip, read_frames, stored_picture


def png(width: int, height: int) -> bytes:
    """A black picture, packed as small as it can be."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packing = zlib.compressobj(9)
    rows = b"".join(packing.compress(bytes(1 + -(-width // 8))) for _ in range(height)) + packing.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def write_packets(path: Path, codec: str, packets: list[bytes], size: tuple[int, int] = (320, 240)) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=24)
        stream.width, stream.height, stream.pix_fmt = *size, "rgb24" if codec == "png" else "yuvj420p"
        for number, content in enumerate(packets):
            packet = av.Packet(content)
            packet.stream, packet.pts, packet.dts, packet.time_base = stream, number, number, Fraction(1, 24)
            container.mux(packet)


def refusal(path: Path) -> str:
    with pytest.raises(ClipError) as caught:
        stored_picture(probe_clip(path))
    return caught.value.sentence()


def test_pictures_that_are_larger_inside_than_the_container_says_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "clip.mov"
    write_packets(path, "png", [png(9000, 9000)] * 3)
    assert "pictures that are too large" in refusal(path) and "8192 x 8192" in refusal(path)


def test_the_size_of_a_film_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clips.write_clip(tmp_path / "clip.mp4", 3)
    monkeypatch.setattr(containers, "MOST_VIDEO_PIXELS", clips.WIDTH * clips.HEIGHT - 1)
    assert f"has pictures of {clips.WIDTH} x {clips.HEIGHT} pixels" in refusal(tmp_path / "clip.mp4")
    monkeypatch.setattr(containers, "MOST_VIDEO_PIXELS", clips.WIDTH * clips.HEIGHT)
    assert len(list(read_frames(probe_clip(tmp_path / "clip.mp4"), "rgb"))) == 3
    assert MOST_VIDEO_PIXELS == 8192 * 8192


def test_a_gif_of_the_largest_size_is_refused(tmp_path: Path) -> None:
    part = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    screen = struct.pack("<HHBBB", 65_535, 65_535, 0xF0, 0, 0) + bytes(6)
    (tmp_path / "clip.gif").write_bytes(b"GIF89a" + screen + part * 2 + b";")
    assert "too large" in refusal(tmp_path / "clip.gif")


@pytest.mark.parametrize("name", ["clip.mp4", "clip.psd", "clip.heic"])
def test_a_picture_under_another_name_is_no_film(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(png(64, 48))
    assert "is not a video" in refusal(tmp_path / name)


def test_more_frames_than_the_hands_file_may_have_are_refused_while_they_are_counted(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(containers, "MOST_FRAMES", 20)
    clips.write_clip(tmp_path / "clip.mp4", 20)
    assert probe_clip(tmp_path / "clip.mp4").likely_frame_count == 20
    clips.write_clip(tmp_path / "clip.mp4", 21)
    assert refusal(tmp_path / "clip.mp4").startswith("clip.mp4 has more than 20 frames")


def test_an_index_that_says_millions_of_frames_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "clip.mp4"
    clips.write_clip(path, 8)
    content = bytearray(path.read_bytes())
    struct.pack_into(">II", content, content.index(b"stsz") + 8, 1, 50_000_000)
    path.write_bytes(content)
    monkeypatch.setattr(containers.av, "open", lambda *_arguments, **_options: pytest.fail("it was opened"))
    assert "says that it has 50000000 frames" in refusal(path)


def test_a_film_of_very_many_streams_is_refused(tmp_path: Path) -> None:
    many = io.BytesIO()
    with av.open(many, "w", format="matroska") as container:
        streams = [container.add_stream("mjpeg", rate=24) for _ in range(210)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 16, 16, "yuvj420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24").reformat(format="yuvj420p")
        for stream in streams[:2]:
            container.mux([*stream.encode(frame), *stream.encode(None)])
    (tmp_path / "clip.mkv").write_bytes(many.getvalue())
    assert refusal(tmp_path / "clip.mkv").startswith("clip.mkv holds more than 200 streams")


def test_a_decoder_of_large_pictures_has_fewer_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "usable_cores", lambda: 64)
    threads = {}
    for width, height in ((1920, 1080), (7680, 4320), (8192, 8192)):
        context = av.CodecContext.create("h264", "r")
        context.width, context.height = width, height
        threads[width] = containers.limited(type("Stream", (), {"codec_context": context})()).codec_context.thread_count
    assert threads == {1920: 0, 7680: 4, 8192: 1}
