"""Fewer keys for groups of channels, with handles fitted so that no joint leaves its full rotation by more than an angle.

Each stretch between two keys is fitted by itself, so the keys that a stretch can span from a given one are found by trying
longer ones until the angle is too large, then halving; the longest is taken, and the next begins there. All groups and all
stretches between fixed keys go side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..maths.rotation_modes import QUATERNION, quat_wxyz_of_mode
from .angle_metric import angle_metric
from .bezier_curves import bezier_values
from .kept_frames import holds, turning_rows
from .segment_fit import POINT_SHARES, Handles, fitted_handles

Array = NDArray[Any]

# Moments at which a curve is held against the full one: on every key, and at eighths between, as frames of a scene may lie
# anywhere between keys; while stretches are looked for, at every second of them.
PARTS = 8
_AT_FIRST = 2
# What moments between those may add (1.8 % on real clips), and Blender's single precision.
_MARGIN = 2e-2
# A turn is one where the motion before and after it is this many times the angle.
_TURN = 20.0
# Joints that move by at most this share of the angle hold still.
_STILL = 0.5
# There the curve may leave it by this part of the angle.
_AT_TURNS = 0.5
_LONGEST_STRETCH = 256
# Stretches whose joints are further away than this many times the angle are not held against it more closely.
_HOPELESS = 1.05
# Joints' stretches that are fitted at once, which bounds the memory.
_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class FullKeys:
    """The keys of channels that are to share fewer: J joints' rotations at N moments, as they are stored.

    A rotation is the k values of its mode: those of a quaternion or of axis and angle, or three Euler angles in radians.
    """

    frames: Array  # (N,) growing, may be between whole ones
    values: Array  # (N, J, k)
    left_handles: Array  # (N, J, k, 2) frame and value
    right_handles: Array  # (N, J, k, 2)
    keep: Array  # (N,) bool: these stay
    untouched: Array  # (N - 1,) bool: between these and the next, everything stays as it is
    mode: str = QUATERNION


@dataclass(frozen=True, eq=False)
class ReducedKeys:
    """The rows of the full keys that stay, with their handles, and how far any joint is from its full rotation."""

    rows: Array  # (K,)
    left_handles: Array  # (K, J, k, 2) float32
    right_handles: Array  # (K, J, k, 2) float32
    largest_error_degrees: float


def reduced_keys(groups: Sequence[FullKeys], limit_degrees: float) -> list[ReducedKeys]:
    """Reduce groups of alike many joints, all in one rotation mode.

    The rotation of no joint is more than `limit_degrees` from that of the full keys, on every key and at eighths of the way
    to the next. The first and the last key stay, and those on which the group turns round or begins or ends to hold still.
    Between neighbouring full keys, where nothing can be left out, the handles stay what they were.
    """
    work = _Work(groups, limit_degrees)
    return [work.result(number) for number in range(len(groups))]


class _Work:
    """All groups' rows one after another, C channels wide."""

    def __init__(self, groups: Sequence[FullKeys], limit_degrees: float) -> None:
        self.limit = np.radians(limit_degrees * (1.0 - _MARGIN))
        self.mode, self.joints, self.size = groups[0].mode, *groups[0].values.shape[1:]
        counts = [len(group.frames) for group in groups]
        self.first = np.concatenate(([0], np.cumsum(counts)))
        self.frames = np.concatenate([np.float64(np.float32(group.frames)) for group in groups])
        self.values = np.concatenate([group.values.reshape(len(group.values), -1) for group in groups]).astype(np.float64)
        channels = self.values.shape[1]
        self.left = np.concatenate([group.left_handles.reshape(-1, channels, 2) for group in groups]).astype(np.float64)
        self.right = np.concatenate([group.right_handles.reshape(-1, channels, 2) for group in groups]).astype(np.float64)
        self.dense = self._full_curves()
        self.rotations = self._rotations(self.dense)

        fixed, flat, turning = [], [], []
        for group in groups:
            quat_wxyz = quat_wxyz_of_mode(group.values, group.mode)
            edges, still = holds(quat_wxyz, _STILL * limit_degrees), np.zeros(len(group.frames), bool)
            keep, turns = group.keep.copy(), turning_rows(quat_wxyz, _TURN * limit_degrees)
            for start, end in edges:
                # What turns within a hold is no gesture.
                turns[start : end + 1] = False
                still[start:end] = True
            keep[edges.ravel()] = True
            keep[[0, -1]] = True
            keep[:-1] |= group.untouched
            keep[1:] |= group.untouched
            fixed.append(keep)
            flat.append(still)
            turning.append(turns)
        self.is_still, self.turns = np.concatenate(flat), np.concatenate(turning)
        self.starts, self.ends, self.handles = self._longest(np.concatenate(fixed))
        self._move_to_turns(np.concatenate(fixed))
        self._check()

    def _full_curves(self) -> Array:
        """Values (rows * PARTS, C) on every row and at the parts of the way to the next one of its group."""
        dense = np.repeat(self.values[:, None], PARTS, axis=1)
        keys = np.stack((np.broadcast_to(self.frames[:, None], self.values.shape), self.values), axis=-1)
        share = np.arange(1, PARTS)[None, :, None] / PARTS
        inner = np.setdiff1d(np.arange(len(self.frames)), self.first[1:] - 1)
        for part in np.array_split(inner, len(inner) // _AT_ONCE + 1):
            if len(part):
                start, end = keys[part, None], keys[part + 1, None]
                dense[part, 1:] = bezier_values(start, self.right[part, None], self.left[part + 1, None], end, share)
        return dense.reshape(-1, self.values.shape[1])

    def _longest(self, fixed: Array) -> tuple[Array, Array, Handles]:
        """Rows on which stretches start and end, and their handles."""
        borders = np.flatnonzero(fixed)
        begin, stop = borders[:-1], borders[1:]
        inside = ~np.isin(stop, self.first[1:-1])
        begin, stop = begin[inside], stop[inside]
        pieces = -(-(stop - begin) // _LONGEST_STRETCH)
        lane = np.repeat(np.arange(len(begin)), pieces)
        number = np.arange(len(lane)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        length = (stop - begin)[lane]
        start = begin[lane] + length * number // pieces[lane]
        stop = begin[lane] + length * (number + 1) // pieces[lane]
        # `good` is a row that the stretch reaches, `bad` one that it does not, and `trial` the next to try.
        good, bad, trial = start + 1, stop + 1, stop.copy()
        best = self._plain(start)
        found: list[tuple[Array, Array, Handles]] = []
        while len(start):
            trying = np.flatnonzero((bad - good > 1) & (good < stop))
            fits, handles = self._tried(start[trying], trial[trying])
            good[trying] = np.where(fits, trial[trying], good[trying])
            bad[trying] = np.where(fits, bad[trying], trial[trying])
            _put(best, trying[fits], handles.of(fits))
            at_end = good == stop
            done = at_end | (bad - good <= 1)
            found.append((start[done], good[done], best.of(done)))
            # What one stretch reached is a good guess for the next.
            reach = good - start
            start = np.where(done, good, start)
            good, bad = np.where(done, start + 1, good), np.where(done, stop + 1, bad)
            onward = np.where(bad > stop, start + 2 * (good - start), (good + bad) // 2)
            trial = np.where(done, start + reach, onward)
            open_ = ~at_end
            fresh = np.flatnonzero(done & open_)
            _put(best, fresh, self._plain(start[fresh]))
            start, stop, good, bad, best = start[open_], stop[open_], good[open_], bad[open_], best.of(open_)
            trial = np.clip(trial[open_], good + 1, stop)
        starts, ends = (np.concatenate([part[place] for part in found]) for place in (0, 1))
        order = np.argsort(starts)
        return starts[order], ends[order], _joined([part[2] for part in found]).of(order)

    def _tried(self, start: Array, end: Array) -> tuple[Array, Handles]:
        """Which stretches (S,) can be fitted, and the handles of all."""
        handles, distance = self._fitted(start, end)
        fits = distance <= _HOPELESS * self.limit
        # Most that do not fit show it on the rows alone.
        for every in (PARTS, _AT_FIRST):
            near = np.flatnonzero(fits)
            fits[near] = self._fits(start[near], end[near], handles.of(near), every)
        return fits, handles

    def _plain(self, rows: Array) -> Handles:
        """The full keys' own handles from rows to the next ones."""
        rows = np.minimum(rows, len(self.frames) - 2)
        length = (self.frames[rows + 1] - self.frames[rows])[:, None]
        return Handles(
            (self.right[rows, :, 0] - self.frames[rows, None]) / length,
            (self.frames[rows + 1, None] - self.left[rows + 1, :, 0]) / length,
            self.right[rows, :, 1],
            self.left[rows + 1, :, 1],
        )

    def _fitted(self, start: Array, end: Array) -> tuple[Handles, Array]:
        """Handles of stretches, flat ones where a hold is, and about how far (S,) joints are from their full rotations."""
        parts = np.array_split(np.arange(len(start)), len(start) * self.joints // _AT_ONCE + 1)
        fitted = [self._fitted_part(start[part], end[part]) for part in parts]
        handles, distance = _joined([part[0] for part in fitted]), np.concatenate([part[1] for part in fitted])
        third = 1.0 / 3.0
        still = self.is_still[start] & self.is_still[end - 1]
        if still.any():
            level = Handles(
                np.full_like(self.values[start[still]], third), np.full_like(self.values[start[still]], third),
                self.values[start[still]], self.values[end[still]],
            )  # fmt: skip
            fits = self._fits(start[still], end[still], level)
            level_ones = np.flatnonzero(still)[fits]
            _put(handles, level_ones, level.of(fits))
            distance[level_ones] = 0.0
        return handles, distance

    def _fitted_part(self, start: Array, end: Array) -> tuple[Handles, Array]:
        full = self._resampled(start, end)
        shape = (len(start), len(POINT_SHARES), self.joints, self.size)
        metric = angle_metric(full.reshape(shape), self.mode, self.limit)
        return fitted_handles(full, metric)

    def _resampled(self, start: Array, end: Array) -> Array:
        """Values (S, POINT_SHARES, C) of the full curves over stretches."""
        wanted = self.frames[start, None] + (self.frames[end] - self.frames[start])[:, None] * POINT_SHARES
        # Frames of one group only grow, so a bound for each stretch finds the rows of all at once.
        rows = self._row_before(start, end, wanted)
        share = (wanted - self.frames[rows]) / (self.frames[rows + 1] - self.frames[rows])
        place = (rows + share) * PARTS
        before = np.minimum(place.astype(np.int64), end[:, None] * PARTS - 1)
        share = (place - before)[..., None]
        values = self.dense[before] * (1.0 - share) + self.dense[before + 1] * share
        values[:, 0], values[:, -1] = self.values[start], self.values[end]
        return values

    def _row_before(self, start: Array, end: Array, wanted: Array) -> Array:
        """The last row of each stretch (S,) whose frame is not after `wanted` (S, P)."""
        low, high = np.broadcast_to(start[:, None], wanted.shape).copy(), np.broadcast_to(end[:, None], wanted.shape).copy()
        for _ in range(int(np.max(end - start, initial=1)).bit_length()):
            middle = (low + high) // 2
            before = self.frames[middle] <= wanted
            low, high = np.where(before, middle, low), np.where(before, high, middle)
        return np.minimum(low, end[:, None] - 1)

    def _move_to_turns(self, fixed: Array) -> None:
        """Move keys onto turns beside them where both stretches still fit: every other key at a time, as their neighbours
        must stand still."""
        before_turn = np.flatnonzero(self.turns)
        for odd in (0, 1, 0, 1):
            inner = np.flatnonzero((self.ends[:-1] == self.starts[1:]) & ~fixed[self.ends[:-1]])
            inner = inner[inner % 2 == odd]
            if not len(inner) or not len(before_turn):
                continue
            key = self.ends[inner]
            place = np.searchsorted(before_turn, key)
            near = np.stack((before_turn[np.maximum(place - 1, 0)], before_turn[np.minimum(place, len(before_turn) - 1)]))
            turn = np.where(np.abs(near[0] - key) <= np.abs(near[1] - key), near[0], near[1])
            possible = (turn > self.starts[inner]) & (turn < self.ends[inner + 1]) & ~self.turns[key]
            inner, turn = inner[possible], turn[possible]
            start, end = self.starts[inner], self.ends[inner + 1]
            first, second = self._stretches(start, turn), self._stretches(turn, end)
            fits = self._fits(start, turn, first) & self._fits(turn, end, second)
            moved = inner[fits]
            self.ends[moved], self.starts[moved + 1] = turn[fits], turn[fits]
            _put(self.handles, moved, first.of(fits))
            _put(self.handles, moved + 1, second.of(fits))

    def _stretches(self, start: Array, end: Array) -> Handles:
        """Handles of stretches: fitted ones, or the full keys' own where a stretch reaches only to the next row."""
        handles, _ = self._fitted(start, end)
        single = np.flatnonzero(end - start == 1)
        _put(handles, single, self._plain(start[single]))
        return handles

    def _fits(self, start: Array, end: Array, handles: Handles, every: int = _AT_FIRST) -> Array:
        """Whether stretches (S,) stay within the limit on the rows and between, and well within it where the group turns."""
        return self._largest(start, end, handles, every, np.where(self.turns, 1.0 / _AT_TURNS, 1.0)) <= self.limit

    def _largest(self, start: Array, end: Array, handles: Handles, every: int = 1, weight: Array | None = None) -> Array:
        """The largest angle (S,) between a joint and its full rotation, on rows, by their weights, and at parts between."""
        largest = np.zeros(len(start))
        if not len(start):
            return largest
        count = (end - start) * (PARTS // every) - 1
        bunches = np.cumsum(count) // (_AT_ONCE * 8)
        for bunch in np.unique(bunches):
            chosen = np.flatnonzero((bunches == bunch) & (count > 0))
            if len(chosen):
                angle, owner, place = self._angles(start[chosen], count[chosen], end[chosen], handles.of(chosen), every)
                if weight is not None:
                    angle *= np.where(place % PARTS == 0, weight[place // PARTS], 1.0)
                np.maximum.at(largest, chosen[owner], angle)
        return largest

    def _angles(self, start: Array, count: Array, end: Array, handles: Handles, every: int) -> tuple[Array, Array, Array]:
        owner = np.repeat(np.arange(len(start)), count)
        number = 1 + np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
        place = start[owner] * PARTS + number * every
        row, part = place // PARTS, (place % PARTS) / PARTS
        following = np.minimum(row + 1, len(self.frames) - 1)
        frame = self.frames[row] + part * (self.frames[following] - self.frames[row])
        share = (frame - self.frames[start][owner]) / (self.frames[end] - self.frames[start])[owner]
        first, second, third, fourth = self._corners(start, end, handles)
        curve = bezier_values(first[owner], second[owner], third[owner], fourth[owner], share[:, None])
        apart = np.linalg.norm(self._rotations(curve) - self.rotations[place], axis=-1).max(axis=-1)
        # Unit quaternions a chord apart are four times the arc sine of half of it apart as rotations.
        angle: Array = 4.0 * np.arcsin(np.minimum(0.5 * apart, 1.0))
        return angle, owner, place

    def _corners(self, start: Array, end: Array, handles: Handles) -> tuple[Array, Array, Array, Array]:
        """Keys and handles (S, C, 2) as they will be stored."""
        first, last = self.frames[start, None], self.frames[end, None]
        length = last - first

        def rounded(frame: Array, value: Array) -> Array:
            pairs: Array = np.stack((np.broadcast_to(frame, value.shape), value), axis=-1)
            return pairs.astype(np.float32).astype(np.float64)

        return (
            rounded(first, self.values[start]),
            rounded(first + handles.out_share * length, handles.out_value),
            rounded(last - handles.in_share * length, handles.in_value),
            rounded(last, self.values[end]),
        )

    def _rotations(self, values: Array) -> Array:
        """Unit quaternions (n, J, 4) of values (n, C)."""
        return quat_wxyz_of_mode(values.reshape(len(values), self.joints, self.size), self.mode)

    def _check(self) -> None:
        """Split what leaves the limit between rows, until nothing does."""
        self.errors = np.zeros(len(self.starts))
        unknown = np.flatnonzero(self.ends - self.starts > 1)
        while len(unknown):
            starts, ends = self.starts[unknown], self.ends[unknown]
            self.errors[unknown] = self._largest(starts, ends, self.handles.of(unknown))
            bad = unknown[self.errors[unknown] > self.limit]
            if not len(bad):
                break
            middle = (self.starts[bad] + self.ends[bad]) // 2
            first = np.concatenate((self.starts[bad], middle))
            last = np.concatenate((middle, self.ends[bad]))
            keep = np.setdiff1d(np.arange(len(self.starts)), bad)
            handles = self._stretches(first, last)
            self.starts, self.ends = np.concatenate((self.starts[keep], first)), np.concatenate((self.ends[keep], last))
            self.errors = np.concatenate((self.errors[keep], np.zeros(len(first))))
            self.handles = _joined([self.handles.of(keep), handles])
            unknown = len(keep) + np.flatnonzero(last - first > 1)

    def result(self, number: int) -> ReducedKeys:
        first, end = self.first[number], self.first[number + 1]
        mine = np.flatnonzero((self.starts >= first) & (self.starts < end))
        mine = mine[np.argsort(self.starts[mine])]
        starts, ends = self.starts[mine], self.ends[mine]
        rows = np.append(starts, end - 1) if len(starts) else np.arange(first, end)
        left, right = self.left[rows].astype(np.float32), self.right[rows].astype(np.float32)
        fitted = np.flatnonzero(ends - starts > 1)
        if len(fitted):
            _, out_handle, in_handle, _ = self._corners(starts[fitted], ends[fitted], self.handles.of(mine[fitted]))
            right[fitted], left[fitted + 1] = out_handle, in_handle
        shape = (len(rows), self.joints, self.size, 2)
        largest = float(np.degrees(np.max(self.errors[mine], initial=0.0)))
        return ReducedKeys(rows - first, left.reshape(shape), right.reshape(shape), largest)


_NAMES = tuple(field.name for field in fields(Handles))


def _put(into: Handles, places: Array, handles: Handles) -> None:
    for name in _NAMES:
        getattr(into, name)[places] = getattr(handles, name)


def _joined(parts: Sequence[Handles]) -> Handles:
    return Handles(*(np.concatenate([getattr(part, name) for part in parts]) for name in _NAMES))
