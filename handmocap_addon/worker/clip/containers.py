"""Video files as FFmpeg opens them: which stream is the picture, and which frames its packets promise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from ...core.clip.mp4_boxes import samples_beyond_reason
from ...core.errors import ClipError
from ...core.hands.hand_poses import MOST_FRAMES
from ..threads.cores import usable_cores
from .info import PromisedFrames
from .stored import MOST_VIDEO_PIXELS

Array = NDArray[Any]

CONVERT_HINT = "convert it with ffmpeg to an H.264 mp4 and choose that"
# Containers of films alone: FFmpeg also opens pictures, texts that name other files, games' files, devices and addresses.
_FORMATS = (
    "mov,matroska,avi,mpegts,mpeg,mpegvideo,mxf,flv,asf,ogg,ivf,nut,gif,apng,dv,h264,hevc,vvc,av1,obu,m4v,mjpeg,vc1,dnxhd,"
    "yuv4mpegpipe,gxf,wtv,rm"
)
_MOST_STREAMS = 200
# An mp4's top has a handful of kinds of boxes; more are noise.
_MOST_BOX_KINDS = 32
_LIMITS = {"max_pixels": str(MOST_VIDEO_PIXELS), "max_streams": str(_MOST_STREAMS + 1)}
_TOO_LARGE = f"the most is {MOST_VIDEO_PIXELS / 1e6:.0f} million pixels, as 8192 x 8192"
# What a decoder holds of pictures, one on each of its threads and some that others lean on.
_MOST_HELD_BYTES = 1 << 30
_BYTES_A_PIXEL, _LEANT_ON, _MOST_THREADS = 3, 6, 16
_HEAD = 1 << 14
_LISTS_OF_XML = (b"<MPD", b"CompositionPlaylist")
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
# These have the time of showing of every packet, and lose none.
_EXACT = frozenset(("mov", "mp4", "matroska", "webm", "gif", "apng", "mpegts", "flv"))
# By how much the intervals of a constant rate may differ, and how many of them may be others.
_REGULAR = 0.1
# Seconds, and a share, by which a clip may be shorter than its file says.
_SHORT_SECONDS, _SHORT = 0.5, 0.02
_PROGRESSIVE = (0, 1)  # FFmpeg's unknown and progressive order of fields
# A stream with fewer frames than this share of the longest is not the clip.
_LONG = 0.5
_ERRORS_IN_A_ROW = 200


@dataclass(frozen=True)
class VideoLook:
    """A video file without its frames decoded."""

    stream_index: int
    is_first_stream: bool  # of the pictures in the file, covers counted
    packet_count: int
    declared_fps: Fraction | None
    promised: PromisedFrames | None
    has_timestamps: bool  # of showing
    remarks: tuple[str, ...]


@dataclass
class _Counted:
    """The packets of a stream so far."""

    pts: list[int | None] = field(default_factory=list)
    has_grown: bool = True  # decoding times never ran backwards
    stored: int = 0  # with those that are not shown
    last_dts: int | None = None
    is_damaged: bool = False  # the container itself, so that packets may be gone


def opened(path: Path) -> Any:
    """The container of a video file.

    Raises:
        ClipError: not a file, not a video, or a list of other files.
    """
    if not path.is_file():
        raise ClipError(f"{path.name} is no file", "choose a video file or a folder of images")
    if _is_list(path):
        raise _no_list(path)
    try:
        # Neither addresses nor other protocols, whatever the name looks like.
        _refuse_beyond_reason(path)
        # FFmpeg decodes a little to know what it has opened.
        options = {"protocol_whitelist": "file", "format_whitelist": _FORMATS, **_LIMITS}
        container = av.open(f"file:{path.absolute()}", options=options, metadata_errors="replace")
    except (av.error.FFmpegError, OSError) as error:
        if isinstance(error, PermissionError):
            raise ClipError(f"{path.name} may not be read", "change its permissions or choose a copy") from error
        if _lacks_its_index(path):
            raise ClipError(
                f"{path.name} was never finished: its pictures are there, and the index of them (moov) is not",
                "copy it again from where it was recorded, or have it mended by a program for broken recordings",
            ) from error
        raise ClipError(f"{path.name} is not a video that can be read", CONVERT_HINT) from error
    if len(container.streams) > _MOST_STREAMS:
        container.close()
        raise ClipError(f"{path.name} holds more than {_MOST_STREAMS} streams", CONVERT_HINT)
    return container


def _lacks_its_index(path: Path) -> bool:
    """Whether an mp4 or mov has boxes of pictures and none that says where each lies, as one that broke off."""
    kinds: set[bytes] = set()
    try:
        with path.open("rb") as stream:
            length, at = path.stat().st_size, 0
            while at + 8 <= length and len(kinds) < _MOST_BOX_KINDS:
                stream.seek(at)
                head = stream.read(16)
                size, kind = int.from_bytes(head[:4], "big"), head[4:8]
                kinds.add(kind)
                if size == 1:
                    size = int.from_bytes(head[8:16], "big")
                if size < 8:
                    break  # up to the file's end, or damaged
                at += size
    except OSError:
        return False
    return b"ftyp" in kinds and b"mdat" in kinds and not kinds & {b"moov", b"moof"}


def limited(stream: Any) -> Any:
    """A stream whose decoder makes no larger pictures than are read, and holds no more of them than a gigabyte or so."""
    context = stream.codec_context
    context.options = {**context.options, "max_pixels": _LIMITS["max_pixels"]}
    held = _MOST_HELD_BYTES // (_BYTES_A_PIXEL * max(context.width * context.height, 1))
    if held - _LEANT_ON < _MOST_THREADS:
        context.thread_count = max(min(held - _LEANT_ON, usable_cores()), 1)
    return stream


def _refuse_beyond_reason(path: Path) -> None:
    count = samples_beyond_reason(path)
    if count is not None:
        raise ClipError(f"{path.name} says that it has {count} frames or sounds, more than are read", CONVERT_HINT)


def _is_list(path: Path) -> bool:
    """Whether a file begins as the lists do whose files FFmpeg opens before it can be asked what it has opened."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD).lstrip(b"\xef\xbb\xbf \t\r\n")
    except OSError:
        return False  # opening it says why
    return head.startswith((b"#EXTM3U", b"ffconcat")) or (
        head.startswith(b"<") and any(name in head for name in _LISTS_OF_XML)
    )


