"""People as an estimator saw them on the frames of a clip: who is who from frame to frame, and whose the hands are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..body_landmarks.landmarks import LANDMARK_COUNT, LANDMARK_INDEX, OTHER_SIDE, BodyLandmarks, either_way_apart
from ..hands.hand_poses import HandTrack
from ..skeleton import Side

Array = NDArray[Any]

# How far a person's landmarks go from one frame to the next, as a share of the person's size; and how long one is
# remembered who is not seen, in frames.
_FARTHEST = 0.5
_REMEMBERED = 30
# How far a body's wrist is from its hand's at most, as a share of the hand's box.
_WRIST_AWAY = 0.75
# Of the frames on which both are seen, the share on which the wrists of one who is the same person lie at the hands.
_SAME_PERSON = 0.5


@dataclass(frozen=True, eq=False)
class PeopleSeen:
    """M people on the frames of a clip, in the order of the frames; a frame may have any number of them."""

    frame: Array  # (M,) int
    picture: Array  # (M, 33, 2) pixels
    world: Array  # (M, 33, 3) metres
    visibility: Array  # (M, 33)
    presence: Array  # (M, 33)

    @staticmethod
    def empty(count: int = 0) -> PeopleSeen:
        """Room for `count` people, all zero."""
        return PeopleSeen(
            frame=np.zeros(count, np.int64),
            picture=np.zeros((count, LANDMARK_COUNT, 2)),
            world=np.zeros((count, LANDMARK_COUNT, 3)),
            visibility=np.zeros((count, LANDMARK_COUNT)),
            presence=np.zeros((count, LANDMARK_COUNT)),
        )

    @property
    def count(self) -> int:
        return len(self.frame)

    def arrays(self) -> dict[str, Array]:
        """For a file."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @staticmethod
    def joined(parts: Iterable[PeopleSeen]) -> PeopleSeen:
        """All in their order as one."""
        known = [PeopleSeen.empty(), *parts]
        return PeopleSeen(
            **{field.name: np.concatenate([getattr(part, field.name) for part in known]) for field in fields(PeopleSeen)}
        )

    def sizes(self) -> Array:
        """How large each is in the picture (M,), pixels: the diagonal of the landmarks' box."""
        extent = np.ptp(self.picture, axis=1) if self.count else np.zeros((0, 2))
        size: Array = np.linalg.norm(extent, axis=1)
        return size


def followed(people: PeopleSeen) -> Array:
    """The number (M,) of the track that each belongs to: one person for as long as nobody else can be meant."""
    track = np.full(people.count, -1)
    size = people.sizes()
    last: dict[int, int] = {}  # of each track the row that was seen last
    next_track = 0
    for frame in np.unique(people.frame):
        rows = np.flatnonzero(people.frame == frame)
        known = [number for number, row in last.items() if frame - people.frame[row] <= _REMEMBERED]
        near = []
        for number in known:
            before = last[number]
            away = _away(people.picture[rows], people.picture[before])
            share = away / np.maximum(np.maximum(size[rows], size[before]), 1.0)
            near += [(share[column], number, row) for column, row in enumerate(rows) if share[column] < _FARTHEST]
        taken: set[int] = set()
        for _, number, row in sorted(near):
            if number not in taken and track[row] < 0:
                track[row] = number
                taken.add(number)
        for row in rows:
            if track[row] < 0:
                track[row] = next_track
                next_track += 1
            last[int(track[row])] = int(row)
    return track


def _away(pictures: Array, before: Array) -> Array:
    """How far (K,) people's landmarks (K, 33, 2) are from those of one before (33, 2), pixels on average."""
    return either_way_apart(pictures, before, np.ones((len(pictures), LANDMARK_COUNT)))


def person_with_hands(people: PeopleSeen, hands: Mapping[Side, HandTrack], frame_count: int) -> BodyLandmarks:
    """The one whose wrists lie at the hands on most frames, else the largest; nobody where nobody was seen."""
    if not people.count:
        return BodyLandmarks.empty(frame_count)
    track = followed(people)
    at_hands, beside_hands = _at_hands(people, hands)
    count = int(track.max()) + 1
    agreeing, compared = np.bincount(track, at_hands, count), np.bincount(track, beside_hands, count)
    # Largest: of all that is seen of one, so that who walks through near the camera is not.
    order = np.lexsort((np.bincount(track, people.sizes(), count), agreeing))[::-1]
    # The same person may have been lost for a while, or be seen by another camera after a cut.
    same = [order[0], *(one for one in order[1:] if compared[one] and agreeing[one] >= _SAME_PERSON * compared[one])]
    found = BodyLandmarks.empty(frame_count)
    for number in same:
        rows = np.flatnonzero(track == number)
        rows = rows[(people.frame[rows] < frame_count) & ~found.found[np.minimum(people.frame[rows], frame_count - 1)]]
        frames = people.frame[rows]
        found.found[frames] = True
        for name in ("picture", "world", "visibility", "presence"):
            getattr(found, name)[frames] = getattr(people, name)[rows]
    return found


def _at_hands(people: PeopleSeen, hands: Mapping[Side, HandTrack]) -> tuple[Array, Array]:
    """Of each (M,) how many hands lie at the wrists, and how many hands there are on the frame."""
    near, there = np.zeros(people.count), np.zeros(people.count)
    for side, hand in hands.items():
        rows = np.flatnonzero(people.frame < len(hand.detected))
        rows = rows[hand.detected[people.frame[rows]]]
        frames = people.frame[rows]
        wrist = LANDMARK_INDEX[f"{side}_wrist"]
        # Either wrist: left and right may have been taken for each other.
        ways = people.picture[rows][:, [wrist, OTHER_SIDE[wrist]]] - hand.keypoints_2d[frames, :1]
        away = np.linalg.norm(ways, axis=-1).min(axis=1)
        box = np.max(hand.bbox[frames, 2:] - hand.bbox[frames, :2], axis=1)
        near[rows] += away < _WRIST_AWAY * box
        there[rows] += 1
    return near, there
