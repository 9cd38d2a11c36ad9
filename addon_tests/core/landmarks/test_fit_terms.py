"""Every term's derivatives against finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from addon_tests.making.formulas import random_axis_angle, rodrigues
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.landmarks import fit as landmark_fit
from handmocap_addon.core.landmarks.definition import MEDIAPIPE
from handmocap_addon.core.landmarks.fit_terms import (
    POSE,
    FitTerm,
    HandState,
    HingeRanges,
    ImageLandmarks,
    PosedHand,
    ReadHand,
    UsualHand,
    WorldLandmarks,
    centred,
    normal_equations,
)
from handmocap_addon.core.landmarks.reading import LandmarkReading
from handmocap_addon.core.rig.accuracy import finger_bone_directions
from handmocap_addon.core.rig.hand_hinges import hand_hinges
from handmocap_addon.core.rig.hand_skeleton import hand_skeleton
from handmocap_addon.core.skeleton import SIDES

MODEL = load_stand_in_body()
HANDS = {side: hand_skeleton(MODEL, side) for side in SIDES}
HINGES = {side: hand_hinges(HANDS[side]) for side in SIDES}
N = 4
STEP = 1e-6
HUBER = 2.0  # standard deviations
# How many numbers each point that is weighted has, and how many rows of the term are such points.
POINTS = {"world": (3, 63), "image": (2, 42), "read": (3, 45), "ranges": (1, 0), "usual": (1, 0)}
TERMS = tuple(POINTS)


def posed(side: str, state: HandState) -> PosedHand:
    return landmark_fit._posed(state, HANDS[side], HINGES[side], MEDIAPIPE)


def random_state(side: str, seed: int) -> HandState:
    random = np.random.default_rng(seed)
    turn = rodrigues(random_axis_angle(random, N, largest=3.0))
    angles = random.uniform(-0.9, 1.9, (N, len(HINGES[side])))  # some of them out of range
    return HandState(turn, random.normal(size=N) * 0.1, random.normal(size=(N, 2)) * 0.01, angles)


def term_at(name: str, side: str, state: HandState, off: float, seed: int) -> FitTerm:
    """A term whose target is `off` deviations from a posed hand."""
    random = np.random.default_rng(seed + 1)
    hand = posed(side, state)
    if name == "world":
        deviation = np.array((0.015, 0.01, 0.03))
        return WorldLandmarks(centred(hand.points) + random.normal(size=(N, 21, 3)) * deviation * off, deviation)
    if name == "image":
        flat = np.exp(state.log_scale)[:, None, None] * centred(hand.points[..., :2]) + state.shift[:, None]
        return ImageLandmarks(flat + random.normal(size=(N, 21, 2)) * 0.008 * off, 0.008)
    if name == "read":
        bone, palm = random.uniform(0.05, 0.6, (N, 15)), random.uniform(0.1, 0.4, N)
        turn = rodrigues(random.normal(size=(N, 3)) * palm[:, None] * 0.5 * off) @ state.turn
        directions = finger_bone_directions(hand.local) + random.normal(size=(N, 15, 3)) * 0.5 * off * bone[..., None]
        return ReadHand(directions, LandmarkReading(state.angles, turn, bone, palm), 0.5)
    return HingeRanges(HINGES[side]) if name == "ranges" else UsualHand(HINGES[side])


def stepped(state: HandState, parameter: int, step: float) -> HandState:
    change = np.zeros((N, POSE + state.angles.shape[1]))
    change[:, parameter] = step
    return landmark_fit._stepped(state, change)


def cost(name: str, residual: np.ndarray) -> np.ndarray:
    """(N,) half the squares, with Huber's function of each point's length, from weighted residuals (N, r)."""
    size, rows = POINTS[name]
    squares = np.sum(residual[:, :rows].reshape(N, -1, size) ** 2, axis=-1)
    # Beyond its constant k, the function of a length is k times it less k^2 / 2, and a weighted square is k times it.
    points = np.where(squares > HUBER**2, squares - HUBER**2 / 2.0, squares / 2.0)
    return points.sum(axis=1) + np.sum(residual[:, rows:] ** 2, axis=1) / 2.0


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", TERMS)
def test_the_gradient_is_that_of_the_robust_cost(name, side):
    """Far from the target too, where weights change with the residuals and the palm's turn is large."""
    for seed in range(3):
        state = random_state(side, seed)
        term = term_at(name, side, state, 4.0, seed)
        _, gradient = normal_equations([term.linearized(posed(side, state))])
        for parameter in range(gradient.shape[1]):
            ahead, behind = (
                cost(name, term.linearized(posed(side, stepped(state, parameter, step)))[0]) for step in (STEP, -STEP)
            )
            scale = np.abs(gradient).max()
            np.testing.assert_allclose(gradient[:, parameter], (ahead - behind) / (2 * STEP), rtol=1e-4, atol=1e-5 * scale)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", TERMS)
def test_derivatives_of_every_residual_are_those_of_finite_differences(name, side):
    """Where no point is out of bounds, and at the reading's own palm."""
    state = random_state(side, 7)
    term = term_at(name, side, state, 0.0 if name == "read" else 0.2, 7)
    _, jacobian = term.linearized(posed(side, state))
    scale = np.abs(jacobian).max()
    for parameter in range(jacobian.shape[2]):
        ahead, behind = (term.linearized(posed(side, stepped(state, parameter, step)))[0] for step in (STEP, -STEP))
        np.testing.assert_allclose(jacobian[..., parameter], (ahead - behind) / (2 * STEP), atol=2e-6 * scale)


@pytest.mark.parametrize("name", TERMS)
def test_some_of_the_frames_give_the_same_rows(name):
    state = random_state("left", 3)
    term = term_at(name, "left", state, 2.0, 3)
    some = slice(1, 3)
    for whole, part in zip(
        term.linearized(posed("left", state)), term.rows(some).linearized(posed("left", state.rows(some))), strict=True
    ):
        np.testing.assert_allclose(part, whole[some], atol=1e-12 * max(np.abs(whole).max(), 1.0))


@pytest.mark.parametrize("name", ["world", "image", "read"])
def test_a_hand_on_its_target_has_nothing_to_mend(name):
    state = random_state("right", 4)
    residual, _ = term_at(name, "right", state, 0.0, 4).linearized(posed("right", state))
    np.testing.assert_allclose(residual, 0.0, atol=1e-6)


def test_hinges_in_range_are_left_alone():
    hinges = HINGES["right"]
    limits = np.array([hinge.limits for hinge in hinges])
    state = random_state("right", 5)
    within = HandState(state.turn, state.log_scale, state.shift, np.clip(state.angles, limits[:, 0], limits[:, 1]))
    residual, jacobian = HingeRanges(hinges).linearized(posed("right", within))
    assert not residual.any()
    assert not jacobian.any()
