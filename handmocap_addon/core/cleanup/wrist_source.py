"""Where the wrists' rotation may come from. Standard library only."""

from __future__ import annotations

import enum


class WristSource(enum.StrEnum):
    """Where the wrist's rotation comes from."""

    BODY = "body"
    HAND = "hand"
    BLEND = "blend"  # between the two, by the hand's score
