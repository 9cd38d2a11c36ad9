"""The WiLoR engine's windows: order, bounds, errors and ends, with networks that only note what they are given.

A frame's first pixel says how many hands are on it, and its brightness which frame it is.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from addon_tests.making.patience import PATIENCE
from handmocap_addon.core.errors import CancelledError, ClipError
from handmocap_addon.worker.estimators import wilor_engine
from handmocap_addon.worker.estimators.base import EstimatorInfo, VideoFrame
from handmocap_addon.worker.estimators.wilor_engine import WilorEstimator
from handmocap_addon.worker.estimators.wilor_network import Boxes
from handmocap_addon.worker.estimators.wilor_settings import WilorSettings

WINDOW = 4


class NotingNetwork:
    """Hands as many as a frame's first pixel says, left ones first; a hand's shape is its patch's brightness."""

    focal_length = 5000.0

    def __init__(self):
        self.detected, self.posed = [], []  # lengths of what came together
        self.closed = False

    def detect(self, pictures):
        self.detected.append(len(pictures))
        return [self._boxes(int(picture[0, 0, 0])) for picture in pictures]

    @staticmethod
    def _boxes(count):
        box = np.tile([20.0, 10.0, 40.0, 30.0], (count, 1))
        return Boxes(box, np.linspace(0.5, 0.9, count), np.arange(count) % 2 == 1)

    def poses(self, patches):
        assert patches.shape[1:] == (256, 256, 3) and patches.dtype == np.float32
        self.posed.append(len(patches))
        return [
            {
                "global_orient": np.zeros((1, 3), np.float32),
                "hand_pose": np.zeros((15, 3), np.float32),
                "betas": np.full(10, patch[128, 128, 0]),
                "pred_cam": np.array([0.9, 0, 0], np.float32),
                "pred_keypoints_3d": np.zeros((21, 3), np.float32),
            }
            for patch in patches
        ]

    def close(self):
        self.closed = True


@pytest.fixture
def network():
    return NotingNetwork()


@pytest.fixture
def estimator(network):
    settings = WilorSettings(batch_frames=WINDOW).resolved("cpu")
    made = WilorEstimator(network, settings, EstimatorInfo("wilor", "", "", {}))
    yield made
    made.close()


def _frame(index, hands):
    pixels = np.full((48, 64, 3), 10 + index % 200, np.uint8)
    pixels[0, 0] = hands
    return VideoFrame(index, index / 30.0, pixels)


HANDS = [2, 0, 1, 3, 0, 0, 2, 1, 0, 2, 2]


def _frames(hands=HANDS):
    return [_frame(index, count) for index, count in enumerate(hands)]


def _threads():
    return {thread for thread in threading.enumerate() if thread.is_alive()}


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    before = _threads()
    yield
    end = time.monotonic() + PATIENCE
    while _threads() - before:
        assert time.monotonic() < end, "a thread goes on"
        time.sleep(0.001)


def test_frames_keep_their_order_and_their_hands_over_windows(estimator, network):
    frames = _frames()
    answers = list(estimator.observe(iter(frames)))

    assert [frame for frame, _ in answers] == frames
    assert [len(hands) for _, hands in answers] == HANDS
    for frame, hands in answers:
        assert [hand.betas[0] for hand in hands] == [10 + frame.index] * len(hands)
        assert [hand.side for hand in hands] == ["left", "right", "left"][: len(hands)]


def test_a_window_goes_through_each_network_at_once(estimator, network):
    list(estimator.observe(iter(_frames())))
    assert network.detected == [4, 4, 3]
    assert network.posed == [6, 3, 4]


def test_hands_that_are_not_near_a_wanted_place_never_reach_the_network(estimator, network):
    frames = _frames([3, 3, 3, 3])
    places = {0: None, 1: np.empty((0, 3)), 2: np.array([[1000.0, 0.0, 10.0]]), 3: np.array([[0.0, 0.0, np.inf]])}
    answers = list(estimator.observe(replace(frame, wanted_near=places[frame.index]) for frame in frames))
    assert [len(hands) for _, hands in answers] == [3, 0, 0, 3]
    assert network.posed == [6]