def _no_list(path: Path) -> ClipError:
    return ClipError(f"{path.name} is a list of other files and not a video", "choose the video file itself")


def look_at_video(path: Path) -> VideoLook:
    """Choose the stream and count its packets.

    Raises:
        ClipError: not a video, no picture or only a cover in it, or no frames.
    """
    with opened(path) as container:
        streams = [stream for stream in container.streams.video if stream.codec_context is not None]
        if not streams:
            raise ClipError(f"{path.name} has no picture in it", "choose a video file or a folder of images")
        moving = [stream for stream in streams if not _is_still(stream)]
        if not moving:
            raise ClipError(f"{path.name} holds a cover and no film", "choose a video file or a folder of images")
        counted = {stream.index: _Counted() for stream in moving}
        damage: list[int] = []
        for packet in packets_of(container, moving, lambda: damage.append(1)):
            _count(counted[packet.stream_index], packet)
            if counted[packet.stream_index].stored > MOST_FRAMES:
                raise ClipError(f"{path.name} has more than {MOST_FRAMES} frames", "cut it into shorter clips")
        stream, remarks = _chosen(path, moving, counted)
        count = counted[stream.index]
        count.is_damaged = count.is_damaged or bool(damage)
        if not count.pts:
            raise ClipError(f"{path.name} holds no frames", CONVERT_HINT)
        _refuse_too_large(path, stream.codec_context)
        remarks += _shortfalls(path, container, stream, count)
        rate = stream.average_rate or stream.guessed_rate
        fps = Fraction(rate) if rate else None
        promised = _promised(container, stream, count)
        if promised is not None and not count.is_damaged:
            remarks += _holes(path, promised.pts, float(stream.time_base))
        has_timestamps = not _has_order_of_decoding(container, stream)
        is_first = stream.index == container.streams.video[0].index
        return VideoLook(stream.index, is_first, len(count.pts), fps, promised, has_timestamps, tuple(remarks))


def _refuse_too_large(path: Path, context: Any) -> None:
    width, height = context.width, context.height
    # FFmpeg gives no size for what is beyond the limit that it was told.
    size = f"of {width} x {height} pixels" if width and height else "that are too large, or of no size"
    if width * height > MOST_VIDEO_PIXELS or not width or not height:
        raise ClipError(f"{path.name} has pictures {size}; {_TOO_LARGE}", "make a smaller copy of it")


def packets_of(container: Any, streams: Any, on_damage: Callable[[], None] = lambda: None) -> Iterator[Any]:
    """All packets with something in them, over places where the file is damaged."""
    for _ in range(_ERRORS_IN_A_ROW):
        try:
            for packet in container.demux(streams):
                if packet.size:
                    yield packet
        except av.error.EOFError:
            return
        except av.error.FFmpegError:
            on_damage()
            continue  # The reader stands behind the damage now.
        return


