"""What a clip with known truth consists of. World: metres, y up, the first person facing +z; colours are linear RGB."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from handmocap_addon.core.body.model import BodyModel

Array = NDArray[Any]
Colour = tuple[float, float, float]
Point = tuple[float, float, float]


@dataclass(frozen=True)
class Motion:
    """N frames of one person, rotations as axis-angle in radians."""

    body_pose: Array  # (N, 63)
    global_orient: Array  # (N, 3) world
    transl: Array  # (N, 3) metres, from where the person stands on the first frame
    left_hand_pose: Array  # (N, 45) absolute, from a flat hand
    right_hand_pose: Array  # (N, 45)


@dataclass(frozen=True)
class Look:
    """Colours of one person."""

    skin: Colour
    clothes: Colour
    long_sleeves: bool = False


@dataclass(frozen=True)
class Person:
    """One person: body, colours, and the motion on frames (N,) of a body model."""

    betas: tuple[float, ...]  # 10
    look: Look
    motion: Callable[[BodyModel, Array], Motion]
    start: tuple[float, float] = (0.0, 0.0)  # x and z of `transl` on the first frame


@dataclass(frozen=True)
class Camera:
    """A camera that stands still and level, its principal point in the middle of the picture."""

    position: Point
    target: Point
    focal: float  # pixels


@dataclass(frozen=True)
class Light:
    """A square area light that looks at the point between the first person's wrists on the first frame."""

    offset: Point  # from that point, in the world's axes
    power: float  # watts
    size: float  # metres
    colour: Colour = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Wall:
    """A patterned wall behind the people, across z."""

    z: float
    colours: tuple[Colour, Colour]
    pattern_scale: float  # spots per metre, roughly


@dataclass(frozen=True)
class Surroundings:
    """Everything but people and camera."""

    background: Colour  # seen from everywhere; it also lights the shadows
    lights: tuple[Light, ...]
    wall: Wall | None = None


@dataclass(frozen=True)
class TruthClip:
    """A clip: the first person is the one to be measured."""

    name: str
    fps: tuple[int, int]  # numerator, denominator
    frame_count: int
    frame_size: tuple[int, int]  # width, height
    camera: Camera
    people: tuple[Person, ...]
    surroundings: Surroundings
