"""Where on the timeline a bake takes its samples, as each format's exporter can be asked for them."""

from __future__ import annotations

import math

from .options import BakeOptions


def sampled_frames(suffix: str, options: BakeOptions, first_frame: int, last_frame: int) -> tuple[float, ...]:
    """The places on the timeline that a file of this format gets samples of."""
    whole = range(first_frame, last_frame + 1)
    if options.samples == 1 and suffix != ".abc":
        return tuple(float(frame) for frame in whole)
    start, close = options.shutter
    if suffix == ".abc":
        whole = range(first_frame, last_of_alembic(options, first_frame, last_frame) + 1)
        steps = [start + index * (close - start) / options.samples for index in range(options.samples)]
        return tuple(frame + step for frame in whole for step in steps)
    density = usd_density(options)
    first, last = math.floor(first_frame + start), math.ceil(last_frame + close)
    return tuple(index / density for index in range(first * density, last * density + 1))


def last_of_alembic(options: BakeOptions, first_frame: int, last_frame: int) -> int:
    """Of a single frame the exporter writes one sample, however many are asked for; so it gets the next frame too."""
    return last_frame + 1 if options.samples > 1 and first_frame == last_frame else last_frame


def usd_density(options: BakeOptions) -> int:
    """Samples a frame in USD, whose exporter goes in even steps: as many as lie in the shutter, all round the frame."""
    if options.samples == 1:
        return 1
    start, close = options.shutter
    return math.ceil(options.samples / (close - start) - 1e-6)
