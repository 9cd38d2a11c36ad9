"""What a body's motion was made with, kept with the action that has its keys."""

from __future__ import annotations

from typing import Any, Final

from ..curves.kept_text import kept_text

_PROPERTY: Final = "handmocap_body_from"


def keep_body_source(armature: Any, source: str, arms_to_hands: bool = False) -> None:
    """Note with the armature's action what its body's keys come from, and whether its arms were brought to the hands."""
    action = armature.animation_data.action if armature.animation_data is not None else None
    if action is not None:
        action[_PROPERTY] = f"{source}, arms to the hands" if arms_to_hands else source


def body_source(armature: Any) -> str:
    """What the body's keys come from, "" where nobody said."""
    action = armature.animation_data.action if armature.animation_data is not None else None
    return kept_text(action, _PROPERTY, "") if action is not None else ""
