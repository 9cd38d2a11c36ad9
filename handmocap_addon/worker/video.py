"""Clips as frames with true times: video files through FFmpeg (PyAV), or a folder of numbered images.

Frames are counted by decoding, since containers' own counts are often wrong, and the rotation flag of phones is honoured.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
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


class ClipReader:
    """A clip's upright frames in the order in which they are shown, from any frame on.

    Frames that nobody asked for are decoded, since only that counts them, but not converted, which takes as long again.
    """

    def __init__(
        self, clip: ClipInfo, channel_order: ChannelOrder, kept: int = 0, on_decoded: Callable[[], None] = lambda: None
    ) -> None:
        """`kept` frames may be asked for again without decoding from the start; `on_decoded` is called after every frame."""
        self._clip = clip
        self._channel_order: ChannelOrder = channel_order
        self._on_decoded = on_decoded
        self._kept: deque[_Decoded] = deque(maxlen=kept)
        self._source: Iterator[_Decoded] = iter(())
        self._next: int | None = None  # the source's next frame

    def frames(self, wanted: Iterable[int]) -> Iterator[VideoFrame]:
        """The frames of these growing numbers, as far as the clip has them.

        Raises:
            ClipError: a frame cannot be decoded, or none can.
        """
        numbers = iter(wanted)
        number = next(numbers, None)
        if number is not None and (self._next is None or number < self._next - len(self._kept)):
            self._source = self._decoded()
            self._next = 0
            self._kept.clear()
        for frame in itertools.chain(list(self._kept), self._continued()):
            if number is None:
                return
            if frame.index == number:
                # Before the frame is handed out: whoever has all that he wants asks no more.
                number = next(numbers, None)
                yield VideoFrame(frame.index, frame.time, frame.pixels())
                if number is None:
                    return

    def times(self) -> np.ndarray:
        """Seconds (N,) of all frames from the first."""
        return np.array([frame.time for frame in self._decoded()])

    def _continued(self) -> Iterator[_Decoded]:
        for frame in self._source:
            self._next = frame.index + 1
            self._kept.append(frame)
            yield frame

    def _decoded(self) -> Iterator[_Decoded]:
        source = _decoded_images if self._clip.is_image_folder else _decoded_video
        count = 0
        for frame in source(self._clip, self._channel_order):
            count += 1
            self._on_decoded()
            yield frame
        if count == 0:
            raise ClipError(f"{self._clip.path.name} holds no frames that can be decoded", _CONVERT_HINT)


def read_frames(clip: ClipInfo, channel_order: ChannelOrder) -> Iterator[VideoFrame]:
    """All frames; see `ClipReader.frames`."""
    return ClipReader(clip, channel_order).frames(itertools.count())


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


@dataclass(frozen=True)
class _Decoded:
    """A frame whose pixels (H, W, 3) are made when they are asked for."""

    index: int
    time: float  # seconds from the first frame
    pixels: Callable[[], np.ndarray]


def _decoded_images(clip: ClipInfo, channel_order: ChannelOrder) -> Iterator[_Decoded]:
    fps = clip.declared_fps or Fraction(24)
    paths = _images_in(clip.path)

    @functools.cache
    def shape() -> tuple[int, ...]:
        return _image(paths[0]).shape

    def pixels(path: Path) -> np.ndarray:
        image = _image(path)
        if image.shape != shape():
            raise ClipError(f"{path.name} has another size than the first image", "choose images of one size")
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB) if channel_order == "rgb" else image

    for index, path in enumerate(paths):
        yield _Decoded(index, float(index / fps), functools.partial(pixels, path))


def _image(path: Path) -> np.ndarray:
    # Read by numpy, since OpenCV cannot open non-ASCII paths on Windows.
    content = np.fromfile(path, dtype=np.uint8)
    image = cv2.imdecode(content, cv2.IMREAD_COLOR) if len(content) else None
    if image is None:
        raise ClipError(f"{path.name} in {path.parent} cannot be read as an image", "remove it or write it again")
    return image


def _decoded_video(clip: ClipInfo, channel_order: ChannelOrder) -> Iterator[_Decoded]:
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
                yield _Decoded(index, last_time, functools.partial(_video_pixels, frame, channel_order))
        except av.error.FFmpegError as error:
            if first_time is None:
                raise ClipError(f"{clip.path.name} cannot be decoded ({error.strerror})", _CONVERT_HINT) from error
            # A clip cut short by a full card is still worth its frames up to the cut.


def _video_pixels(frame: Any, channel_order: ChannelOrder) -> np.ndarray:
    return _upright(frame.to_ndarray(format="rgb24" if channel_order == "rgb" else "bgr24"), frame.rotation)


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
