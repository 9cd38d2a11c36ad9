"""Cuts that small pictures show, and what is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from addon_tests.making.formulas import angle_of, random_axis_angle
from handmocap_addon.core.cleanup.clean_hands import Provenance, clean_hand
from handmocap_addon.core.cleanup.settings import CleanupSettings
from handmocap_addon.core.clip.picture_cuts import THUMBNAIL_SHAPE, apart_at_cuts, picture_cuts, thumbnail
from handmocap_addon.core.hands.hand_poses import HandTrack
from handmocap_addon.core.maths.rotations import quat_wxyz_to_rotmat

Array = NDArray[Any]
COUNT, FPS = 60, 30.0


def room(seed: int) -> Array:
    """A room (72, 128): walls and furniture of different greys."""
    random = np.random.default_rng(seed)
    picture = np.full((72, 128), random.integers(60, 200), np.float64)
    for _ in range(12):
        top, left = random.integers(0, 60), random.integers(0, 110)
        picture[top : top + random.integers(8, 30), left : left + random.integers(8, 40)] = random.integers(20, 235)
    return picture


def film(seed: int, count: int = COUNT, speed: float = 0.4, pan: float = 0.0) -> Array:
    """Somebody (N, 72, 128) who walks through a room, before a camera that pans by pixels a frame."""
    frames = np.repeat(np.tile(room(seed), (1, 3))[None], count, axis=0)
    random = np.random.default_rng(seed + 100)
    for number, frame in enumerate(frames):
        left = int(20 + speed * number)
        frame[20:72, left : left + 14] = 30.0 + 10.0 * seed
        frame += random.normal(0.0, 2.0, frame.shape)
    rolled = [np.roll(frame, -round(pan * number), axis=1)[:, :128] for number, frame in enumerate(frames)]
    return np.clip(np.array(rolled), 0.0, 255.0)


def cuts(frames: Array, time: Array | None = None, is_lost: Array | None = None) -> list[int]:
    small = np.array([thumbnail(np.repeat(frame.astype(np.uint8)[..., None], 3, axis=2)) for frame in frames])
    time = np.arange(len(frames)) / FPS if time is None else time
    found: list[int] = picture_cuts(
        small, time, np.zeros(len(frames), bool) if is_lost is None else is_lost
    ).certain.tolist()
    return found


@pytest.mark.parametrize("every", [1, 2, 3])
def test_a_cut_is_seen_on_its_frame(every: int) -> None:
    frames = np.concatenate((film(1)[::every], film(2)[::every]))
    assert cuts(frames) == [len(frames) // 2]


def test_every_cut_of_several_is_seen() -> None:
    assert cuts(np.concatenate((film(1, 20), film(2, 15), film(3, 30)))) == [20, 35]


def test_what_is_no_cut() -> None:
    frames, later = film(1), np.arange(COUNT)[:, None, None] >= 30
    one, few = np.arange(COUNT)[:, None, None] == 30, later & (np.arange(COUNT)[:, None, None] < 33)
    for changed in (
        frames,
        np.where(one, 250.0, frames),
        np.where(few, np.clip(1.7 * frames + 20.0, 0.0, 255.0), frames),
        np.where(few, 250.0, frames),
        np.where(later, 0.45 * frames, frames),
        frames[np.where((np.arange(COUNT) >= 20) & (np.arange(COUNT) < 30), 20, np.arange(COUNT))],
        film(1, speed=1.4),
        film(1, pan=4.0),
    ):
        assert cuts(changed) == []


def test_a_dissolve_is_none() -> None:
    share = np.clip((np.arange(COUNT) - 20.0) / 20.0, 0.0, 1.0)[:, None, None]
    assert cuts((1.0 - share) * film(1) + share * film(2)) == []


def test_frames_that_could_not_be_read_are_passed_over() -> None:
    frames = np.concatenate((film(1, 30), film(2, 30)))
    lost = np.isin(np.arange(COUNT), (10, 29, 30))
    frames[lost] = 0.0
    assert cuts(frames, is_lost=lost) == [31]
    assert cuts(frames, is_lost=np.ones(COUNT, bool)) == []


def test_frames_that_are_left_out_are_no_cut() -> None:
    kept = np.r_[0:30, 42:60]
    frames = film(1, speed=1.4)[kept]
    assert cuts(frames, kept / FPS) == []


@pytest.mark.parametrize("size", [(1, 1), (7, 500), (1080, 1920), (33, 17)])
def test_a_thumbnail_of_any_picture(size: tuple[int, int]) -> None:
    picture = np.zeros((*size, 3), np.uint8)
    picture[..., 1] = np.linspace(10, 200, size[1])
    small = thumbnail(picture)
    assert small.shape == THUMBNAIL_SHAPE and small.dtype == np.uint8
    assert (np.diff(small.astype(int), axis=1) >= 0).all()
    assert small.min() >= 10 and small.max() <= 200
    assert thumbnail(picture[..., ::-1]).tolist() == small.tolist()


def test_a_hand_s_shots_are_what_they_are_alone() -> None:
    """Neither smoothing nor a bridged gap reaches across a cut."""
    random = np.random.default_rng(3)
    track, relaxed = HandTrack.empty(COUNT), np.zeros(45)
    track.pose_axis_angle[:] = random_axis_angle(random, COUNT, 15, largest=0.1).reshape(COUNT, 45)
    track.pose_axis_angle[30:] += 0.8
    track.detected[:] = True
    track.detected[26:33] = False
    track.score[:] = track.detector_score[:] = track.detected
    time = np.arange(COUNT) / FPS
    cut = clean_hand(track, apart_at_cuts(time, [30]), relaxed, CleanupSettings())
    through = clean_hand(track, time, relaxed, CleanupSettings())
    assert (through.provenance[26:33] == Provenance.FILLED).all()
    assert (cut.provenance[26:33] == Provenance.RELAXED).all()
    for rows in (slice(0, 30), slice(30, COUNT)):
        part = HandTrack(**{name: values[rows] for name, values in vars(track).items()})
        alone = clean_hand(part, time[rows], relaxed, CleanupSettings())
        turn = np.swapaxes(quat_wxyz_to_rotmat(alone.quat_wxyz), -1, -2) @ quat_wxyz_to_rotmat(cut.quat_wxyz[rows])
        # The noise, by which smoothing measures itself, is the whole clip's.
        assert np.degrees(angle_of(turn)).max() < 0.5
        assert (alone.provenance == cut.provenance[rows]).all()


def test_times_without_a_cut_stay_as_they_are() -> None:
    time = np.arange(5) / FPS
    assert apart_at_cuts(time, []) is time
    assert apart_at_cuts(time, [0, 99, -1]) is time
    assert np.argmax(np.diff(apart_at_cuts(time, [2]))) == 1
