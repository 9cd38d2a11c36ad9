"""A clip of several shots: each is fitted by itself, and that it is cut is said."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from addon_tests.core.body_landmarks.test_body_fit import gesturing, joints_of, landmarks_of
from handmocap_addon.core.body.model import BodyModel
from handmocap_addon.core.body.motion import BodyTrack
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.body_landmarks.cuts import all_cuts, cuts_of, shots_of
from handmocap_addon.core.body_landmarks.fit import fit_body
from handmocap_addon.core.body_landmarks.landmarks import BodyLandmarks
from handmocap_addon.core.clip.picture_cuts import PictureCuts

Array = NDArray[Any]

_SIZE = (1280, 720)
_FPS = 30.0
_SHOT = 45  # frames


@pytest.fixture(scope="module")
def model() -> BodyModel:
    return load_stand_in_body()


def at(model: BodyModel, x: float, z: float) -> BodyLandmarks:
    """What is seen of one who gestures there, metres in front of the camera."""
    motion = gesturing()
    track = BodyTrack(motion.camera.orient_quat_wxyz, np.tile((x, 0.3, z), (_SHOT, 1)))
    return landmarks_of(replace(motion, world=track, camera=track), model)


def joined(*shots: BodyLandmarks) -> BodyLandmarks:
    return BodyLandmarks(
        **{field.name: np.concatenate([getattr(shot, field.name) for shot in shots]) for field in fields(BodyLandmarks)}
    )


def times(landmarks: BodyLandmarks, fps: float = _FPS) -> Array:
    return np.arange(landmarks.frame_count) / fps


@pytest.mark.parametrize(
    ("one", "other"),
    [((0.1, 5.0), (1.2, 5.0)), ((0.1, 8.5), (0.1, 5.0)), ((0.1, 5.0), (-0.9, 8.5))],
    ids=["beside", "nearer", "farther"],
)
def test_a_shot_is_what_it_is_alone(model: BodyModel, one: tuple[float, float], other: tuple[float, float]) -> None:
    first, second = at(model, *one), at(model, *other)
    both = joined(first, second)
    assert cuts_of(both, times(both)).tolist() == [_SHOT]
    motion = fit_body(both, times(both), _SIZE, None, model, {}).motion
    assert (
        "The clip is cut at frame 46; the body jumps there, and nothing is carried from one shot to the next"
        in motion.warnings
    )
    for start, shot in ((0, first), (_SHOT, second)):
        alone = fit_body(shot, times(shot), _SIZE, None, model, {}).motion
        rows = slice(start, start + _SHOT)
        assert np.allclose(motion.camera.translation[rows], alone.camera.translation, atol=0.01)
        together = joints_of(motion, model).positions[rows] - motion.camera.translation[rows, None]
        by_itself = joints_of(alone, model).positions - alone.camera.translation[:, None]
        assert np.linalg.norm(together - by_itself, axis=-1).max() < 0.02


def test_frames_without_a_body_belong_to_the_shot_before_a_cut() -> None:
    assert shots_of(np.array([3, 5]), 7).tolist() == [0, 0, 0, 1, 1, 2, 2]
    assert shots_of(np.zeros(0, np.int64), 2).tolist() == [0, 0]


def moved(landmarks: BodyLandmarks, pixels: Array) -> BodyLandmarks:
    picture = landmarks.picture.copy()
    picture[..., 0] += pixels[:, None]
    return replace(landmarks, picture=picture)


def test_what_is_no_cut(model: BodyModel) -> None:
    seen = at(model, 0.1, 5.0)
    assert not len(cuts_of(seen, times(seen)))
    # A metre is 294 pixels wide: eleven metres a second through the picture, at two rates.
    for fps in (30.0, 12.5):
        assert not len(cuts_of(moved(seen, 294.0 * 11.0 * times(seen, fps)), times(seen, fps)))
    astray = np.zeros(_SHOT)
    astray[20] = 500.0
    assert not len(cuts_of(moved(seen, astray), times(seen)))
    # Somebody who was out of sight for half a second may be anywhere.
    found = np.ones(_SHOT, bool)
    found[15:30] = False
    elsewhere = np.where(np.arange(_SHOT) >= 30, 500.0, 0.0)
    assert not len(cuts_of(replace(moved(seen, elsewhere), found=found), times(seen)))
    # While one who is there at once on another place is cut to, though a frame between shows nobody.
    found = np.ones(_SHOT, bool)
    found[29] = False
    assert cuts_of(replace(moved(seen, elsewhere), found=found), times(seen)).tolist() == [30]


def test_nobody_is_cut_to_from_nobody() -> None:
    assert not len(cuts_of(BodyLandmarks.empty(9), np.arange(9) / _FPS))
    assert not len(cuts_of(BodyLandmarks.empty(0), np.zeros(0)))


def test_pictures_say_where_a_cut_is_and_where_none_can_be() -> None:
    def of(certain: list[int], possible: list[int]) -> PictureCuts:
        return PictureCuts(np.array(certain, np.int64), np.array(possible, np.int64))

    leaps = np.array([20, 41, 70])
    # At 20 no picture changes, at 41 one is cut to a frame earlier, at 70 one may be, at 90 only the pictures tell.
    assert all_cuts(leaps, of([40, 90], [40, 70, 90])).tolist() == [40, 70, 90]
    assert all_cuts(leaps, of([], [])).tolist() == []
    assert all_cuts(leaps[:0], of([7], [7])).tolist() == [7]
