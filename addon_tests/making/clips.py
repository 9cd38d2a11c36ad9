"""Writes real clips with known pictures, good ones and bad ones."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from addon_tests.making.numbered_pictures import HEIGHT, WIDTH, bottom_colours, number_in, picture

__all__ = ["HEIGHT", "NTSC", "WIDTH", "bottom_colours", "number_in", "picture", "write_clip"]

Array = NDArray[Any]

NTSC = Fraction(30000, 1001)


def write_clip(
    path: Path,
    frame_count: int = 12,
    fps: Fraction = NTSC,
    codec: str = "libx264",
    times: Sequence[float] | None = None,
    rotation: int = 0,
    **options: str,
) -> None:
    """Write a clip; the suffix chooses the container.

    Args:
        path: where.
        frame_count: number of frames.
        fps: constant rate.
        codec: libx264 (with B-frames) or any other of FFmpeg.
        times: seconds at which each frame is shown, for a variable rate.
        rotation: by how many degrees clockwise a player has to turn the stored pictures (mp4 and mov).
        options: of the codec.
    """
    turns = rotation // 90
    ticks = 90_000
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps)
        stored = np.rot90(picture(0), turns)
        stream.height, stream.width = stored.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.options = ({"bf": "3", "g": "250", "crf": "12"} if codec == "libx264" else {"qscale": "2"}) | options
        if times is not None:
            stream.time_base = stream.codec_context.time_base = Fraction(1, ticks)
        for number in range(frame_count):
            pixels = np.ascontiguousarray(np.rot90(picture(number), turns))
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            if times is not None:
                frame.pts, frame.time_base = round(times[number] * ticks), Fraction(1, ticks)
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    if rotation:
        set_rotation(path, turns)


def put_behind_itself(clip: Path, frame_count: int, target: Path) -> None:
    """A clip's packets as often as so many frames take, without coding them again."""
    with av.open(str(clip)) as source, av.open(str(target), "w") as container:
        given = source.streams.video[0]
        stream = container.add_stream_from_template(given)
        packets = [packet for packet in source.demux(given) if packet.size]
        step = round(len(packets) / given.average_rate / packets[0].time_base)
        times = [(packet.pts, packet.dts) for packet in packets]
        for turn in range(-(-frame_count // len(packets))):
            for packet, (pts, dts) in zip(packets, times, strict=True):
                packet.pts, packet.dts = pts + turn * step, dts + turn * step
                packet.stream = stream
                container.mux(packet)


def set_rotation(path: Path, quarter_turns_clockwise: int) -> None:
    """Write the turn into the track header's matrix, as phones do (ISO 14496-12, 8.3.2)."""
    content = bytearray(path.read_bytes())
    header = content.index(b"tkhd") + 4
    assert content[header] == 0, "a track header of version 0"
    one, minus_one = 1 << 16, (1 << 32) - (1 << 16)
    # x' = a x + c y, y' = b x + d y
    a, b, c, d = {
        1: (0, one, minus_one, 0),
        2: (minus_one, 0, 0, minus_one),
        3: (0, minus_one, one, 0),
    }[quarter_turns_clockwise]
    matrix = struct.pack(">9I", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    content[header + 40 : header + 76] = matrix
    path.write_bytes(content)


def write_clip_with_wrong_count(path: Path, claimed: int, frame_count: int = 12) -> None:
    """An AVI whose headers claim another number of frames than it has."""
    write_clip(path, frame_count, Fraction(25), codec="mpeg4")
    content = bytearray(path.read_bytes())
    total_frames = content.index(b"avih") + 8 + 16
    length = content.index(b"strh") + 8 + 32
    content[total_frames : total_frames + 4] = content[length : length + 4] = struct.pack("<I", claimed)
    path.write_bytes(content)


def write_clip_cut_short(path: Path, share: float, frame_count: int = 60) -> None:
    """A Matroska clip of which only a share of the bytes is left, as after a full card."""
    write_clip(path, frame_count, g="5", bf="0")
    content = path.read_bytes()
    path.write_bytes(content[: round(len(content) * share)])


def write_clip_without_frames(path: Path) -> None:
    """A clip with a video track and nothing in it."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=24)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        container.start_encoding()


def write_sound_only(path: Path) -> None:
    """Half a second of silence without any picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44_100)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 22_050), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44_100
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)


def write_image(path: Path, pixels: Array) -> None:
    """Write RGB pixels as an image of the suffix's format, whatever letters the path has."""
    done, content = cv2.imencode(path.suffix, np.ascontiguousarray(pixels[..., ::-1]))
    assert done
    path.write_bytes(content.tobytes())


def write_image_folder(folder: Path, numbers: Sequence[int], name: str = "frame{}.png") -> None:
    """Images named by their numbers without leading zeros, each with its number in the picture."""
    folder.mkdir(parents=True)
    # Written backwards, so that the order in which the disk lists them is no help.
    for number in reversed(numbers):
        write_image(folder / name.format(number), picture(number))