def test_a_box_is_near_a_place_that_it_reaches_into():
    boxes = Boxes(np.array([[0.0, 0.0, 10.0, 10.0], [30.0, 0.0, 40.0, 10.0]]), np.ones(2), np.array([True, False]))
    assert boxes.near(np.array([[15.0, 5.0, 5.0]])).bbox.tolist() == [[0.0, 0.0, 10.0, 10.0]]
    assert len(boxes.near(np.array([[15.0, 5.0, 4.9]])).score) == 0
    assert len(boxes.near(np.array([[15.0, 5.0, 5.0], [45.0, 5.0, 5.0]])).score) == 2


def test_a_clip_without_hands_comes_back_whole(estimator, network):
    answers = list(estimator.observe(iter(_frames([0] * 6))))
    assert [hands for _, hands in answers] == [[]] * 6


def test_no_frames_no_answers(estimator, network):
    assert list(estimator.observe(iter([]))) == []
    assert network.detected == []


def test_memory_is_bounded_by_the_window_and_not_by_the_clip(estimator):
    made = []

    def frames():
        for index in range(400):
            made.append(index)
            yield _frame(index, 1)

    most = 0
    for taken, _ in enumerate(estimator.observe(frames()), start=1):
        if taken % 40 == 0:
            time.sleep(0.005)  # time to run ahead
        most = max(most, len(made) - taken)
    # A window that is handed out, one that is cut, one that is detected, and the decoder's own frames.
    assert most <= 3 * WINDOW + 2
    assert len(made) == 400


def test_works_ahead_while_a_window_is_in_use(estimator, network):
    answers = estimator.observe(iter(_frames([1] * 40)))
    next(answers)
    end = time.monotonic() + PATIENCE
    while len(network.detected) < 2:
        assert time.monotonic() < end
        time.sleep(0.001)
    answers.close()


def test_patches_are_cut_while_the_detector_waits_for_the_gpu(network, estimator, monkeypatch):
    cut_patch = wilor_engine.cut_patch

    def cut(pixels, *arguments):
        end = time.monotonic() + PATIENCE
        while pixels[1, 1, 0] == 10 + WINDOW and len(network.detected) < 3:
            assert time.monotonic() < end, "the window after the next one is not looked at"
            time.sleep(0.001)
        return cut_patch(pixels, *arguments)

    monkeypatch.setattr(wilor_engine, "cut_patch", cut)
    list(estimator.observe(iter(_frames([1] * 40))))
    assert sum(network.posed) == 40


def test_what_decoding_raises_comes_out_after_the_windows_before_it(estimator):
    def frames():
        yield from _frames()[: 2 * WINDOW]
        raise ClipError("frame 8 is damaged")

    answers = estimator.observe(frames())
    assert [next(answers)[0].index for _ in range(2 * WINDOW)] == list(range(2 * WINDOW))
    with pytest.raises(ClipError, match="frame 8 is damaged"):
        next(answers)


def test_what_a_network_raises_comes_out(estimator, network, monkeypatch):
    def fail(_pictures):
        raise ValueError("another shape")

    monkeypatch.setattr(network, "detect", fail)
    with pytest.raises(ValueError, match="another shape"):
        list(estimator.observe(iter(_frames())))


def _endless():
    index = 0
    while True:
        yield _frame(index, 1)
        index += 1


def test_close_ends_what_reads_ahead(estimator, network):
    answers = estimator.observe(_endless())
    next(answers)
    estimator.close()
    assert network.closed
    with pytest.raises(RuntimeError, match="closed"):
        list(answers)


def test_a_cancelled_run_ends_what_reads_ahead(estimator):
    def run():
        for frame, _ in estimator.observe(_endless()):
            if frame.index == 10:
                raise CancelledError("Cancelled")

    with pytest.raises(CancelledError):
        run()
    estimator.close()


def test_a_cancelled_run_does_not_wait_for_a_source_that_hangs(estimator):
    go_on = threading.Event()

    def frames():
        yield from _frames([1] * 2 * WINDOW)
        assert go_on.wait(PATIENCE)

    answers = estimator.observe(frames())
    for _ in range(2 * WINDOW):
        next(answers)
    answers.close()
    assert not go_on.is_set()
    go_on.set()


def test_a_crop_is_looked_at_alone(estimator, network):
    hands = estimator.look_again(_frame(3, 2).pixels)
    assert [hand.side for hand in hands] == ["left", "right"]
    assert network.detected == [1] and network.posed == [2]
