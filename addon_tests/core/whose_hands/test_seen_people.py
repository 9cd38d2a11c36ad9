"""Who is who from frame to frame, and whose the hands are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from handmocap_addon.core.body_landmarks.landmarks import LANDMARK_INDEX
from handmocap_addon.core.hands.hand_poses import HandTrack
from handmocap_addon.core.whose_hands.seen_people import PeopleSeen, followed, person_with_hands

FRAMES = 20
SHAPE = np.random.default_rng(1).uniform(-0.5, 0.5, (33, 2))


def seen(*paths: tuple[int, float, float, float]) -> PeopleSeen:
    """People of (frame, x, y, size)."""
    people = PeopleSeen.empty(len(paths))
    for row, (frame, x, y, size) in enumerate(paths):
        people.frame[row] = frame
        people.picture[row] = SHAPE * size + (x, y)
        people.world[row] = row
        people.visibility[row] = people.presence[row] = 1.0
    return people


def hands_of(people: PeopleSeen, rows: np.ndarray) -> dict[str, HandTrack]:
    """Hands at the wrists of some of the people."""
    hands = {}
    for side in ("left", "right"):
        track = HandTrack.empty(FRAMES)
        for row in rows:
            frame, wrist = people.frame[row], people.picture[row, LANDMARK_INDEX[f"{side}_wrist"]]
            track.detected[frame] = True
            track.keypoints_2d[frame] = wrist + 1.0
            track.bbox[frame] = (*(wrist - 20), *(wrist + 20))
        hands[side] = track
    return hands


def two_people() -> PeopleSeen:
    """A large one and a small one who walk towards each other, listed in turns in either order."""
    frames = []
    for frame in range(FRAMES):
        pair = [(frame, 100.0 + 4 * frame, 200.0, 300.0), (frame, 900.0 - 4 * frame, 200.0, 150.0)]
        frames += pair if frame % 2 else pair[::-1]
    return seen(*frames)


def test_people_are_followed_whatever_the_order_in_which_they_are_seen():
    people = two_people()
    track = followed(people)
    is_large = people.sizes() > 250
    assert len(set(track[is_large])) == len(set(track[~is_large])) == 1 and len(set(track)) == 2


@pytest.mark.parametrize("whose", ["large", "small"])
def test_the_body_is_of_whom_the_hands_are(whose):
    people = two_people()
    rows = np.flatnonzero((people.sizes() > 250) == (whose == "large"))
    found = person_with_hands(people, hands_of(people, rows), FRAMES)
    assert found.found.all()
    np.testing.assert_array_equal(found.world, people.world[rows])


def test_without_hands_it_is_the_largest():
    people = two_people()
    found = person_with_hands(people, {side: HandTrack.empty(FRAMES) for side in ("left", "right")}, FRAMES)
    np.testing.assert_array_equal(found.world, people.world[people.sizes() > 250])


def test_a_person_who_is_elsewhere_after_a_cut_goes_on_where_the_hands_are():
    before = [(frame, 100.0, 200.0, 100.0) for frame in range(8)]
    after = [(frame, 900.0, 500.0, 100.0) for frame in range(12, FRAMES)]
    people = seen(*before, *after)
    assert len(set(followed(people))) == 2
    found = person_with_hands(people, hands_of(people, np.arange(people.count)), FRAMES)
    np.testing.assert_array_equal(np.flatnonzero(~found.found), np.arange(8, 12))
    # Somebody else's body there is not taken, whoever is the only one in the picture.
    alone = person_with_hands(people, hands_of(replace(people), np.arange(8)) | {}, FRAMES)
    np.testing.assert_array_equal(np.flatnonzero(alone.found), np.arange(8))
    assert np.isnan(alone.picture[12]).all() and not alone.visibility[12].any()


def test_nobody_is_nobody():
    found = person_with_hands(PeopleSeen.empty(), {}, FRAMES)
    assert found.frame_count == FRAMES and not found.found.any()
