"""Video files as FFmpeg opens them: which stream is the picture, and which frames its packets promise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from ...core.errors import ClipError
from .stored import MOST_PIXELS

CONVERT_HINT = "convert it with ffmpeg to an H.264 mp4 and choose that"
# Text files that name others; their pictures would be read from there.
_LISTS = frozenset(("hls", "concat", "dash", "sdp", "rtsp", "image2", "imf", "ffmetadata"))
# In these every packet is one frame that is shown, so that a packet without a frame is a frame that is lost.
_ONE_FRAME_A_PACKET = frozenset(
    (
        *("h264", "hevc", "vvc", "av1", "libdav1d", "vp9", "mjpeg", "jpeg2000", "png", "apng", "gif"),
        *(
            "prores",
            "dnxhd",
            "cfhd",
            "hap",
            "ffv1",
            "ffvhuff",
            "huffyuv",
            "magicyuv",
            "utvideo",
            "qtrle",
            "v210",
            "rawvideo",
        ),
    )
)
_PROGRESSIVE = (0, 1)  # FFmpeg's unknown and progressive order of fields
# A stream with fewer frames than this share of the longest is not the clip.
_LONG = 0.5
_ERRORS_IN_A_ROW = 200


@dataclass(frozen=True)
class VideoLook:
    """A video file without its frames decoded."""

    stream_index: int
    packet_count: int
    declared_fps: Fraction | None
    shown_pts: np.ndarray | None  # see ClipInfo
    remarks: tuple[str, ...]


@dataclass
class _Counted:
    """The packets of a stream so far."""

    pts: list[int | None] = field(default_factory=list)
    has_grown: bool = True  # decoding times never ran backwards
    stored: int = 0  # with those that are not shown
    last_dts: int | None = None


def opened(path: Path) -> Any:
    """The container of a video file.

    Raises:
        ClipError: not a file, not a video, or a list of other files.
    """
    if not path.is_file():
        raise ClipError(f"{path.name} is no file", "choose a video file or a folder of images")
    try:
        # Neither addresses nor other protocols, whatever the name looks like.
        container = av.open(f"file:{path.absolute()}", options={"protocol_whitelist": "file"})
    except (av.error.FFmpegError, OSError) as error:
        if isinstance(error, PermissionError):
            raise ClipError(f"{path.name} may not be read", "change its permissions or choose a copy") from error
        raise ClipError(f"{path.name} is not a video that can be read", CONVERT_HINT) from error
    if set(container.format.name.split(",")) & _LISTS:
        container.close()
        raise ClipError(f"{path.name} is a list of other files and not a video", "choose the video file itself")
    return container


def look_at_video(path: Path) -> VideoLook:
    """Choose the stream and count its packets.

    Raises:
        ClipError: not a video, no picture in it, or no frames.
    """
    with opened(path) as container:
        streams = [stream for stream in container.streams.video if stream.codec_context is not None]
        if not streams:
            raise ClipError(f"{path.name} has no picture in it", "choose a video file or a folder of images")
        moving = [stream for stream in streams if not _is_still(stream)] or streams
        counted = {stream.index: _Counted() for stream in moving}
        for packet in packets_of(container, moving):
            _count(counted[packet.stream_index], packet)
        stream, remarks = _chosen(path, moving, counted)
        count = counted[stream.index]
        if not count.pts:
            raise ClipError(f"{path.name} holds no frames", CONVERT_HINT)
        width, height = stream.codec_context.width, stream.codec_context.height
        if width * height > MOST_PIXELS:
            raise ClipError(f"{path.name} has pictures of {width} x {height} pixels", "make a smaller copy of it")
        if "mp4" in container.format.name and stream.frames > count.stored:
            remarks.append(
                f"{path.name} is cut short: it should have {stream.frames} frames and the last "
                f"{stream.frames - count.stored} are not in the file"
            )
        rate = stream.average_rate or stream.guessed_rate
        fps = Fraction(rate) if rate else None
        return VideoLook(stream.index, len(count.pts), fps, _shown_pts(stream, count), tuple(remarks))


def packets_of(container: Any, streams: Any) -> Iterator[Any]:
    """All packets with something in them, over places where the file is damaged."""
    for _ in range(_ERRORS_IN_A_ROW):
        try:
            for packet in container.demux(streams):
                if packet.size:
                    yield packet
        except av.error.EOFError:
            return
        except av.error.FFmpegError:
            continue  # The reader stands behind the damage now.
        return


def _is_still(stream: Any) -> bool:
    """A cover, or pictures of a menu."""
    still = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails | av.stream.Disposition.still_image
    return bool(stream.disposition & still)


def _count(count: _Counted, packet: Any) -> None:
    count.stored += 1
    if packet.is_discard:  # outside the edit list
        return
    count.pts.append(packet.pts)
    if packet.dts is not None:
        count.has_grown = count.has_grown and (count.last_dts is None or packet.dts > count.last_dts)
        count.last_dts = packet.dts


def _chosen(path: Path, streams: list[Any], counted: dict[int, _Counted]) -> tuple[Any, list[str]]:
    """The stream that is the clip, and what is to be said where there were several."""
    most = max(len(count.pts) for count in counted.values())
    # A picture of one frame beside a film is its cover, whether it says so or not.
    films = [stream for stream in streams if len(counted[stream.index].pts) >= max(_LONG * most, 2 if most > 1 else 0)]
    context = {stream.index: stream.codec_context for stream in films}

    def rank(stream: Any) -> tuple[bool, int, int]:
        is_default = bool(stream.disposition & av.stream.Disposition.default)
        size = context[stream.index].width * context[stream.index].height
        return is_default, size, len(counted[stream.index].pts)

    chosen = max(films, key=rank)
    if len(films) == 1:
        return chosen, []
    size = f"{context[chosen.index].width} x {context[chosen.index].height}"
    text = f"{path.name} holds {len(films)} pictures beside each other; the one of {size} (stream {chosen.index}) is used"
    return chosen, [text]


def _shown_pts(stream: Any, count: _Counted) -> np.ndarray | None:
    context = stream.codec_context
    if context.name not in _ONE_FRAME_A_PACKET or not count.has_grown or any(pts is None for pts in count.pts):
        return None
    if context.name == "h264" and context.field_order not in _PROGRESSIVE:
        return None  # A packet may be one field of two.
    shown = np.sort(np.array(count.pts, dtype=np.int64))
    return shown if (np.diff(shown) > 0).all() else None
