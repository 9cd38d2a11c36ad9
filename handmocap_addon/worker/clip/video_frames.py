"""A video's frames in the order in which they are shown, with those that damage has taken away as rows of their own."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Generator, Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from ...core.clip.frame_marks import FrameMark
from ...core.errors import ClipError
from .containers import CONVERT_HINT, limited, opened, packets_of
from .frame import DecodedFrame, no_pixels
from .info import ClipInfo
from .orientation import orientation_of_frame
from .stored import ChannelOrder, StoredPicture, plausible_aspect, upright_pixels
from .timing import Clock
from .views import view_of_video

Array = NDArray[Any]

# Pictures whose sides are in proportion to this much are the same picture in another size.
_SAME_SHAPE = 0.02
_LONGEST_LOSS = 10_000  # frames


def decoded_video(clip: ClipInfo, channel_order: ChannelOrder) -> Iterator[DecodedFrame]:
    """All rows of a clip; a frame that the decoder calls damaged is lost like one that it does not give.

    Raises:
        ClipError: not a video.
    """
    clock, losses = Clock(clip.declared_fps), _Losses(clip)
    stored: StoredPicture | None = None
    index, is_smeared = 0, False
    for frame, stream in _frames_and_errors(clip):
        if frame is None:
            losses.count_error()
            is_smeared = True
            continue
        if stored is None:
            stored = _stored(frame, stream, clip)
        size = functools.partial(_size_of, stored)
        timestamp = float(frame.pts * stream.time_base) if frame.pts is not None and clip.has_timestamps else None
        missed = losses.before(frame.pts, timestamp, float(stream.time_base))
        if missed is None:
            is_smeared = True
            continue
        for lost_at in missed:
            time, _ = clock.shown_at(lost_at)
            yield DecodedFrame(index, time, size, no_pixels, FrameMark.LOST)
            index += 1
        time, is_made_up = clock.shown_at(timestamp)
        marks = _marks(frame, stored, is_made_up and timestamp is not None)
        is_smeared = (is_smeared or bool(missed) or frame.is_corrupt) and (frame.is_corrupt or not frame.key_frame)
        if is_smeared and not marks & FrameMark.LOST:
            marks |= FrameMark.SMEARED
        pixels = functools.partial(_pixels, frame, stored, channel_order, clip, index)
        yield DecodedFrame(index, time, size, no_pixels if marks & FrameMark.LOST else pixels, marks)
        index += 1
    if stored is not None:
        for lost_at in losses.at_the_end():
            time, _ = clock.shown_at(lost_at)
            yield DecodedFrame(index, time, functools.partial(_size_of, stored), no_pixels, FrameMark.LOST)
            index += 1


def stored_video(clip: ClipInfo) -> StoredPicture:
    """How the first frame that can be decoded is stored.

    Raises:
        ClipError: none can.
    """
    with contextlib.closing(_frames_and_errors(clip)) as frames:
        for frame, stream in frames:
            if frame is not None:
                return _stored(frame, stream, clip)
    raise ClipError(f"{clip.path.name} holds no frames that can be decoded", CONVERT_HINT)


def _frames_and_errors(clip: ClipInfo) -> Generator[tuple[Any, Any], None, None]:
    """Decoded frames, or None for a packet that the decoder refuses, with the stream."""
    # Only where packets tell how many frames there are can it be seen what threads lose.
    on_threads = clip.promised is not None
    last: int | None = None
    for frame, stream in _decoded_once(clip, "AUTO" if on_threads else "SLICE"):
        if frame is not None and frame.pts is not None:
            last = frame.pts if last is None else max(last, frame.pts)
        yield frame, stream
    if clip.promised is not None and (last is None or last < clip.promised.pts[-1]):
        # Decoders on threads give up all that they still hold at the first damaged packet of the last ones.
        for frame, stream in _decoded_once(clip, "NONE"):
            if frame is None or last is None or (frame.pts is not None and frame.pts > last):
                yield frame, stream


def _decoded_once(clip: ClipInfo, thread_type: str) -> Iterator[tuple[Any, Any]]:
    with opened(clip.path) as container:
        stream = limited(container.streams[clip.stream_index])
        stream.thread_type = thread_type
        for packet in packets_of(container, stream):
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                yield None, stream
                continue
            for frame in frames:
                yield frame, stream
        try:
            frames = stream.decode(None)
        except av.error.FFmpegError:
            yield None, stream
            return
        for frame in frames:
            yield frame, stream


class _Losses:
    """Which frames never came, told by the packets' timestamps or, where those do not tell, by errors and gaps."""

    def __init__(self, clip: ClipInfo) -> None:
        promised = clip.promised
        self._expected = None if promised is None else promised.pts
        self._is_missing = None if promised is None else promised.is_missing
        self._is_certain = promised is not None and promised.is_certain
        self._time_base = 1.0
        self._interval = 1.0 / float(clip.declared_fps or Fraction(24))
        self._next = 0  # among the expected
        self._errors = 0  # since the last frame
        self._started = False
        self._last: float | None = None  # seconds by the container

    def count_error(self) -> None:
        """A packet was refused."""
        self._errors += 1

    def before(self, pts: int | None, timestamp: float | None, time_base: float) -> list[float | None] | None:
        """Timestamps in seconds of the frames between the last one and this, which is at `timestamp` by the container.

        None for a frame that no packet promised: decoders make some up where frames are missing.
        """
        self._time_base = time_base
        if self._expected is not None and not self._is_expected(pts):
            if self._started:
                self._errors += 1
                return None
            # This decoder has other timestamps than the container; nothing more can be told from packets.
            self._expected = None
        lost = self._by_packets(pts) if self._expected is not None and pts is not None else self._by_errors(timestamp)
        self._errors, self._started, self._last = 0, True, timestamp
        return lost

    def at_the_end(self) -> list[float | None]:
        """Timestamps in seconds of the frames behind the last one."""
        if self._expected is None:
            return [None] * self._errors
        return self._seconds(slice(self._next, None))

    def _is_expected(self, pts: int | None) -> bool:
        assert self._expected is not None
        if pts is None:
            return False
        place = int(np.searchsorted(self._expected, pts))
        return self._next <= place < len(self._expected) and int(self._expected[place]) == pts

    def _by_packets(self, pts: int) -> list[float | None]:
        assert self._expected is not None
        place = int(np.searchsorted(self._expected, pts))
        missed = slice(self._next, place)
        self._next = place + 1
        if not self._started and not self._errors:
            # A clip cut out of another begins with frames that lean on what was before; no reader shows them.
            return []
        return self._seconds(missed)

    def _seconds(self, missed: slice) -> list[float | None]:
        """Timestamps of those among the promised frames that are lost for certain."""
        assert self._expected is not None
        assert self._is_missing is not None
        is_lost = self._is_missing[missed] | (self._is_certain or self._errors > 0)
        return [float(pts) * self._time_base for pts in self._expected[missed][is_lost]]

    def _by_errors(self, timestamp: float | None) -> list[float | None]:
        if not self._errors or not self._started:
            return []
        if timestamp is None or self._last is None:
            return [None] * self._errors
        count = round((timestamp - self._last) / self._interval) - 1
        if count > _LONGEST_LOSS:
            return []  # a damaged time, and no hour of frames that were there
        return [self._last + (timestamp - self._last) * (row + 1) / (count + 1) for row in range(max(count, 0))]


