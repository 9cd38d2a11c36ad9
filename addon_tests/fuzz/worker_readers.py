"""The readers of clips: small videos and pictures of every kind with changed bytes, decoded to their end."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from addon_tests.fuzz.core_readers import Reader, cached, written
from addon_tests.fuzz.mutations import Random, by_bytes
from addon_tests.making import clips, hostile_clips
from handmocap_addon.worker.video import clip_sha256, probe_clip, read_frames, stored_picture

_SIZE = (48, 32)
_MOST_FRAMES = 200
_LISTS = (
    b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n",
    b"ffconcat version 1.0\nfile '{}'\n",
    b"<?xml version='1.0'?><MPD><BaseURL>{}</BaseURL></MPD>",
    b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
)


def _read_clip(path: Path) -> None:
    clip = probe_clip(path)
    stored_picture(clip)
    for _ in itertools.islice(read_frames(clip, "rgb"), _MOST_FRAMES):
        pass
    clip_sha256(clip)


def _video(suffix: str, codec: str) -> Callable[[], bytes]:
    return lambda: written(lambda path: clips.write_clip(path, 8, codec=codec), f"a.{suffix}")


def _boxes_changed(random: Random, content: bytes) -> bytes:
    """As many changes in the index of an mp4, which is small and lies at its end, as in the rest."""
    at = content.rfind(b"moov")
    if at < 0 or random.random() < 0.5:
        return by_bytes(random, content)
    return content[:at] + by_bytes(random, content[at:])


def _picture(suffix: str) -> bytes:
    pixels = np.random.default_rng(2).integers(0, 255, (_SIZE[1], _SIZE[0], 3)).astype(np.uint8)
    if suffix == "exr":
        return hostile_clips.exr_picture(pixels / 255.0)
    if suffix == "dpx":
        return hostile_clips.dpx_picture(pixels.astype(np.uint16) * 257, 3)
    by_ffmpeg = {"tga": ("targa", "bgr24"), "jp2": ("jpeg2000", "rgb24"), "tif": ("tiff", "rgb24")}
    if suffix in by_ffmpeg:
        return hostile_clips.encoded_picture(by_ffmpeg[suffix][0], pixels, by_ffmpeg[suffix][1])
    if suffix == "jpg":
        return hostile_clips.with_exif_orientation(hostile_clips.jpeg_picture(pixels), 6)
    return bytes(cv2.imencode(f".{suffix}", pixels)[1].tobytes())


def _list(random: Random) -> bytes:
    with tempfile.NamedTemporaryFile() as file:
        name = file.name
    content = _LISTS[int(random.integers(len(_LISTS)))].replace(
        b"{}", str(random.choice((name, "a.mp4", "http://127.0.0.1:9/a.mp4", "pipe:0"))).encode()
    )
    return content if random.random() < 0.3 else by_bytes(random, content)


READERS: dict[str, Reader] = {
    "mp4": Reader(cached(_video("mp4", "libx264"), _boxes_changed), _read_clip, ".mp4", 2),
    "mkv": Reader(cached(_video("mkv", "ffv1"), by_bytes), _read_clip, ".mkv"),
    "avi": Reader(cached(_video("avi", "mpeg4"), by_bytes), _read_clip, ".avi", 0.5),
    "mov": Reader(cached(_video("mov", "mpeg4"), _boxes_changed), _read_clip, ".mov", 0.5),
    "lists of other files": Reader(_list, _read_clip, ".mp4", 0.5),
    **{
        suffix: Reader(cached(lambda suffix=suffix: _picture(suffix), by_bytes), _read_clip, f".{suffix}", 0.5)
        for suffix in ("png", "jpg", "exr", "dpx", "tif", "bmp", "webp", "tga", "jp2")
    },
}  # fmt: skip
