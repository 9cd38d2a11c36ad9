"""Random skins, clothes and light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_SKINS = np.array(((0.62, 0.36, 0.25), (0.75, 0.5, 0.38), (0.36, 0.19, 0.11), (0.17, 0.085, 0.05), (0.5, 0.3, 0.2)))


@dataclass(frozen=True)
class Look:
    """Linear RGB of one person."""

    skin: Array  # (3,)
    clothes: Array  # (3,)


@dataclass(frozen=True)
class Light:
    """Two distant lamps that cast shadows, and what comes from everywhere; linear RGB.

    Directions are where a lamp stands as seen from the hands: right, up, towards the camera.
    """

    directions: Array  # (2, 3), not of unit length
    colours: Array  # (2, 3)
    from_above: Array  # (3,)
    from_below: Array  # (3,)
    highlight: float  # strength of the mirrored lamp on the skin
    sharpness: float  # Blinn and Phong's exponent
    wrap: float  # how far light reaches round a rounded surface, as under skin


def random_look(random: np.random.Generator) -> Look:
    """Five skin tones, lighter and darker; any dark cloth."""
    skin = _SKINS[random.choice(len(_SKINS))] * random.uniform(0.8, 1.15)
    return Look(skin.clip(0.0, 1.0), random.random(3) * 0.5)


def random_light(random: np.random.Generator) -> Light:
    """A lamp in front of the hands, a weaker one anywhere, each a little warm or cold, and a room that is bright or dark."""
    strong, weak = random.uniform(0.3, 1.6), random.uniform(0.0, 0.7)
    warmth = 1.0 + random.normal(0.0, 0.08, 3)
    key = (random.normal(0.0, 1.2), random.uniform(-0.3, 2.0), random.uniform(0.2, 2.0))
    fill = (random.normal(0.0, 1.5), random.normal(0.3, 0.8), random.uniform(-0.5, 2.0))
    room = random.uniform(0.15, 0.75)
    return Light(
        directions=np.array((key, fill)),
        colours=np.stack((strong * warmth, weak * (2.0 - warmth))),
        from_above=room * warmth,
        from_below=np.full(3, room * random.uniform(0.3, 0.9)),
        highlight=random.uniform(0.0, 0.35),
        sharpness=random.uniform(5.0, 40.0),
        wrap=random.uniform(0.0, 0.35),
    )
