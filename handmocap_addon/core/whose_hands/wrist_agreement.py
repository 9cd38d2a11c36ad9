"""Whether the hands that are seen in a clip are those of a body: how far they lie from its wrists in the picture.

On three real GVHMR results and their clips the hands lie 0.16, 0.20 and 0.28 hand lengths from the nearer wrist of the body
(mean over the hands within three lengths of one), and 0.03 where the body is exact. Another clip's, a mirrored, a turned
or a moved one lies 0.3 to 1.5 away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..body.makers import GVHMR, BodyMaker
from ..body.pictures import Size
from ..errors import BelongingError
from .projected_arms import ProjectedArms
from .seen_wrists import FEWEST_FRAMES, SeenHands
from .wrist_timing import better_timing

Array = NDArray[Any]
# Begins every sentence of this check.
TOLD: Final = "Hands were seen on"
# Hand lengths. A hand farther than the last is not this body's, whatever the body's error.
_DOUBTFUL, _OUT_OF_REACH = 0.5, 1.0
# Mean over the hands that are near enough to be the person's at all.
_TYPICAL, _OTHER_PEOPLE = 0.42, 3.0
_FARTHEST: Final = 1.5
# Other people's hands may be most of what is seen; on so many frames the right ones are proof enough.
_ENOUGH_FRAMES: Final = 0.2
# What would explain the hands must do so much better: by this factor, and by so many hand lengths.
_MUCH_BETTER, _BETTER_BY = 0.6, 0.1
# An offset shorter than this, in hand lengths, is a body's usual error; pairs that agree to the other are one offset.
_SHORTEST_OFFSET, _SAME_OFFSET = 0.6, 0.35
# By how much a body may be larger or smaller than the hands say.
_OTHER_SCALE: Final = 0.2


def check_hands_are_the_body_s(
    seen: SeenHands,
    arms: ProjectedArms,
    size: Size,
    name: str,
    others: Sequence[ProjectedArms] = (),
    maker: BodyMaker = GVHMR,
) -> tuple[str, ...]:
    """What should be known although the hands may be the body's: sentences.

    Args:
        seen: all hands of the clip.
        arms: the body's.
        size: width and height of the pictures.
        name: of the clip, for sentences.
        others: other bodies in the clip, who have hands of their own.
        maker: of the body, for sentences.

    Raises:
        BelongingError: the body is of another clip, another person or other pictures.
    """
    seen = _not_of_others(seen, arms, others)
    frames = np.unique(seen.frame)
    told = f"{TOLD} {len(frames)} of {len(arms.wrist)} frames of {name}"
    if len(frames) < FEWEST_FRAMES:
        return (
            (f"{told}, too few to tell whether the {maker.name} result is of this person and this clip",)
            if len(frames)
            else ()
        )
    away = _distances(seen, arms.wrist, arms.hand_length_px, arms.in_front)
    nearest = _nearest_by_frame(seen, away)
    explained = _what_explains(seen, arms, size, _mean(away), maker.name)
    if explained is not None:
        raise BelongingError(f"{told}, and {explained}", maker.own_clip)
    typical = float(np.median(nearest))
    near = int((nearest <= _OUT_OF_REACH).sum())
    timing = better_timing(seen, arms)
    if timing is not None and timing.is_proven:
        cut = f"cut the clip as it was for {maker.name}, or {maker.own_clip}"
        raise BelongingError(f"{told}, and {timing.words}", cut if timing.is_delay else maker.own_clip)
    if typical > _OUT_OF_REACH and (nearest <= _DOUBTFUL).mean() < _ENOUGH_FRAMES:
        where = f"on {near} of them one" if near else "none"
        raise BelongingError(
            f"{told}, but {where} is within a hand's length of the body's wrists: the {maker.name} result is of another "
            "clip, another person or a turned picture",
            f"choose the result of this person in this clip, or {maker.own_clip}",
        )
    mean = _mean(away[away <= _OTHER_PEOPLE]) if (away <= _OTHER_PEOPLE).any() else _FARTHEST
    if typical > _DOUBTFUL or mean > _TYPICAL:
        return (
            f"{told}, {mean:.1f} hand lengths from the body's wrists on average: "
            f"look whether the {maker.name} result is of this person and this clip",
        )
    if timing is not None:
        return (f"{told}, and {timing.words}: look whether the clip was cut since",)
    return ()


def _what_explains(seen: SeenHands, arms: ProjectedArms, size: Size, cost: float, saw: str) -> str | None:
    """In words what would put the hands on the body's wrists, where it is much better than what is."""
    width, height = size
    wrist = arms.wrist
    found: list[tuple[Array, str]] = [
        (wrist[:, ::-1] * (-1.0, 1.0) + (width, 0.0), "they fit the body's wrists in a mirror: one of both was flipped"),
        ((width, height) - wrist, f"they fit the body's wrists upside down: {saw} saw the pictures turned by half"),
    ]
    if width == height:
        words = "they fit the body's wrists turned {}: {} saw lying pictures"
        x, y = wrist[..., 0], wrist[..., 1]
        found.append((np.stack((height - y, x), axis=-1), words.format("clockwise", saw)))
        found.append((np.stack((y, width - x), axis=-1), words.format("anticlockwise", saw)))
    offset = _offset(seen, arms)
    if np.linalg.norm(offset) > _SHORTEST_OFFSET * np.median(arms.hand_length_px):
        right, down = (round(float(part)) for part in offset)
        where = f"moved by {right} and {down} pixels"
        words = f"they fit the body's wrists {where}: {saw} saw another part of the picture or another clip"
        found.append((wrist + offset, words))
    scale = _scale(seen, arms, size)
    if abs(scale - 1.0) > _OTHER_SCALE:
        words = f"they fit the body's wrists when these are {scale:.2f} times as far from the picture's middle: "
        centre = np.array((width, height)) / 2.0
        found.append((centre + scale * (wrist - centre), words + f"{saw} saw a part of the picture, or its lens is another"))
    costs = [_mean(_distances(seen, one, arms.hand_length_px, arms.in_front)) for one, _ in found]
    best = int(np.argmin(costs))
    return found[best][1] if costs[best] < _MUCH_BETTER * cost and cost - costs[best] > _BETTER_BY else None


