"""The hands of the stand-in, by which hands are fitted and judged whoever's body they move."""

from __future__ import annotations

import functools

from ..body.stand_in import load_stand_in_body
from ..skeleton import SIDES, Side
from .hand_skeleton import HandSkeleton, hand_skeleton


@functools.cache
def stand_in_hands() -> dict[Side, HandSkeleton]:
    """Both hands of the neutral stand-in, read from its files once; not to be changed.

    Raises:
        MissingSetupError: the `mannequin` module is not importable.
    """
    model = load_stand_in_body()
    return {side: hand_skeleton(model, side) for side in SIDES}
