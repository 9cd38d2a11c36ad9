"""Lines and corners that are drawn of a hand over its clip, as arrays for the graphics card. Nothing here draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..cleanup.gap_filling import Provenance
from ..skeleton import LANDMARK_COUNT, LANDMARK_WRIST, Side, finger_landmarks
from .picture_placement import placed
from .seen_hands import SeenHand

Array = NDArray[Any]

# By the order on a hand, so that neighbours differ.
_FINGER_COLOURS: Final = {
    "thumb": (1.0, 0.62, 0.20),
    "index": (1.0, 0.92, 0.25),
    "middle": (0.35, 0.90, 0.35),
    "ring": (0.25, 0.75, 1.0),
    "pinky": (0.78, 0.50, 1.0),
}
_PALM_COLOUR: Final = (0.92, 0.92, 0.92)
BOX_COLOURS: Final[dict[Side, tuple[float, float, float]]] = {"left": (0.30, 0.85, 1.0), "right": (1.0, 0.55, 0.45)}
_GUESSED_OPACITY: Final = 0.65
_DASH: Final = 6.0  # pixels of the region, as long as the space behind it


def _bones() -> tuple[Array, Array]:
    """Pairs of landmarks (20, 2), and the colours (20, 3) of the lines between."""
    pairs, colours = [], []
    for finger, colour in _FINGER_COLOURS.items():
        chain = (LANDMARK_WRIST, *finger_landmarks(finger))
        pairs += list(pairwise(chain))
        colours += [_PALM_COLOUR, colour, colour, colour]
    return np.array(pairs), np.array(colours)


_BONES, _BONE_COLOURS = _bones()
_BONE_OF_JOINT = np.array([max(int(np.argmax(_BONES[:, 1] == joint)), 0) for joint in range(LANDMARK_COUNT)])


@dataclass(frozen=True, eq=False)
class ColouredPoints:
    """Points in pixels of the region (n, 2) and their colours (n, 4): ends of lines, two a line, or triangles' corners."""

    positions: Array
    colours: Array

    @staticmethod
    def of(positions: Array, colour: tuple[float, float, float, float]) -> ColouredPoints:
        """All in one colour."""
        colours = np.tile(np.array(colour, np.float32), (len(positions), 1))
        return ColouredPoints(positions.astype(np.float32), colours)

    @staticmethod
    def none() -> ColouredPoints:
        return ColouredPoints(np.zeros((0, 2), np.float32), np.zeros((0, 4), np.float32))

    @staticmethod
    def together(parts: Sequence[ColouredPoints]) -> ColouredPoints:
        """All of them, in their order."""
        parts = [ColouredPoints.none(), *parts]
        positions = np.concatenate([part.positions for part in parts])
        return ColouredPoints(positions, np.concatenate([part.colours for part in parts]))


def skeleton_lines(hand: SeenHand, row: int, to_region: Array) -> ColouredPoints:
    """The 20 bones of a hand in the fingers' colours; none where it was not measured.

    Args:
        hand: N rows.
        row: which of them.
        to_region: (2, 3) from pixels of the source to pixels of the region.
    """
    if not hand.has_keypoints[row]:
        return ColouredPoints.none()
    positions = placed(hand.keypoints[row], to_region)[_BONES].reshape(-1, 2)
    return ColouredPoints(positions.astype(np.float32), _opaque(np.repeat(_BONE_COLOURS, 2, axis=0)))


def joint_dots(hand: SeenHand, row: int, to_region: Array, radius: float) -> ColouredPoints:
    """The landmarks as squares of two triangles: corners (21 * 6, 2) with their colours. Arguments as `skeleton_lines`."""
    if not hand.has_keypoints[row]:
        return ColouredPoints.none()
    middles = placed(hand.keypoints[row], to_region)
    corners = np.array(((-1, -1), (1, -1), (1, 1), (-1, -1), (1, 1), (-1, 1))) * radius
    colours = _BONE_COLOURS[_BONE_OF_JOINT]
    colours[LANDMARK_WRIST] = _PALM_COLOUR
    positions = (middles[:, None] + corners).reshape(-1, 2).astype(np.float32)
    return ColouredPoints(positions, _opaque(np.repeat(colours, len(corners), axis=0)))


def box_lines(side: Side, hand: SeenHand, row: int, to_region: Array) -> ColouredPoints:
    """A hand's box, dashed and dimmed where it was filled in; none where nothing near was seen."""
    if not hand.has_place or hand.provenance[row] == Provenance.RELAXED:
        return ColouredPoints.none()
    corners = placed(_corners(hand.box[row]), to_region)
    ends = np.stack((corners, np.roll(corners, -1, axis=0)), axis=1)
    measured = hand.provenance[row] == Provenance.MEASURED
    lines = ends if measured else _dashed(ends)
    colour = (*BOX_COLOURS[side], 1.0 if measured else _GUESSED_OPACITY)
    return ColouredPoints.of(lines.reshape(-1, 2), colour)


@dataclass(frozen=True)
class HandLabel:
    """A word about a hand, where it begins in the region, and its colour."""

    text: str
    position: tuple[float, float]
    colour: tuple[float, float, float, float]


def hand_label(side: Side, hand: SeenHand, row: int, to_region: Array, gap: float) -> HandLabel | None:
    """Side and score, `gap` pixels above a hand's box; where it was not measured, that, between where it was seen."""
    if not hand.has_place:
        return None
    corners = placed(_corners(hand.box[row]), to_region)
    provenance = hand.provenance[row]
    if provenance == Provenance.MEASURED:
        text, opacity = f"{side} {hand.score[row]:.2f}", 1.0
    else:
        text, opacity = f"{side} {'filled in' if provenance == Provenance.FILLED else 'not seen'}", _GUESSED_OPACITY
    place = (float(corners[:, 0].min()), float(corners[:, 1].max()) + gap)
    return HandLabel(text, place, (*BOX_COLOURS[side], opacity))


def _corners(box: Array) -> Array:
    return box[[0, 1, 2, 1, 2, 3, 0, 3]].reshape(4, 2)


def _dashed(ends: Array) -> Array:
    """Lines (n, 2, 2) as dashes (m, 2, 2), each line beginning and ending with one."""
    lengths = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
    counts = np.maximum(np.ceil((lengths / _DASH + 1.0) / 2.0), 1.0).astype(int)
    # A box that is far larger than the screen has no use for more.
    counts = np.minimum(counts, 400)
    line = np.repeat(np.arange(len(ends)), counts)
    number = np.arange(len(line)) - np.repeat(np.cumsum(counts) - counts, counts)
    parts = 2.0 * counts[line] - 1.0
    shares = np.stack((2.0 * number / parts, (2.0 * number + 1.0) / parts), axis=1)
    way = (ends[:, 1] - ends[:, 0])[line]
    dashes: Array = ends[line, 0][:, None] + shares[..., None] * way[:, None]
    return dashes


def _opaque(colours: Array) -> Array:
    return np.column_stack((colours, np.ones(len(colours)))).astype(np.float32)