def _not_of_others(seen: SeenHands, arms: ProjectedArms, others: Sequence[ProjectedArms]) -> SeenHands:
    if not others:
        return seen
    own = _distances(seen, arms.wrist, arms.hand_length_px, arms.in_front)
    foreign = np.min([_distances(seen, one.wrist, one.hand_length_px, one.in_front) for one in others], axis=0)
    return seen.taken(np.flatnonzero(~((foreign < own) & (foreign <= _OUT_OF_REACH))))


def _distances(seen: SeenHands, wrist: Array, length: Array, in_front: Array) -> Array:
    """How far each hand (H,) is from the nearer of the wrists (N, 2, 2), in hand lengths (N, 2)."""
    away = np.linalg.norm(seen.wrist[:, None] - wrist[seen.frame], axis=-1) / length[seen.frame]
    return np.asarray(np.where(in_front[seen.frame], away, np.inf).min(axis=1))


def _nearest_by_frame(seen: SeenHands, away: Array) -> Array:
    frames, row = np.unique(seen.frame, return_inverse=True)
    nearest = np.full(len(frames), np.inf)
    np.minimum.at(nearest, row, away)
    return nearest


def _mean(away: Array) -> float:
    return float(np.minimum(away, _FARTHEST).mean())


def _offset(seen: SeenHands, arms: ProjectedArms) -> Array:
    """By how many pixels (2,) the wrists are off, if all are off alike."""
    pairs = (seen.wrist[:, None] - arms.wrist[seen.frame])[arms.in_front[seen.frame]]
    # Every hand is paired with both wrists: where all pairs of one kind agree, theirs is the densest place.
    scale = float(np.median(arms.hand_length_px)) * _SAME_OFFSET
    sample = pairs[:: max(1, len(pairs) // 400)]
    if not len(sample):
        return np.zeros(2)
    close = (np.linalg.norm(sample[:, None] - sample, axis=-1) < scale).sum(axis=1)
    centre = sample[int(close.argmax())]
    return np.asarray(np.median(pairs[np.linalg.norm(pairs - centre, axis=-1) < scale], axis=0))


def _scale(seen: SeenHands, arms: ProjectedArms, size: Size) -> float:
    """By how much farther from the picture's middle the hands are than the wrists, if all are alike."""
    centre = np.array(size) / 2.0
    wrist = arms.wrist[seen.frame] - centre
    hand = (seen.wrist - centre)[:, None]
    # On the line from the middle; the nearer wrist in direction is the hand's own.
    across = np.abs(hand[..., 0] * wrist[..., 1] - hand[..., 1] * wrist[..., 0]) / np.linalg.norm(wrist, axis=-1).clip(1.0)
    along = (hand * wrist).sum(axis=-1)
    off = np.where(arms.in_front[seen.frame] & (along > 0.0), across, np.inf)
    side, rows = off.argmin(axis=1), np.arange(len(off))
    usable = np.isfinite(off[rows, side])
    if not usable.any():
        return 1.0
    along, length = along[rows, side][usable], (wrist**2).sum(axis=-1)[rows, side][usable]
    return float(along.sum() / length.sum())
