"""Where an armature object stands, frame by frame where it moves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..curves.animated_paths import animated_paths
from .posed_frames import posed_frames

Array = NDArray[Any]


def object_places(armature: Any, frames: Array) -> Array:
    """The armature object in the world: (1, 4, 4) where it stands still, else (N, 4, 4) on frames (N,)."""
    if not any(_object_may_move(thing) for thing in _object_and_parents(armature)):
        # Evaluated, since what a hidden armature holds of its own is from when it was last shown.
        return posed_frames(armature, frames[:1]).world
    world = posed_frames(armature, frames).world
    return world[:1] if float(np.ptp(world, axis=0).max()) < 1e-6 * max(1.0, float(np.abs(world).max())) else world


def _object_and_parents(thing: Any) -> Iterator[Any]:
    while thing is not None:
        yield thing
        thing = thing.parent


def _object_may_move(thing: Any) -> bool:
    if any(not constraint.mute for constraint in thing.constraints):
        return True
    if thing.parent is not None and thing.parent_type not in ("OBJECT", "ARMATURE"):
        return True
    return any(not path.startswith(("pose.", "[")) for path in animated_paths(thing))
