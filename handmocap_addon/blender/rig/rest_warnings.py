"""What cannot be known of how an armature rests."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .armatures import RigMap


def rest_warnings(armature: Any, rig: RigMap, joints: Collection[str]) -> tuple[str, ...]:
    """A sentence where some of these joints rest otherwise than in the T-pose and positions do not say all about it."""
    unsure = [joint for joint in rig.rest.unsure if joint in joints]
    if not unsure:
        return ()
    others = f" and {len(unsure) - 1} more" if len(unsure) > 1 else ""
    return (
        f"{armature.name} does not rest in a T-pose, and how far {unsure[0]}{others} are twisted there cannot be known from "
        "where its joints lie; look at them, or rest the armature in a T-pose.",
    )
