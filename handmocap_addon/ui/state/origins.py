"""What keys are made from, as it is kept with them, so that it can be told whether they are out of date."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import Any

from ...blender.curves.made_from import remember
from .disk import identity_of


def of_fingers(settings: Any) -> dict[str, Any]:
    """Of the finger keys that Apply Fingers would write now."""
    made_with = {"cleanup": asdict(settings.cleanup()), "keys": asdict(settings.key_settings())}
    return _plain({"hands": identity_of(settings.hand_poses_path()), "settings": made_with})


def of_body(settings: Any) -> dict[str, Any]:
    """Of the body keys that Apply Body would write now; hands matter where wrists come from them or arms go to them."""
    wrist = settings.wrist_settings()
    hands = settings.hand_poses_path() if wrist.needs_hands else None
    made_with = {
        "wrist": None if wrist.leaves_body_as_it_is else asdict(wrist),
        "keys": asdict(settings.key_settings()),
        "steady_camera": settings.steady_camera,
    }
    return _plain({"gvhmr": identity_of(settings.gvhmr_path()), "hands": identity_of(hands), "settings": made_with})


def keep(armature: Any, stage: str, origin: dict[str, Any]) -> None:
    """Keep it with the keys, and when they were written."""
    remember(armature, stage, origin | {"at": time.time()})


def _plain(origin: dict[str, Any]) -> dict[str, Any]:
    """As JSON gives it back."""
    plain: dict[str, Any] = json.loads(json.dumps(origin))
    return plain
