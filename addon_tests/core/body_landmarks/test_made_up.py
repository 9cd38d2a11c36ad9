"""Bodies that a network makes up of a hand or a head are nobody's; a moment in which shoulders are hidden is somebody's still."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from addon_tests.core.body_landmarks.test_cuts import at, joined, times
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.body_landmarks.fit import fit_body
from handmocap_addon.core.body_landmarks.landmarks import LANDMARK_INDEX, BodyLandmarks
from handmocap_addon.core.body_landmarks.made_up import without_made_up
from handmocap_addon.core.errors import NoBodyError

Array = NDArray[Any]

_SIZE = (1280, 720)


@pytest.fixture(scope="module")
def seen() -> BodyLandmarks:
    """Three seconds of one who gestures."""
    shot = at(load_stand_in_body(), 0.1, 5.0)
    return joined(shot, shot)


def with_shoulders(landmarks: BodyLandmarks, rows: slice, left: float, right: float) -> BodyLandmarks:
    visibility = landmarks.visibility.copy()
    for name, value in (("left_shoulder", left), ("right_shoulder", right)):
        visibility[rows, LANDMARK_INDEX[name]] = value
    return replace(landmarks, visibility=visibility)


def kept(landmarks: BodyLandmarks) -> Array:
    return without_made_up(landmarks, times(landmarks)).found


def test_a_body_without_shoulders_is_nobody(seen: BodyLandmarks) -> None:
    model = load_stand_in_body()
    hand = with_shoulders(seen, slice(None), 0.5, 0.8)
    with pytest.raises(NoBodyError, match="A body was found on 0 of 90 frames"):
        fit_body(hand, times(hand), _SIZE, None, model, {})


def test_one_in_profile_and_one_who_is_hidden_for_a_moment_stay(seen: BodyLandmarks) -> None:
    assert kept(seen).all()
    assert kept(with_shoulders(seen, slice(None), 0.2, 0.98)).all()
    assert kept(with_shoulders(seen, slice(40, 43), 0.1, 0.3)).all()


def test_a_hand_that_fills_the_picture_from_then_on_is_told_from_a_person(seen: BodyLandmarks) -> None:
    found = kept(with_shoulders(seen, slice(45, None), 0.4, 0.6))
    assert found[:36].all() and not found[50:].any()
    # Whoever is lost for a while is not counted meanwhile.
    lost = seen.only(np.arange(90) < 20)
    np.testing.assert_array_equal(kept(lost), np.arange(90) < 20)


def test_what_is_left_is_measured_and_the_rest_named(seen: BodyLandmarks) -> None:
    partly = with_shoulders(seen, slice(45, None), 0.4, 0.6)
    body = fit_body(partly, times(partly), _SIZE, None, load_stand_in_body(), {})
    np.testing.assert_array_equal(body.measured, kept(partly))
    (said,) = [one for one in body.motion.warnings if one.startswith("Nobody was found on frames")]
    assert said.endswith("to 90; the body there is filled from the frames beside")


def test_nobody_at_all_stays_nobody() -> None:
    nobody = BodyLandmarks.empty(7)
    assert not kept(nobody).any()
