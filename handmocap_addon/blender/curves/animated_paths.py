"""What of a datablock is animated: by its action, by strips, by drivers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..version_differences import channelbag


def animated_paths(datablock: Any) -> Iterator[str]:
    """The data paths of all curves and drivers that may change a datablock, muted ones too."""
    animation = datablock.animation_data
    if animation is None:
        return
    yield from (driver.data_path for driver in animation.drivers)
    actions = [(animation.action, animation.action_slot)] if animation.action is not None else []
    actions += [
        (strip.action, strip.action_slot)
        for track in animation.nla_tracks
        for strip in track.strips
        if strip.action is not None
    ]
    for action, slot in actions:
        bag = channelbag(action, slot)
        yield from (curve.data_path for curve in bag.fcurves) if bag is not None else ()
