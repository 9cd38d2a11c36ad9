"""What shares its keys where there are fewer of them. Standard library only."""

from __future__ import annotations

import enum

from ..skeleton import Side, hand_joint_names


class KeySharing(enum.StrEnum):
    """Which channels have their keys on the same frames."""

    FINGER = "finger"
    JOINT = "joint"
    HAND = "hand"

    def joints(self, side: Side) -> list[tuple[str, ...]]:
        """The joints of a hand, as those that share."""
        names = hand_joint_names(side)
        size = {KeySharing.FINGER: 3, KeySharing.JOINT: 1, KeySharing.HAND: len(names)}[self]
        return [names[first : first + size] for first in range(0, len(names), size)]
