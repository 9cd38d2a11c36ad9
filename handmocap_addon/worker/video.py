"""Clips as frames with true times: video files through FFmpeg (PyAV), or a folder of numbered images.

Frames are counted by decoding, since containers' own counts are often wrong, and the rotation flag of phones is honoured.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
import cv2
import numpy as np

from ..core.errors import ClipError
from .estimators.base import VideoFrame

ChannelOrder = Literal["rgb", "bgr"]
IMAGE_SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".exr"))
# Frame intervals that differ by more than this share of their median make a clip variable in rate; millisecond
# timestamps of Matroska alone make up to 6 % at 60 fps.
_INTERVAL_TOLERANCE = 0.25
_TIMESTAMP_ROUNDING = 0.0011  # seconds
_WHOLE_RATES = (12, 15, 24, 25, 30, 48, 50, 60, 90, 100, 120, 240)
# 24 and 24000/1001 are a thousandth apart; nanosecond frame durations round a rate by far less than this.
_RATE_ROUNDING = Fraction(1, 5000)
_CONVERT_HINT = "convert it with ffmpeg to an H.264 mp4 and choose that"


@dataclass(frozen=True)
class ClipInfo:
    """What is known of a clip before it is decoded. `likely_frame_count` counts packets; decoding may find fewer."""

    path: Path
    is_image_folder: bool
    likely_frame_count: int
    declared_fps: Fraction | None


@dataclass(frozen=True)
class ClipTiming:
    """True times of the decoded frames: seconds from the first frame (N,), and the rate as a fraction."""

    frame_time: np.ndarray
    fps: Fraction
    variable_frame_rate: bool


def probe_clip(path: Path, image_fps: Fraction = Fraction(24)) -> ClipInfo:
    """Look at a clip without decoding it.

    Raises:
        ClipError: no such clip, not a video, or no frames.
    """
    path = Path(path)
    if not path.exists():
        raise ClipError(f"There is no clip {path}", "choose a video file or a folder of images")
    if path.is_dir():
        images = _images_in(path)
        if not images:
            raise ClipError(f"The folder {path} holds no images", "choose a folder of png or jpg frames")
        return ClipInfo(path, True, len(images), image_fps)
    with _opened(path) as container:
        stream = _video_stream(container, path)
        packets = sum(1 for packet in container.demux(stream) if packet.size)
        rate = stream.average_rate or stream.guessed_rate
    if packets == 0:
        raise ClipError(f"{path.name} holds no frames", _CONVERT_HINT)
    return ClipInfo(path, False, packets, Fraction(rate) if rate else None)


def read_frames(clip: ClipInfo, channel_order: ChannelOrder) -> Iterator[VideoFrame]:
    """Decoded, upright frames in the order in which they are shown.

    Raises:
        ClipError: a frame cannot be decoded, or none can.
    """
    frames = _image_frames(clip, channel_order) if clip.is_image_folder else _video_frames(clip, channel_order)
    count = 0
    for frame in frames:
        count += 1
        yield frame
    if count == 0:
        raise ClipError(f"{clip.path.name} holds no frames that can be decoded", _CONVERT_HINT)


def clip_timing(clip: ClipInfo, frame_time: np.ndarray) -> ClipTiming:
    """The clip's rate from its declared rate and the times that its frames really had."""
    declared = clip.declared_fps
    intervals = np.diff(frame_time)
    if len(intervals) == 0 or frame_time[-1] <= 0:
        return ClipTiming(frame_time, _exact_rate(declared or Fraction(24)), False)
    variable = bool(np.abs(intervals - np.median(intervals)).max() > _INTERVAL_TOLERANCE * np.median(intervals))
    measured = len(intervals) / float(frame_time[-1])
    if declared:
        # Matroska rounds each time to a millisecond, which is much of a clip of two frames.
        difference = abs(len(intervals) / float(declared) - float(frame_time[-1]))
        if difference < _TIMESTAMP_ROUNDING + 0.005 * float(frame_time[-1]):
            return ClipTiming(frame_time, _exact_rate(declared), variable)
    return ClipTiming(frame_time, _exact_rate(Fraction(measured)), variable)


