"""A movie that Blender shows as the worker reads the clip: upright, in square pixels, a picture on each timeline frame."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from ...core.clip.proxy_request import LONGER_SIDE, ProxyRequest
from ...core.errors import ClipError
from ...core.files.atomic_files import ensure_output_folder, replacing
from ..clip.info import ClipInfo
from ..events import Cancellation, EventWriter
from ..video import ClipReader

Array = NDArray[Any]

# A key frame this often, so that a jump to any frame is quick.
_KEY_INTERVAL = 12
# How bright a picture is that stands for one that could not be read.
_LOST_BRIGHTNESS = 0.35
# RGB becomes YUV by BT.601 here, and Blender reads a movie by what its stream says. (By H.273: matrix, and the rest.)
_BT601, _BT709 = 6, 1


def make_proxy(clip: ClipInfo, request: ProxyRequest, target: Path, events: EventWriter, cancellation: Cancellation) -> int:
    """Write the proxy in one step and return its frame count; what is there already is kept, as its name tells its content.

    Raises:
        ClipError: a frame cannot be read, or the clip lacks the frames that are asked for.
        OutputError, CancelledError: nothing was written.
    """
    if target.is_file():
        events.log(f"{target.name} is there already and is used again")
        return len(request.times)
    ensure_output_folder(target.parent)
    rows = _rows(clip, request, cancellation)
    with replacing(target) as temporary:
        _write(temporary, request.frames_per_second(), _pictures(clip, request, rows, cancellation), events, len(rows))
    return len(rows)


def _rows(clip: ClipInfo, request: ProxyRequest, cancellation: Cancellation) -> Array:
    """The clip's frame (M,) that is shown on each of the proxy's, by their times."""
    times = ClipReader(clip, "rgb", on_decoded=cancellation.check).rows().time
    wanted = np.asarray(request.times)
    after = np.clip(np.searchsorted(times, wanted), 1, max(len(times) - 1, 1))
    nearest = np.where(
        np.abs(times[np.minimum(after, len(times) - 1)] - wanted) < np.abs(wanted - times[after - 1]), after, after - 1
    )
    rows: Array = np.minimum(nearest, len(times) - 1)
    interval = float(np.median(np.diff(times))) if len(times) > 1 else 1.0
    if np.abs(times[rows] - wanted).max() > interval:
        raise ClipError(f"{clip.path.name} has not the frames of the hands", "estimate the hands of this clip again")
    return rows


def _pictures(clip: ClipInfo, request: ProxyRequest, rows: Array, cancellation: Cancellation) -> Iterator[Array]:
    """Pictures (H, W, 3) RGB, in the order of the proxy's frames."""
    frames = ClipReader(clip, "rgb", on_decoded=cancellation.check).frames(np.unique(rows).tolist())
    lost_rows = {int(row) for row, is_lost in zip(rows, request.lost, strict=True) if is_lost}
    shown = last = None
    frame_of: int | None = None
    for row in rows.tolist():
        while frame_of != row:
            frame = next(frames, None)
            if frame is None:
                raise ClipError(f"{clip.path.name} ends before frame {row + 1}", "estimate the hands of this clip again")
            frame_of = frame.index
            if frame_of in lost_rows:
                # What was last seen, darkened: nobody takes it for the picture of this frame.
                shown = (_at_size(frame.pixels) * 0 if last is None else last * _LOST_BRIGHTNESS).astype(np.uint8)
            else:
                shown = last = _at_size(frame.pixels)
        assert shown is not None
        yield shown


def _at_size(pixels: Array) -> Array:
    """No longer than a proxy's side, and of even width and height, as its codec wants it."""
    height, width = pixels.shape[:2]
    scale = min(1.0, LONGER_SIDE / max(height, width))
    size = tuple(max(2, round(side * scale / 2.0) * 2) for side in (width, height))
    return pixels if size == (width, height) else cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def _write(path: Path, fps: Fraction, pictures: Iterator[Array], events: EventWriter, count: int) -> None:
    with av.open(str(path), "w", format="mov") as container:
        stream: Any = None
        for number, pixels in enumerate(pictures):
            if stream is None:
                stream = _stream(container, fps, pixels.shape[1], pixels.shape[0])
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, 1 / fps
            for packet in stream.encode(frame):
                container.mux(packet)
            events.progress("Proxy", number + 1, count)
        for packet in stream.encode(None):
            container.mux(packet)


def _stream(container: Any, fps: Fraction, width: int, height: int) -> Any:
    has_h264 = "libx264" in av.codecs_available
    stream = container.add_stream("libx264" if has_h264 else "mjpeg", rate=fps)
    stream.width, stream.height = width, height
    stream.pix_fmt = "yuv420p" if has_h264 else "yuvj420p"
    if has_h264:
        stream.options = {"crf": "16", "preset": "veryfast", "bf": "0", "g": str(_KEY_INTERVAL)}
    else:
        stream.options = {"qscale": "3"}
    context = stream.codec_context
    context.colorspace, context.color_primaries, context.color_trc = _BT601, _BT709, _BT709
    return stream
