"""The cleanup's settings as they arrive on the keys."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.written_curves import curve_of, rotation_path, rotation_values
from addon_tests.making.gestures import bent, detector_noise, stand_in_hand
from handmocap_addon.blender.apply import apply_hands
from handmocap_addon.blender.rig.bodies import add_body
from handmocap_addon.blender.scene_time import set_frame_rate
from handmocap_addon.core.body.model import BodyModel
from handmocap_addon.core.cleanup.settings import CleanupSettings
from handmocap_addon.core.hands.hand_poses import HandPoses, HandTrack
from handmocap_addon.core.maths.rotations import quat_wxyz_to_axis_angle

COUNT = 40
LOW = slice(10, 13)


@pytest.fixture
def armature(stand_in: BodyModel) -> Any:
    return add_body(stand_in)


def _shaking(seed: int) -> HandTrack:
    quat = detector_noise(bent(stand_in_hand(), np.full(COUNT, 0.4)), np.random.default_rng(seed), 2.0)
    score = np.full(COUNT, 0.9)
    score[LOW] = 0.3
    pose = quat_wxyz_to_axis_angle(quat).reshape(COUNT, 45)
    return replace(HandTrack.empty(COUNT), pose_axis_angle=pose, detected=np.ones(COUNT, bool), score=score)


def _keyed(armature: Any, **options: Any) -> dict[str, np.ndarray]:
    """Values (N, 4) by bone."""
    set_frame_rate(bpy.context.scene, Fraction(30))
    poses = HandPoses(_shaking(1), _shaking(2), np.arange(COUNT), np.arange(COUNT) / 30.0)
    apply_hands(armature, poses, CleanupSettings(**options), "clip motion")
    bones = ("left_index2", "left_thumb2", "right_index2", "right_thumb2")
    return {bone: rotation_values(armature, bone) for bone in bones}


def _shaking_of(values: np.ndarray) -> float:
    return float(np.abs(np.diff(values, n=3, axis=0)).mean())


def test_strengths_reach_the_hand_and_the_finger_they_are_for(armature: Any) -> None:
    raw = _keyed(armature, smoothing=0.0)
    keyed = _keyed(armature, smoothing=0.5, smoothing_of=(("left", 0.0), ("left_thumb", 0.5)))
    np.testing.assert_array_equal(keyed["left_index2"], raw["left_index2"])
    for bone in ("left_thumb2", "right_index2", "right_thumb2"):
        assert _shaking_of(keyed[bone]) < _shaking_of(raw[bone]) / 5.0


def test_frames_below_the_lowest_score_get_the_key_type_of_filled_ones(armature: Any) -> None:
    _keyed(armature, lowest_score=0.5)
    types = [key.type for key in curve_of(armature, rotation_path("left_index2"), 0).keyframe_points]
    assert types == ["GENERATED"] * 10 + ["JITTER"] * 3 + ["GENERATED"] * 27
