"""Makes `clip.mp4` (H.264) of a clip's rendered frames. Needs PyAV; see render.py.

demo-venv/bin/python -m tools.truth_clips.encode --clip fast_fists --frames frames --out benchmark/fast_fists
"""

from __future__ import annotations

import argparse
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame

from .clip import TruthClip
from .clips import CLIPS
from .frames import frame_path

# x264's constant rate factors: 18 looks like the source, by 26 estimators see the losses.
_RATE_FACTORS = range(18, 27)
_LARGEST_FILE = 250_000  # bytes
_KEY_FRAME_EVERY = 48


def _read_png(path: Path) -> VideoFrame:
    with av.open(str(path)) as picture:
        return next(picture.decode(video=0))


def encode(clip: TruthClip, folder: Path, path: Path, rate_factor: int) -> None:
    """Write the clip from the frames in a folder; every frame must be there in the clip's size.

    Raises:
        ValueError: a frame is missing or has another size.
    """
    missing = [frame for frame in range(clip.frame_count) if not frame_path(folder, frame).is_file()]
    if missing:
        raise ValueError(f"{folder} lacks {len(missing)} of {clip.frame_count} frames: {missing}; render them first")
    width, height = clip.frame_size
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(*clip.fps))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": str(rate_factor), "preset": "veryslow", "g": str(_KEY_FRAME_EVERY)}
        for number in range(clip.frame_count):
            frame = _read_png(frame_path(folder, number))
            if (frame.width, frame.height) != clip.frame_size:
                raise ValueError(f"frame {number} is {frame.width}x{frame.height}, the clip is {width}x{height}")
            # A new frame: one from a file would bring that file's time stamps along.
            container.mux(stream.encode(VideoFrame.from_ndarray(np.asarray(frame.to_ndarray(format="rgb24")))))
        container.mux(stream.encode())


def encode_within(clip: TruthClip, folder: Path, path: Path, largest: int = _LARGEST_FILE) -> int:
    """Write the clip as well as a file of `largest` bytes allows and return the rate factor.

    Raises:
        ValueError: no rate factor makes it small enough, or a frame is missing or has another size.
    """
    for rate_factor in _RATE_FACTORS:
        encode(clip, folder, path, rate_factor)
        if path.stat().st_size <= largest:
            return rate_factor
    raise ValueError(f"{path} is larger than {largest} bytes at rate factor {rate_factor}; render with more samples")


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Make clip.mp4 of a clip's rendered frames.")
    parser.add_argument("--clip", choices=sorted(CLIPS), required=True)
    parser.add_argument("--frames", type=Path, required=True, help="folder of the PNG files")
    parser.add_argument("--out", type=Path, required=True, help="folder for clip.mp4")
    parser.add_argument("--largest", type=int, default=_LARGEST_FILE, help="bytes that the file may have")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "clip.mp4"
    rate_factor = encode_within(CLIPS[options.clip], options.frames, path, options.largest)
    print(f"{path}: {path.stat().st_size} bytes at rate factor {rate_factor}")


if __name__ == "__main__":
    main(sys.argv[1:])
