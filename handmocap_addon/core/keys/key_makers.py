"""Who made keys of which this tool knows nothing: a person, or another program that keyed the rig by itself.

A program's keys stand on nearly every frame or on steps of one length, are all of one kind, and are alike on many bones. A
person's are few, or lie where the motion needs them.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# On so many bones the same frames are one act.
MANY_BONES = 5
# Keys in a row, one on nearly every frame, that nobody sets by hand; and where many bones have them.
_LONG_ROW, _SHORT_ROW, _LEAST_ROW = 24, 5, 3
# Keys at steps of one length: more than poses that are blocked out so.
_MANY_STEPS, _SURE_STEPS, _STRAIGHT_STEPS = 8, 12, 5
_ON_TWOS = 2.5  # frames
# Keys of which so large a part has a frame each are no poses.
_DENSE, _HALF_DENSE = 0.8, 0.4
_SAME_STEP = 0.03  # frames


class Maker(enum.Enum):
    """Who made a property's keys."""

    NOBODY = "nobody"  # there are none
    PERSON = "person"
    UNSURE = "unsure"
    PROGRAM = "program"


@dataclass(frozen=True, eq=False)
class PropertyKeys:
    """The keys of one property of a bone, all of its channels together.

    `frames` (n,) ascending, every frame once. `is_straight` where all keys are linear, `is_mixed` where key types differ,
    `is_still` where each channel has one value throughout, `is_at_rest` where these are those of the rest pose, `is_alike`
    where all channels have keys on the same frames, `is_sampled` where a program left samples instead of keys.
    """

    bone: str
    frames: Array
    count: int
    is_straight: bool = False
    is_mixed: bool = False
    is_still: bool = False
    is_at_rest: bool = False
    is_alike: bool = True
    is_sampled: bool = False

    @classmethod
    def none(cls, bone: str) -> Self:
        return cls(bone, np.empty(0), 0)


def makers_of(found: Mapping[str, PropertyKeys], chosen: Collection[str]) -> dict[str, Maker]:
    """By path, who made the keys of some chosen properties of a rig of which all are given."""
    bones_by_frames: dict[bytes, set[str]] = {}
    for keys in found.values():
        bones_by_frames.setdefault(_signature(keys), set()).add(keys.bone)
    makers = {path: _maker(keys, len(bones_by_frames[_signature(keys)])) for path, keys in found.items()}
    programs = [found[path] for path, maker in makers.items() if maker is Maker.PROGRAM]
    has_programs = len({keys.bone for keys in programs}) >= MANY_BONES
    ends = {round(float(keys.frames[end]), 2) for keys in programs for end in (0, -1)} if has_programs else set()
    for path in chosen:
        keys = found[path]
        is_wide = len(bones_by_frames[_signature(keys)]) >= MANY_BONES
        # One pose at the beginning or end of what a program keyed on the rest of the rig.
        if makers[path] is Maker.PERSON and len(keys.frames) == 1 and is_wide and round(float(keys.frames[0]), 2) in ends:
            makers[path] = Maker.UNSURE
    return _with_company({path: found[path] for path in chosen}, {path: makers[path] for path in chosen})


def _signature(keys: PropertyKeys) -> bytes:
    return np.round(keys.frames, 2).tobytes()


def _maker(keys: PropertyKeys, bones_alike: int) -> Maker:
    count = len(keys.frames)
    if count == 0:
        return Maker.NOBODY
    if keys.is_sampled:
        return Maker.PROGRAM
    is_wide = bones_alike >= MANY_BONES
    if count == 1:
        # A rest pose that was left on all bones says nothing about the shot.
        return Maker.PROGRAM if keys.is_at_rest and is_wide else Maker.PERSON
    steps = np.diff(keys.frames)
    density = (count - 1) / float(keys.frames[-1] - keys.frames[0])
    if density >= _DENSE:
        return _maker_of_row(count, is_wide, keys.is_mixed)
    if keys.is_mixed:
        return Maker.PERSON
    step = float(np.median(steps))
    if (np.abs(steps - step) <= _SAME_STEP).mean() >= 0.9:
        return _maker_of_steps(count, step, is_wide, keys.is_straight)
    is_thinned_out = count >= _SURE_STEPS and (density >= _HALF_DENSE or not keys.is_alike)
    return Maker.UNSURE if is_thinned_out else Maker.PERSON


def _maker_of_row(count: int, is_wide: bool, is_mixed: bool) -> Maker:
    if is_mixed:
        return Maker.UNSURE if count >= _SURE_STEPS else Maker.PERSON
    if count >= _LONG_ROW or (is_wide and count >= _SHORT_ROW):
        return Maker.PROGRAM
    return Maker.UNSURE if count >= (_LEAST_ROW if is_wide else _MANY_STEPS) else Maker.PERSON


def _maker_of_steps(count: int, step: float, is_wide: bool, is_straight: bool) -> Maker:
    if is_wide and count >= _SURE_STEPS and (is_straight or step <= _ON_TWOS):
        return Maker.PROGRAM
    if count >= _MANY_STEPS or (is_wide and is_straight and count >= _STRAIGHT_STEPS):
        return Maker.UNSURE
    return Maker.PERSON


def _with_company(found: Mapping[str, PropertyKeys], makers: dict[str, Maker]) -> dict[str, Maker]:
    """Where a program keyed most of them, it also made what is doubtful of the others, and the single keys of still ones."""
    counts = Counter(maker for maker in makers.values() if maker is not Maker.NOBODY)
    if counts[Maker.PROGRAM] == 0 or counts[Maker.PROGRAM] * 2 < sum(counts.values()):
        return makers
    frames = np.unique(np.concatenate([found[path].frames for path in found if makers[path] is Maker.PROGRAM]))
    known = set(np.round(frames, 2).tolist())

    def of(path: str) -> Maker:
        maker, keys = makers[path], found[path]
        if maker is Maker.UNSURE:
            return Maker.PROGRAM
        is_left_over = keys.is_still and len(keys.frames) <= 2 and set(np.round(keys.frames, 2).tolist()) <= known
        return Maker.PROGRAM if maker is Maker.PERSON and is_left_over else maker

    return {path: of(path) for path in makers}


def frames_in_words(frames: Array) -> str:
    """`frames 1 to 96`, `frame 1`."""
    first, last = float(frames.min()), float(frames.max())
    return f"frame {first:g}" if first == last else f"frames {first:g} to {last:g}"
