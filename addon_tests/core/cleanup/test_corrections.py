"""What a person says about the estimate, as data that is stored, read back and forgotten in parts."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handmocap_addon.core.cleanup.corrections import (
    NotSeen,
    OwnSmoothing,
    Rows,
    Shifted,
    SidesSwapped,
    WristFrom,
    corrections_from_json,
    corrections_to_json,
    without,
)
from handmocap_addon.core.cleanup.wrist_source import WristSource
from handmocap_addon.core.errors import BadInputError, BadUsageError
from handmocap_addon.core.skeleton import FINGERS, SIDES

rows = st.tuples(st.integers(0, 40), st.integers(0, 20)).map(lambda pair: Rows(pair[0], pair[0] + pair[1]))
side = st.sampled_from(SIDES)
fingers = st.sets(st.sampled_from(FINGERS), min_size=1).map(lambda chosen: tuple(sorted(chosen)))
correction = st.one_of(
    st.builds(NotSeen, rows, side),
    st.builds(SidesSwapped, rows),
    st.builds(OwnSmoothing, rows, side, fingers, st.floats(0, 1)),
    st.builds(Shifted, side, st.integers(-20, 20)),
    st.builds(WristFrom, rows, side, st.sampled_from(list(WristSource))),
)


@given(st.lists(correction, max_size=6))
def test_stored_corrections_are_read_back_as_they_were(corrections):
    assert corrections_from_json(corrections_to_json(corrections)) == tuple(corrections)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"version": 1, "corrections": [{"kind": "eval"}]}',
        '{"version": 1, "corrections": [{"kind": "not_seen", "rows": {"first": 3, "last": 1}, "side": "left"}]}',
        '{"version": 1, "corrections": [{"kind": "not_seen", "rows": {"first": 1, "last": 3}, "side": "middle"}]}',
        '{"version": 1, "corrections": [{"kind": "shifted", "side": "left", "frames": 1, "else": 2}]}',
    ],
)
def test_damaged_text_is_refused_with_what_to_do(text):
    with pytest.raises(BadInputError, match="damaged"):
        corrections_from_json(text)


def test_text_of_a_newer_version_says_so():
    with pytest.raises(BadInputError, match="version 2"):
        corrections_from_json(json.dumps({"version": 2, "corrections": []}))


@pytest.mark.parametrize(("first", "last"), [(-1, 3), (5, 4)])
def test_no_frames_are_no_range(first, last):
    with pytest.raises(BadUsageError):
        Rows(first, last)


def test_unknown_fingers_and_strengths_are_refused():
    for wrong in ({"fingers": ("toe",)}, {"fingers": ()}, {"strength": 1.5}):
        with pytest.raises(BadUsageError):
            OwnSmoothing(Rows(0, 1), "left", **wrong)


def test_share_is_whole_on_the_rows_and_gone_beside_them():
    share = Rows(10, 14).share(np.arange(30) / 10.0, 0.5)
    assert (share[10:15] == 1.0).all()
    assert (share[:5] == 0.0).all() and (share[20:] == 0.0).all()
    assert (np.diff(share[5:11]) > 0.0).all()
    assert (Rows(40, 50).share(np.arange(30) / 10.0, 0.5) == 0.0).all()


def concerned(corrections, row, hand, finger):
    """Everything that is said of one finger on one row."""
    return [
        (type(item).__name__, getattr(item, "strength", None), getattr(item, "source", None))
        for item in corrections
        if item.rows.first <= row <= item.rows.last
        and getattr(item, "side", hand) == hand
        and finger in getattr(item, "fingers", FINGERS)
    ]


fingerwise = st.builds(OwnSmoothing, rows, side, fingers, st.floats(0, 1))


@given(st.lists(fingerwise, max_size=4), rows, st.sets(side, min_size=1), fingers)
def test_forgetting_touches_exactly_the_named_fingers_and_rows(corrections, forgotten, sides, chosen):
    left_over = without(corrections, forgotten, sides, chosen)
    for row in range(62):
        for hand in SIDES:
            for finger in FINGERS:
                gone = forgotten.first <= row <= forgotten.last and hand in sides and finger in chosen
                expected = [] if gone else concerned(corrections, row, hand, finger)
                assert sorted(concerned(left_over, row, hand, finger)) == sorted(expected)


def test_forgetting_one_finger_keeps_what_concerns_the_whole_hand():
    whole = (NotSeen(Rows(0, 5), "left"), SidesSwapped(Rows(0, 5)), Shifted("left", 2))
    assert without(whole, Rows(0, 99), ("left",), ("index",)) == whole
    assert without(whole, Rows(0, 99), ("left",)) == (whole[1],)
    assert without(whole, Rows(0, 99)) == ()
    assert without(whole, Rows(2, 3), SIDES)[:2] == (NotSeen(Rows(0, 1), "left"), NotSeen(Rows(4, 5), "left"))
