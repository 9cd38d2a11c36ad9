"""Channels that a person locked: nothing is written to them."""

from __future__ import annotations

from typing import Any


def is_locked(datablock: Any, data_path: str, index: int, curve: Any | None) -> bool:
    """Whether a channel is locked, by its curve, by the curve's group, or by the locks of its bone or object."""
    if curve is not None and (curve.lock or (curve.group is not None and curve.group.lock)):
        return True
    owner, _, name = data_path.rpartition(".")
    thing = datablock.path_resolve(owner) if owner else datablock
    if name == "location":
        return bool(thing.lock_location[index])
    if name == "rotation_euler":
        return bool(thing.lock_rotation[index])
    if name in ("rotation_quaternion", "rotation_axis_angle"):
        if thing.lock_rotations_4d:
            return bool(thing.lock_rotation_w if index == 0 else thing.lock_rotation[index - 1])
        # Without locks of its own a component is part of one thing.
        return any(thing.lock_rotation)
    return False
