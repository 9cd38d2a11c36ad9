"""The built-in poses are the gestures that their names say, on both sides."""

from __future__ import annotations

import numpy as np
import pytest

from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.errors import BadUsageError
from handmocap_addon.core.maths.rotations import mirrored_axis_angle
from handmocap_addon.core.rig.hand_pose_set import HAND_POSES, built_in_hand_pose
from handmocap_addon.core.rig.hand_skeleton import hand_skeleton
from handmocap_addon.core.skeleton import SIDES, finger_landmarks

SKELETONS = {side: hand_skeleton(load_stand_in_body(), side) for side in SIDES}


def landmarks(name: str, side: str) -> np.ndarray:
    return SKELETONS[side].posed_landmarks(built_in_hand_pose(name, SKELETONS[side])[None])[0]


def bend(points: np.ndarray, finger: str) -> float:
    """Degrees by which the last bone of a finger is turned against its first."""
    bones = np.diff(points[list(finger_landmarks(finger))], axis=0)
    first, last = bones[0] / np.linalg.norm(bones[0]), bones[-1] / np.linalg.norm(bones[-1])
    return float(np.degrees(np.arccos(np.clip(first @ last, -1, 1))))


@pytest.mark.parametrize("side", SIDES)
def test_gestures_bend_the_fingers_that_they_should(side):
    long_fingers = ("index", "middle", "ring", "pinky")
    fist, point, flat, relaxed = (landmarks(name, side) for name in ("fist", "point", "flat", "relaxed"))
    assert all(bend(fist, finger) > 100 for finger in long_fingers)
    assert bend(point, "index") < 25 and all(bend(point, finger) > 100 for finger in long_fingers[1:])
    assert all(20 < bend(relaxed, finger) < 60 for finger in long_fingers)
    np.testing.assert_allclose(flat, SKELETONS[side].landmarks(), atol=1e-9)


@pytest.mark.parametrize("side", SIDES)
def test_fists_close_to_the_palm_and_pinches_touch(side):
    normal = SKELETONS[side].palm_normal
    fist, pinch = landmarks("fist", side), landmarks("pinch", side)
    for finger in ("index", "middle", "ring", "pinky"):
        knuckle, *_, tip = finger_landmarks(finger)
        assert (fist[tip] - fist[knuckle]) @ normal < -0.01, f"{finger} bends backwards"
    thumb_tip, index_tip = finger_landmarks("thumb")[-1], finger_landmarks("index")[-1]
    assert np.linalg.norm(pinch[thumb_tip] - pinch[index_tip]) < 0.03
    assert np.linalg.norm(landmarks("flat", side)[thumb_tip] - landmarks("flat", side)[index_tip]) > 0.08


@pytest.mark.parametrize("name", HAND_POSES)
def test_left_and_right_are_mirrored(name):
    left, right = (built_in_hand_pose(name, SKELETONS[side]).reshape(15, 3) for side in SIDES)
    np.testing.assert_allclose(mirrored_axis_angle(left), right, atol=0.02)


def test_an_unknown_pose_is_refused():
    with pytest.raises(BadUsageError, match="claw"):
        built_in_hand_pose("claw", SKELETONS["left"])
