from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from handmocap_addon.core.body.gvhmr_file import read_gvhmr_result
from handmocap_addon.core.body.motion import BodyTrack
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.skeleton import SIDES, finger_landmarks
from handmocap_addon.core.whose_hands.projected_arms import ProjectedArms, project_arms


@pytest.fixture(scope="module")
def motion(demo: Path):
    return read_gvhmr_result(demo / "hmr4d_results.pt")


@pytest.fixture(scope="module")
def arms(motion) -> ProjectedArms:
    return project_arms(motion, load_stand_in_body(motion.betas).rest_joints)


def test_wrists_are_where_the_clip_shows_them(arms, demo):
    truth = np.load(demo / "truth.npz")
    for number, side in enumerate(SIDES):
        np.testing.assert_allclose(arms.wrist[:, number], truth[f"{side}_keypoints_2d"][:, 0], atol=0.5)


def test_knuckles_are_near_and_on_the_hand_s_side(arms, demo):
    truth = np.load(demo / "truth.npz")
    for number, side in enumerate(SIDES):
        knuckle = truth[f"{side}_keypoints_2d"][:, finger_landmarks("middle")[0]]
        assert np.linalg.norm(arms.knuckle[:, number] - knuckle, axis=1).max() < 2.0


def test_a_hand_length_is_what_the_hands_measure(arms, demo):
    truth = np.load(demo / "truth.npz")
    for number, side in enumerate(SIDES):
        tip = finger_landmarks("middle")[3]
        open_hand = np.linalg.norm(truth[f"{side}_keypoints_3d"][0, tip])
        seen = np.linalg.norm(truth[f"{side}_keypoints_2d"][0, tip] - truth[f"{side}_keypoints_2d"][0, 0])
        assert seen / open_hand * 0.18 == pytest.approx(arms.hand_length_px[0, number], rel=0.1)


def test_a_wrist_behind_the_camera_is_in_no_picture(motion):
    behind = replace(motion, camera=BodyTrack(motion.camera.orient_quat_wxyz, motion.camera.translation - (0.0, 0.0, 20.0)))
    arms = project_arms(behind, load_stand_in_body(motion.betas).rest_joints)
    assert not arms.in_front.any()
    assert np.isfinite(arms.wrist).all()