def _is_still(stream: Any) -> bool:
    """A cover, or pictures of a menu."""
    return bool(stream.disposition & (av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails))


def _count(count: _Counted, packet: Any) -> None:
    count.stored += 1
    if packet.is_discard:  # outside the edit list
        return
    count.pts.append(packet.pts)
    count.is_damaged = count.is_damaged or packet.is_corrupt
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
    named = {index: f"{one.width} x {one.height} (stream {index})" for index, one in context.items()}
    others = " and ".join(name for index, name in named.items() if index != chosen.index)
    text = f"{path.name} holds {len(films)} pictures beside each other; {named[chosen.index]} is used, and {others} is not"
    return chosen, [text]


def _promised(container: Any, stream: Any, count: _Counted) -> PromisedFrames | None:
    context = stream.codec_context
    if not count.has_grown or any(pts is None for pts in count.pts) or not count.pts:
        return None
    shown = np.sort(np.array(count.pts, dtype=np.int64))
    if not (np.diff(shown) > 0).all():
        return None
    if _has_order_of_decoding(container, stream):
        return None
    # A packet may be one field of two.
    is_whole = context.name != "h264" or context.field_order in _PROGRESSIVE
    is_certain = is_whole and context.name in _ONE_FRAME_A_PACKET and bool(_EXACT & set(container.format.name.split(",")))
    if not count.is_damaged:
        return PromisedFrames(shown, np.zeros(len(shown), bool), is_certain)
    return PromisedFrames(*_with_holes_filled(shown), is_certain)


def _has_order_of_decoding(container: Any, stream: Any) -> bool:
    """AVI tells when a packet is decoded, which is another order where pictures lean on later ones."""
    context = stream.codec_context
    return container.format.name == "avi" and (context.name in ("h264", "hevc", "vvc") or bool(context.reorder_depth))


def _with_holes_filled(shown: Array) -> tuple[Array, Array]:
    """Timestamps (P,) of a constant rate with those that are missing between them, and which those are."""
    nothing = shown, np.zeros(len(shown), bool)
    if len(shown) < 3:
        return nothing
    intervals = np.diff(shown)
    usual = float(np.median(intervals))
    counts = np.round(intervals / usual).astype(int)
    is_regular = np.abs(intervals - usual) < _REGULAR * usual
    missing = int((counts - 1).clip(0).sum())
    if is_regular.mean() < 1.0 - _REGULAR or not 0 < missing <= 0.5 * len(shown):
        return nothing
    filled = [
        before + np.round(np.arange(1, steps) * interval / steps).astype(np.int64)
        for before, interval, steps in zip(shown[:-1], intervals, counts, strict=True)
        if steps > 1
    ]
    pts = np.sort(np.concatenate((shown, *filled)))
    return pts, ~np.isin(pts, shown)


def _holes(path: Path, shown: Array, time_base: float) -> list[str]:
    """Where a clip of constant rate has a hole, by damage that cannot be seen or since its camera left frames out."""
    pts, is_missing = _with_holes_filled(shown)
    missing = int(is_missing.sum())
    if missing == 0:
        return []
    first = (float(pts[is_missing][0]) - float(shown[0])) * time_base
    count = "1 frame is" if missing == 1 else f"{missing} frames are"
    return [f"{count} missing in {path.name}, from {first:.2f} s; the others are at their own times"]


def _shortfalls(path: Path, container: Any, stream: Any, count: _Counted) -> list[str]:
    """What a file says that it has and has not."""
    if stream.frames > count.stored:
        return [f"{path.name} should have {stream.frames} frames and only {count.stored} are found in it"]
    seconds = [float(pts * stream.time_base) for pts in count.pts if pts is not None]
    promised = _promised_seconds(container, stream)
    if not seconds or promised is None:
        return []
    length = max(seconds) - min(seconds)
    missing = promised - length - length / max(len(seconds) - 1, 1)
    if missing <= _SHORT_SECONDS or missing <= _SHORT * promised:
        return []
    return [f"{path.name} should be {promised:.2f} seconds long and ends after {length:.2f}"]


def _promised_seconds(container: Any, stream: Any) -> float | None:
    if stream.duration is not None:
        return float(stream.duration * stream.time_base)
    if container.duration is None or len(container.streams) > 1:  # Sound may be longer.
        return None
    return float(container.duration) / av.time_base
