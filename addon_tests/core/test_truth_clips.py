"""The committed truths of the demo and of the benchmark: do their numbers agree with each other and with the clips' plans?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from handmocap_addon.core.body.model import BodyModel
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.rig.hand_skeleton import hand_skeleton
from handmocap_addon.core.skeleton import SIDES, WRIST
from tools.truth_clips.clips import CLIPS
from tools.truth_clips.truth import FILE_NAMES, PersonTruth, load_truth, make_truth

pytest.importorskip("mannequin")

REPOSITORY = Path(__file__).parents[2]
TRUTHS = [REPOSITORY / "demo" / "truth.npz", *sorted((REPOSITORY / "benchmark").glob("*/*truth.npz"))]


@pytest.fixture(params=TRUTHS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture
def truth(path: Path) -> PersonTruth:
    return load_truth(path)


@pytest.fixture
def model(truth: PersonTruth) -> BodyModel:
    return load_stand_in_body(truth.betas)


def test_each_clip_has_a_truth_for_each_person():
    found = {(path.parent.name, path.name) for path in TRUTHS}
    assert found == {(clip.name, name) for clip in CLIPS.values() for name in FILE_NAMES[: len(clip.people)]}


def test_the_header_is_the_clip_s(truth: PersonTruth, path: Path):
    clip = CLIPS[path.parent.name]
    assert tuple(truth.fps) == clip.fps
    assert tuple(truth.frame_size) == clip.frame_size
    np.testing.assert_allclose(truth.frame_time, np.arange(clip.frame_count) * clip.fps[1] / clip.fps[0], rtol=0, atol=1e-12)
    for name in ("left_hand_pose", "body_pose", "transl", "right_keypoints_2d", "left_in_view"):
        assert len(getattr(truth, name)) == clip.frame_count, name
    np.testing.assert_allclose(truth.betas, clip.people[FILE_NAMES.index(path.name)].betas, rtol=0, atol=1e-7)


def test_wrists_are_where_the_body_puts_them(truth: PersonTruth, model: BodyModel):
    posed = truth.posed(model)
    for side in SIDES:
        np.testing.assert_allclose(getattr(truth, f"{side}_wrist_world"), posed.positions[:, WRIST[side]], rtol=0, atol=1e-6)
        np.testing.assert_allclose(
            getattr(truth, f"{side}_wrist_rotmat_world"), posed.rotmat[:, WRIST[side]], rtol=0, atol=1e-6
        )


def test_landmarks_are_those_of_the_hand_poses_in_the_camera(truth: PersonTruth, model: BodyModel):
    to_camera = truth.world_to_camera_rotmat.astype(float)
    for side in SIDES:
        on_hand = hand_skeleton(model, side).posed_landmarks(getattr(truth, f"{side}_hand_pose"))
        turn = to_camera @ getattr(truth, f"{side}_wrist_rotmat_world").astype(float)
        from_wrist = on_hand @ np.swapaxes(turn, -1, -2)
        np.testing.assert_allclose(getattr(truth, f"{side}_keypoints_3d"), from_wrist, rtol=0, atol=2e-6)
        wrist = getattr(truth, f"{side}_wrist_world") @ to_camera.T + truth.world_to_camera_translation
        projected = (from_wrist + wrist[:, None]) @ truth.intrinsics.astype(float).T
        pixels = projected[..., :2] / projected[..., 2:]
        np.testing.assert_allclose(getattr(truth, f"{side}_keypoints_2d"), pixels, rtol=0, atol=0.01)


def test_the_body_in_the_camera_is_the_body_in_the_world(truth: PersonTruth, model: BodyModel):
    in_camera = {"global_orient": truth.global_orient_incam, "transl": truth.transl_incam}
    seen = PersonTruth(**{**vars(truth), **in_camera}).posed(model).positions
    world = truth.posed(model).positions @ truth.world_to_camera_rotmat.astype(float).T + truth.world_to_camera_translation
    np.testing.assert_allclose(seen, world, rtol=0, atol=5e-6)


def test_units_are_metres_radians_and_pixels(truth: PersonTruth):
    positions = np.concatenate([getattr(truth, f"{side}_wrist_world") for side in SIDES])
    assert positions[:, 1].min() > 0.5 and positions[:, 1].max() < 2.2  # hands between knees and above the head
    for side in SIDES:
        angles = np.linalg.norm(getattr(truth, f"{side}_hand_pose").reshape(-1, 15, 3), axis=-1)
        assert 0.6 < angles.max() < 2.1  # some finger bends well, none beyond 120 degrees
        length = np.linalg.norm(getattr(truth, f"{side}_keypoints_3d")[:, 9], axis=-1)
        assert length.min() > 0.07 and length.max() < 0.13  # wrist to the middle finger's knuckle
        seen = getattr(truth, f"{side}_keypoints_2d")[getattr(truth, f"{side}_in_view")]
        size = np.ptp(seen, axis=1).max(axis=1)
        assert size.min() > 40 and size.max() < 150


def test_no_finger_bends_backwards(truth: PersonTruth, model: BodyModel):
    for side in SIDES:
        axes = hand_skeleton(model, side).flexion_axes[:, None]
        bend = np.sum(getattr(truth, f"{side}_hand_pose").reshape(-1, 5, 3, 3) * axes, axis=-1)
        assert np.degrees(bend[:, :4].min()) > -2.0
        assert np.degrees(bend[:, :, 1:].min()) > -2.0


def test_hands_out_of_view_are_marked(truth: PersonTruth, path: Path):
    for side in SIDES:
        middle = getattr(truth, f"{side}_keypoints_2d").mean(axis=1)
        inside = np.all((middle > -60) & (middle < truth.frame_size + 60), axis=-1)
        in_view = getattr(truth, f"{side}_in_view")
        assert not np.any(in_view & ~inside)
        deep_inside = np.all((middle > 110) & (middle < truth.frame_size - 110), axis=-1)
        assert not np.any(deep_inside & ~in_view)
    assert truth.left_in_view.all() or path.name != FILE_NAMES[0]
    out_of_view = np.count_nonzero(~truth.right_in_view)
    if path.parent.name == "leaving":
        assert 0.8 < out_of_view / (truth.fps[0] / truth.fps[1]) < 1.6
    elif path.name == FILE_NAMES[0]:
        assert out_of_view == 0


def test_the_demo_s_motion_can_be_made_again():
    clip = CLIPS["demo"]
    made = make_truth(clip, clip.people[0], load_stand_in_body(np.array(clip.people[0].betas)))
    for name, values in vars(load_truth(TRUTHS[0])).items():
        np.testing.assert_allclose(getattr(made, name), values, rtol=0, atol=1e-3 if "2d" in name else 1e-6, err_msg=name)