def _exact_rate(fps: Fraction) -> Fraction:
    """The standard rate that containers had to round, else the rate with a denominator that is a whole clock's."""
    for whole in _WHOLE_RATES:
        for standard in (Fraction(whole), Fraction(whole * 1000, 1001)):
            if abs(fps - standard) < standard * _RATE_ROUNDING:
                return standard
    return fps.limit_denominator(1001)


def clip_sha256(path: Path) -> str:
    """Hash of a video file, or of a folder's images one after the other."""
    digest = hashlib.sha256()
    for file in _images_in(path) if path.is_dir() else [path]:
        if path.is_dir():
            digest.update(file.name.encode())
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _images_in(folder: Path) -> list[Path]:
    """Images in the order of the numbers in their names: frame2 comes before frame10."""
    images = (path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file())
    visible = (path for path in images if not path.name.startswith("."))
    return sorted(
        visible, key=lambda path: [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", path.name)]
    )


def _image_frames(clip: ClipInfo, channel_order: ChannelOrder) -> Iterator[VideoFrame]:
    fps = clip.declared_fps or Fraction(24)
    size: tuple[int, ...] | None = None
    for index, path in enumerate(_images_in(clip.path)):
        # Read by numpy, since OpenCV cannot open non-ASCII paths on Windows.
        content = np.fromfile(path, dtype=np.uint8)
        pixels = cv2.imdecode(content, cv2.IMREAD_COLOR) if len(content) else None
        if pixels is None:
            raise ClipError(f"{path.name} in {clip.path} cannot be read as an image", "remove it or write it again")
        if size is not None and pixels.shape != size:
            raise ClipError(f"{path.name} has another size than the images before it", "choose images of one size")
        size = pixels.shape
        if channel_order == "rgb":
            pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
        yield VideoFrame(index, float(index / fps), np.ascontiguousarray(pixels))


def _video_frames(clip: ClipInfo, channel_order: ChannelOrder) -> Iterator[VideoFrame]:
    with _opened(clip.path) as container:
        stream = _video_stream(container, clip.path)
        stream.thread_type = "AUTO"
        first_time: float | None = None
        last_time = -1.0
        try:
            for index, frame in enumerate(container.decode(stream)):
                time = float(frame.pts * frame.time_base) if frame.pts is not None else None
                if time is None:
                    time = index / float(clip.declared_fps or 24) + (first_time or 0.0)
                if first_time is None:
                    first_time = time
                # Frames are shown in order; a container with a repeated timestamp must not send time backwards.
                last_time = max(time - first_time, np.nextafter(last_time, np.inf))
                pixels = frame.to_ndarray(format="rgb24" if channel_order == "rgb" else "bgr24")
                yield VideoFrame(index, last_time, _upright(pixels, frame.rotation))
        except av.error.FFmpegError as error:
            if first_time is None:
                raise ClipError(f"{clip.path.name} cannot be decoded ({error.strerror})", _CONVERT_HINT) from error
            # A clip cut short by a full card is still worth its frames up to the cut.


def _upright(pixels: np.ndarray, rotation_degrees: float) -> np.ndarray:
    """FFmpeg gives the counter-clockwise turn that shows the frame upright."""
    quarter_turns = round(rotation_degrees / 90.0) % 4
    return np.ascontiguousarray(np.rot90(pixels, quarter_turns)) if quarter_turns else pixels


def _opened(path: Path) -> Any:
    try:
        return av.open(str(path))
    except (av.error.FFmpegError, OSError) as error:
        raise ClipError(f"{path.name} is not a video that can be read", _CONVERT_HINT) from error


def _video_stream(container: Any, path: Path) -> Any:
    if not container.streams.video:
        raise ClipError(f"{path.name} has no picture in it", "choose a video file or a folder of images")
    return container.streams.video[0]
