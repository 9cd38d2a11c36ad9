"""Whether an armature's keys are still those of a moment ago."""

from __future__ import annotations

import hashlib
from typing import Any

from ..curves.key_arrays import read_keys
from ..curves.plain_curves import bones_in_path
from ..curves.tool_actions import find_tool_action
from ..rig.finger_target import finger_bones
from .corrections_store import CORRECTIONS_PROPERTY


def keys_digest(armature: Any | None, of_fingers: bool) -> str:
    """Of the finger keys, or of all others, and of what was said about the hands, in the tool's action of an armature.

    "" where there are none.
    """
    place = find_tool_action(armature) if armature is not None else None
    bag = place.channelbag() if place is not None else None
    if place is None or bag is None:
        return ""
    fingers = set(finger_bones(armature).values())
    digest = hashlib.blake2b(str(place.action.get(CORRECTIONS_PROPERTY, "")).encode(), digest_size=16)
    for curve in bag.fcurves:
        if any(bone in fingers for bone in bones_in_path(curve.data_path)) == of_fingers:
            digest.update(f"{curve.data_path} {curve.array_index}".encode())
            for values in read_keys(curve).values():
                digest.update(values.tobytes())
    return digest.hexdigest()