def _stored(frame: Any, stream: Any, clip: ClipInfo) -> StoredPicture:
    aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio
    return StoredPicture(
        (frame.width, frame.height),
        plausible_aspect(Fraction(aspect) if aspect else None),
        orientation_of_frame(frame),
        view_of_video(clip.view, int(frame.color_trc)),
    )


def _size_of(stored: StoredPicture) -> tuple[int, int]:
    return stored.size


def _marks(frame: Any, stored: StoredPicture, is_made_up: bool) -> FrameMark:
    marks = FrameMark.LOST if frame.is_corrupt else FrameMark.PLAIN
    if (frame.width, frame.height) != stored.stored_size:
        marks |= FrameMark.RESIZED
    if frame.interlaced_frame:
        marks |= FrameMark.INTERLACED
    return marks | FrameMark.RETIMED if is_made_up else marks


def _pixels(frame: Any, stored: StoredPicture, channel_order: ChannelOrder, clip: ClipInfo, index: int) -> Array:
    width, height = stored.stored_size
    if abs(frame.width * height - frame.height * width) > _SAME_SHAPE * width * frame.height:
        raise ClipError(
            f"Frame {index + 1} of {clip.path.name} has {frame.width} x {frame.height} pixels and the first one "
            f"{width} x {height}",
            "cut the clip where its shape changes, or convert it to one size",
        )
    return upright_pixels(frame, stored, channel_order)
