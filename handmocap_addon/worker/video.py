"""Clips as frames with true times: video files through FFmpeg (PyAV), or a folder of numbered images.

Frames are counted by decoding, since containers' own counts are often wrong, and the rotation flag of phones is honoured.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.clip.frame_marks import FrameMark
from ..core.clip.moving_pictures import head_of, is_moving, refuse_moving_webp
from ..core.clip.picture_sequences import is_picture, picture_sequence
from ..core.clip.view_choices import ViewChoice
from ..core.errors import ClipError
from ..core.files.file_hashes import blocks_of
from .clip.containers import CONVERT_HINT, look_at_video
from .clip.frame import DecodedFrame
from .clip.info import ClipInfo
from .clip.picture_frames import decoded_pictures, stored_pictures
from .clip.stored import ChannelOrder, StoredPicture
from .clip.tiff_pages import page_count
from .clip.video_frames import decoded_video, stored_video
from .estimators.base import VideoFrame

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class FrameList:
    """All rows of a clip: seconds from the first (N,), and the `FrameMark`s of each (N,) uint8."""

    time: Array
    marks: Array


def probe_clip(path: Path, image_fps: Fraction = Fraction(24), view: ViewChoice = "auto") -> ClipInfo:
    """Look at a clip without decoding it.

    Raises:
        ClipError: no such clip, not a video, several sequences in a folder, a single file of several pages, or no frames.
    """
    path = Path(path)
    if not path.exists():
        raise ClipError(f"There is no clip {path}", "choose a video file or a folder of images")
    refuse_moving_webp(path)
    if path.is_dir() or (is_picture(path) and path.is_file() and not is_moving(head_of(path))):
        sequence = picture_sequence(path)
        rate = image_fps / sequence.step
        remarks: tuple[str, ...] = ()
        pages = page_count(sequence.present[0])
        if pages > 1 and len(sequence.files) == 1:
            raise ClipError(
                f"{sequence.present[0].name} holds {pages} pictures one behind the other",
                "write them as numbered files and choose their folder",
            )
        if pages > 1:
            remarks += (f"The pictures {sequence.pattern} have {pages} pages each; the first one is read",)
        if sequence.step > 1:
            remarks += (
                f"The numbers of {sequence.pattern} are {sequence.step} apart, so {float(rate):.5g} pictures make a second "
                f"instead of {float(image_fps):.5g}",
            )
        return ClipInfo(path, sequence, len(sequence.files), rate, view, remarks=remarks)
    look = look_at_video(path)
    clip = ClipInfo(
        path,
        None,
        look.packet_count,
        look.declared_fps,
        view,
        look.stream_index,
        look.has_timestamps,
        look.promised,
        look.remarks,
    )
    return replace(clip, is_first_stream=look.is_first_stream)


def stored_picture(clip: ClipInfo) -> StoredPicture:
    """How the clip's pictures are stored, by the first that can be read.

    Raises:
        ClipError: none can.
    """
    return stored_pictures(clip) if clip.is_image_folder else stored_video(clip)


class ClipReader:
    """A clip's upright frames in the order in which they are shown, from any frame on.

    Frames that nobody asked for are decoded, since only that counts them, but not converted, which takes as long again.
    Frames that cannot be read are marked, and black.
    """

    def __init__(
        self, clip: ClipInfo, channel_order: ChannelOrder, kept: int = 0, on_decoded: Callable[[], None] = lambda: None
    ) -> None:
        """`kept` frames may be asked for again without decoding from the start; `on_decoded` is called after every frame."""
        self._clip = clip
        self._channel_order: ChannelOrder = channel_order
        self._on_decoded = on_decoded
        self._kept: deque[DecodedFrame] = deque(maxlen=kept)
        self._source: Iterator[DecodedFrame] = iter(())
        self._next: int | None = None  # the source's next frame

    def frames(self, wanted: Iterable[int]) -> Iterator[VideoFrame]:
        """The frames of these growing numbers, as far as the clip has them.

        Raises:
            ClipError: a frame is of another shape than the first, or none can be decoded.
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
                yield _shown(frame)
                if number is None:
                    return

    def rows(self) -> FrameList:
        """All frames without their pixels, so that a picture whose file is damaged is not known yet."""
        frames = [(frame.time, int(frame.marks)) for frame in self._decoded()]
        times, marks = zip(*frames, strict=True)
        return FrameList(np.array(times), np.array(marks, np.uint8))

    def _continued(self) -> Iterator[DecodedFrame]:
        for frame in self._source:
            self._next = frame.index + 1
            self._kept.append(frame)
            yield frame

    def _decoded(self) -> Iterator[DecodedFrame]:
        source = decoded_pictures if self._clip.is_image_folder else decoded_video
        count = 0
        for frame in source(self._clip, self._channel_order):
            self._on_decoded()
            if self._clip.leaves_out_lost and frame.marks & FrameMark.LOST:
                continue
            yield replace(frame, index=count) if frame.index != count else frame
            count += 1
        if count == 0:
            raise ClipError(f"{self._clip.path.name} holds no frames that can be decoded", CONVERT_HINT)


def read_frames(clip: ClipInfo, channel_order: ChannelOrder) -> Iterator[VideoFrame]:
    """All frames; see `ClipReader.frames`."""
    return ClipReader(clip, channel_order).frames(itertools.count())


def clip_sha256(clip: ClipInfo) -> str:
    """Hash of a video file, or of a folder's images one after the other."""
    digest = hashlib.sha256()
    for file in clip.files():
        if clip.is_image_folder:
            digest.update(file.name.encode(errors="surrogateescape"))
        if file.exists():  # A link may lead nowhere.
            with file.open("rb") as stream:
                for block in blocks_of(stream):
                    digest.update(block)
    return digest.hexdigest()


def _shown(frame: DecodedFrame) -> VideoFrame:
    pixels = frame.pixels()
    if pixels is not None:
        return VideoFrame(frame.index, frame.time, pixels, marks=frame.marks)
    return VideoFrame(frame.index, frame.time, _black(frame.size()), marks=frame.marks | FrameMark.LOST)


@functools.lru_cache(maxsize=2)
def _black(size: tuple[int, int]) -> Array:
    return np.zeros((size[1], size[0], 3), np.uint8)
