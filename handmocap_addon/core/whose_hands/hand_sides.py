"""Whose hand every piece of track is: the left or right one of a person, another person's, or nobody's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..hands.hand_detections import HandDetections
from ..skeleton import SIDES, Side
from .hand_evidence import LARGEST_SIZE_RATIO, WRIST_REACH, evidence, wrist_fit
from .hand_tracking import HandPieces, track_hands
from .projected_arms import ProjectedArms
from .slot_pairs import Pieces
from .slot_paths import best_slots

Array = NDArray[Any]
# Pieces of one hand with no longer gap between them are told as one track, seconds.
_TOLD_AS_ONE = 1.0


@dataclass(frozen=True)
class TrackNote:
    """One track and why it was given to a hand or to nobody, for people and reports. Frames count from 0."""

    first_frame: int
    last_frame: int
    detections: int
    duplicates: int  # the same hand seen twice on a frame
    second_look: int  # of the detections
    votes: dict[Side, float]  # summed scores by what the estimator called it
    person: int | None
    side: Side | None
    reason: str

    def as_json(self) -> dict[str, Any]:
        """For `meta` and `report.json`."""
        return {
            "frames": [self.first_frame, self.last_frame],
            "detections": self.detections,
            "duplicates": self.duplicates,
            "second_look": self.second_look,
            "votes": {side: round(value, 2) for side, value in self.votes.items()},
            "side": self.side,
            "reason": self.reason,
        }


@dataclass(frozen=True, eq=False)
class HandAssociation:
    """The detection (people, 2 sides, N) that is each hand on each frame, or -1, and a note on every track."""

    given: Array
    notes: list[TrackNote]

    def of(self, person: int, side: Side) -> Array:
        return np.asarray(self.given[person, SIDES.index(side)])


def associate_hands(detections: HandDetections, frame_time: Array, arms: Sequence[ProjectedArms] = ()) -> HandAssociation:
    """Give every hand that was seen to a person and a side, over the whole clip.

    Without bodies there is one person: the pair of hands with the most evidence. The estimator's sides are summed over whole
    tracks; where there are bodies the distance to their projected wrists counts twice as much. Two hands on one frame are
    never the same hand.

    Args:
        detections: all that was seen.
        frame_time: (N,) seconds.
        arms: one a person, of N frames.
    """
    people = max(1, len(arms))
    given = np.full((people, 2, len(frame_time)), -1)
    pieces = track_hands(detections, frame_time)
    chain, rules = evidence(detections, pieces, frame_time, arms)
    slot = best_slots(chain, rules)
    surest_last = detections.surest_first()[::-1]
    for number in range(2 * people):
        # Where two pieces of a hand overlap by a frame or two the surer detection stays: it is written last.
        rows = surest_last[((pieces.piece >= 0) & (slot[pieces.piece] == number))[surest_last]]
        given[number // 2, number % 2, detections.frame[rows]] = rows
        given[number // 2, number % 2] = _named_alike(detections, pieces, given[number // 2, number % 2], number % 2 == 1)
    return HandAssociation(given, _notes(detections, pieces, arms, chain, slot))


def _named_alike(detections: HandDetections, pieces: HandPieces, given: Array, is_right: bool) -> Array:
    """Where one hand was seen as both sides, the one of the two that was seen as the side it is."""
    surest_last = detections.surest_first()[::-1]
    alike = surest_last[((detections.is_right == is_right) & (pieces.piece < 0))[surest_last]]
    better = np.full(detections.count + 1, -1)
    better[pieces.stands_for[alike]] = alike
    wanted = (
        (given >= 0) & (detections.is_right[given] != is_right) & (better[given] >= 0) if detections.count else given >= 0
    )
    return np.where(wanted, better[given], given)


def _notes(
    detections: HandDetections,
    pieces: HandPieces,
    arms: Sequence[ProjectedArms],
    chain: Pieces,
    slot: Array,
) -> list[TrackNote]:
    groups: dict[int, list[list[int]]] = {}
    for piece, given in enumerate(slot.tolist()):
        tracks = groups.setdefault(given, [])
        if given >= 0 and tracks and chain.start[piece] - chain.end[tracks[-1][-1]] <= _TOLD_AS_ONE:
            tracks[-1].append(piece)
        else:
            tracks.append([piece])
    told = [(track, given) for given, tracks in groups.items() for track in tracks]
    told.sort(key=lambda item: (chain.start[item[0][0]], item[1]))
    owner = pieces.piece[pieces.stands_for]
    by_piece = np.split(np.argsort(owner, kind="stable"), np.searchsorted(np.sort(owner), np.arange(1, pieces.count)))
    fits = [[wrist_fit(detections, pieces, arm, side) for side in (0, 1)] for arm in arms]
    notes = []
    for track, given in told:
        seen = np.concatenate([by_piece[piece] for piece in track])
        rows = np.sort(seen[pieces.piece[seen] >= 0])
        right, score = detections.is_right[seen], detections.score[seen]
        votes: dict[Side, float] = {"left": float(score[~right].sum()), "right": float(score[right].sum())}
        notes.append(
            TrackNote(
                first_frame=int(detections.frame[rows[0]]),
                last_frame=int(detections.frame[rows[-1]]),
                detections=len(rows),
                duplicates=len(seen) - len(rows),
                second_look=int(detections.second_look[rows].sum()),
                votes=votes,
                person=given // 2 if given >= 0 else None,
                side=SIDES[given % 2] if given >= 0 else None,
                reason=_reason_for_side(rows, fits, votes, given)
                if given >= 0
                else _reason_for_nobody(rows, fits, chain, slot, track[0]),
            )
        )
    return notes


def _reason_for_side(rows: Array, fits: list[list[tuple[Array, Array]]], votes: dict[Side, float], given: int) -> str:
    side = SIDES[given % 2]
    other = SIDES[1 - given % 2]
    named = f"named {side} {votes[side]:.1f} to {votes[other]:.1f}"
    if fits:
        away = [float(np.median(fit[0][rows])) for fit in fits[given // 2]]
        nearest = "nearest to" if away[given % 2] <= away[1 - given % 2] else "within reach of"
        return f"{nearest} the body's {side} wrist ({away[given % 2]:.1f} hand lengths); {named}"
    if votes[side] >= votes[other]:
        return named
    return f"{named}, but it goes on from the {side} hand or the {other} one is elsewhere"


def _reason_for_nobody(rows: Array, fits: list[list[tuple[Array, Array]]], chain: Pieces, slot: Array, piece: int) -> str:
    if fits:
        away = np.array([np.median(fit[0][rows]) for person in fits for fit in person])
        nearest = int(np.argmin(away))
        if away[nearest] > WRIST_REACH:
            return f"no body's wrist is within {away[nearest]:.1f} hand lengths: another person's hand or none"
        ratio = float(np.exp(np.median(np.log(fits[nearest // 2][nearest % 2][1][rows]))))
        if not 1.0 / LARGEST_SIZE_RATIO < ratio < LARGEST_SIZE_RATIO:
            return f"{ratio:.1f} times the size of the body's hand"
    meanwhile = (slot >= 0) & (chain.start <= chain.end[piece]) & (chain.end >= chain.start[piece])
    if len(np.unique(slot[meanwhile])) == chain.worth.shape[1]:
        return (
            "both hands are elsewhere at this time" if chain.worth.shape[1] == 2 else "all hands are elsewhere at this time"
        )
    if len(rows) <= 3:
        return (
            f"seen on {len(rows)} frame{'s' if len(rows) > 1 else ''} only, apart from where the hands are before and after"
        )
    return "it does not fit to the person's hands in place or size"
