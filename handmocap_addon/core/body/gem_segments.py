"""Which frames of GEM-SMPL's result are a video's: it joins videos and motions that are made up from texts."""

from __future__ import annotations

from typing import Any


def video_frames(segments: Any, frame_count: int) -> slice | None:
    """The frames of the one video in a result's `segment_info`, all of them without such a thing; None where it has more."""
    if not isinstance(segments, list | tuple) or not segments:
        return slice(0, frame_count)
    videos = [segment for segment in segments if isinstance(segment, dict) and segment.get("type") == "video"]
    if len(videos) != 1:
        return None
    start, end = (videos[0].get(key) for key in ("start", "end"))
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= frame_count:
        return None
    return slice(start, end)
