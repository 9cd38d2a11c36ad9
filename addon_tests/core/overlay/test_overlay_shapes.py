from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from handmocap_addon.core.cleanup.gap_filling import Provenance
from handmocap_addon.core.overlay.seen_hands import SeenHand
from handmocap_addon.core.overlay.shapes import box_lines, hand_label, joint_dots, skeleton_lines
from handmocap_addon.core.skeleton import FINGERS, finger_landmarks

# Twice as large, upside down, moved.
TO_REGION = np.array(((2.0, 0.0, 10.0), (0.0, -2.0, 500.0)))
KEYPOINTS = np.random.default_rng(0).uniform(20.0, 90.0, (2, 21, 2)).astype(np.float32)


def _hand(provenance: Provenance = Provenance.MEASURED) -> SeenHand:
    measured = provenance == Provenance.MEASURED
    return SeenHand(
        provenance=np.full(2, provenance),
        score=np.array((0.5, 0.876)),
        keypoints=KEYPOINTS,
        has_keypoints=np.full(2, measured),
        box=np.array(((10, 20, 110, 80),) * 2, np.float32),
        has_place=True,
    )


def test_a_skeleton_is_twenty_bones_between_landmarks_in_the_region() -> None:
    lines = skeleton_lines(_hand(), 1, TO_REGION)
    assert lines.positions.shape == (40, 2) and lines.colours.shape == (40, 4)
    assert lines.positions.dtype == lines.colours.dtype == np.float32
    expected = KEYPOINTS[1] * (2.0, -2.0) + (10.0, 500.0)
    drawn = {tuple(np.round(np.sort(pair, axis=0).ravel(), 2)) for pair in lines.positions.reshape(-1, 2, 2)}
    for finger in FINGERS:
        chain = (0, *finger_landmarks(finger))
        for first, second in pairwise(chain):
            assert tuple(np.round(np.sort(expected[[first, second]].astype(np.float32), axis=0).ravel(), 2)) in drawn


def test_each_finger_has_its_colour_and_bones_are_opaque() -> None:
    colours = skeleton_lines(_hand(), 0, TO_REGION).colours
    assert (colours[:, 3] == 1.0).all()
    # Five fingers and the palm.
    assert len(np.unique(colours, axis=0)) == 6


def test_dots_are_squares_about_the_landmarks() -> None:
    dots = joint_dots(_hand(), 0, TO_REGION, 3.0)
    squares = dots.positions.reshape(21, 6, 2)
    assert np.allclose(squares.min(axis=1) + 3.0, KEYPOINTS[0] * (2.0, -2.0) + (10.0, 500.0), atol=1e-3)
    assert np.allclose(np.ptp(squares, axis=1), 6.0, atol=1e-3)
    assert len(dots.colours) == len(dots.positions)


def test_what_was_not_measured_has_no_skeleton() -> None:
    for provenance in (Provenance.FILLED, Provenance.RELAXED):
        assert len(skeleton_lines(_hand(provenance), 0, TO_REGION).positions) == 0
        assert len(joint_dots(_hand(provenance), 0, TO_REGION, 3.0).positions) == 0


def test_a_measured_box_is_four_whole_lines_and_a_filled_one_is_dashed_and_dimmed() -> None:
    whole, dashed = (box_lines("left", _hand(each), 0, TO_REGION) for each in (Provenance.MEASURED, Provenance.FILLED))
    assert len(whole.positions) == 8
    assert np.allclose(np.ptp(whole.positions, axis=0), (200.0, 120.0))
    assert len(dashed.positions) > 40
    assert np.allclose(np.ptp(dashed.positions, axis=0), (200.0, 120.0))
    assert (dashed.colours[:, 3] < 0.7).all() and (whole.colours[:, 3] == 1.0).all()
    assert np.array_equal(dashed.colours[0, :3], whole.colours[0, :3])
    assert not np.array_equal(whole.colours[0], box_lines("right", _hand(), 0, TO_REGION).colours[0])


@given(zoom=st.floats(0.001, 1000.0))
def test_dashes_cover_about_half_of_the_box_at_any_zoom(zoom: float) -> None:
    lines = box_lines("left", _hand(Provenance.FILLED), 0, TO_REGION * zoom).positions.reshape(-1, 2, 2).astype(np.float64)
    drawn = np.linalg.norm(lines[:, 1] - lines[:, 0], axis=1).sum() / (640.0 * zoom)
    assert 0.49 < drawn <= 1.001
    assert len(lines) <= 1600


def test_labels_say_what_a_person_wants_to_know() -> None:
    label = hand_label("right", _hand(), 1, TO_REGION, 5.0)
    assert label is not None and label.text == "right 0.88"
    assert np.allclose(label.position, (30.0, 465.0))
    texts = [hand_label("left", _hand(each), 0, TO_REGION, 5.0) for each in (Provenance.FILLED, Provenance.RELAXED)]
    assert [each.text for each in texts if each is not None] == ["left filled in", "left not seen"]
    assert hand_label("left", replace(_hand(), has_place=False), 0, TO_REGION, 5.0) is None
    assert len(box_lines("left", replace(_hand(), has_place=False), 0, TO_REGION).positions) == 0


def test_a_hand_long_gone_has_a_word_and_no_box() -> None:
    assert len(box_lines("left", _hand(Provenance.RELAXED), 0, TO_REGION).positions) == 0
