"""Motions that no camera saw: keyed at their own speed, without a camera, and that said."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from addon_tests.blender.rigs import ours
from handmocap_addon.blender.apply import apply_body, check_wrist
from handmocap_addon.blender.clip.body_of_clip import at_scene_s_rate, body_for
from handmocap_addon.blender.clip.cameras import cameras_of
from handmocap_addon.blender.scene_time import set_frame_rate
from handmocap_addon.core.body.gvhmr_file import read_gvhmr_result
from handmocap_addon.core.body.makers import AMASS
from handmocap_addon.core.body.motion import BodyMotion
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.cleanup.wrist import WristSettings
from handmocap_addon.core.cleanup.wrist_source import WristSource
from handmocap_addon.core.errors import BadUsageError, FrameCountError

FRAMES = 96


@pytest.fixture
def unseen(demo: Path) -> BodyMotion:
    """The demo's body as mocap at 48 frames a second."""
    motion = read_gvhmr_result(demo / "hmr4d_results.pt")
    return replace(motion, camera=None, intrinsics=None, maker=AMASS, fps=Fraction(48))


def pelvis_at(scene: Any, armature: Any, frame: float) -> np.ndarray:
    scene.frame_set(int(frame))
    return np.array(armature.pose.bones["pelvis"].head)


def test_without_hands_and_clip_it_moves_at_its_own_speed(empty_scene: Any, unseen: BodyMotion) -> None:
    scene = empty_scene
    set_frame_rate(scene, Fraction(24))
    every = ours(load_stand_in_body(unseen.betas))
    apply_body(every, replace(unseen, fps=None), None, None, "by frames", False)
    expected = [pelvis_at(scene, every, 1 + 2 * row) for row in range(10)]
    armature = ours(load_stand_in_body(unseen.betas))
    applied = apply_body(armature, unseen, None, None, "by time", False)
    np.testing.assert_allclose([pelvis_at(scene, armature, 1 + row) for row in range(10)], expected, atol=1e-5)
    assert (applied.camera, applied.picture, cameras_of(armature)) == (None, None, [])
    assert "The AMASS motion at 48 fps was laid on the scene's 24" in applied.warnings


def test_at_the_scene_s_own_rate_nothing_is_laid_anew(unseen: BodyMotion) -> None:
    assert at_scene_s_rate(unseen, Fraction(48)) is unseen
    assert at_scene_s_rate(replace(unseen, fps=None), Fraction(24)).frame_count == FRAMES


def test_a_rate_that_would_make_hours_of_it_is_refused(unseen: BodyMotion) -> None:
    long = unseen.taken(np.zeros(30_000, int))
    with pytest.raises(FrameCountError, match="30000 frames at 1 fps would have 719977 at the scene's 24"):
        at_scene_s_rate(replace(long, fps=Fraction(1)), Fraction(24))


def test_with_a_clip_alone_it_is_laid_on_the_clip_s_frames_or_refused(unseen: BodyMotion, demo: Path) -> None:
    clip = demo / "clip.mp4"  # 96 frames at 24000/1001, four seconds
    long = unseen.taken(np.repeat(np.arange(FRAMES), 2))
    laid = body_for(long, None, clip)
    assert laid.frame_count == FRAMES
    assert (
        "The AMASS result has 192 frames at 48 fps and clip.mp4 has 96 at 23.976 fps; both last equally long"
        in laid.warnings[0]
    )
    with pytest.raises(FrameCountError, match="has 50 frames at 48 fps and clip.mp4 has 96"):
        body_for(unseen.slice_frames(0, 50), None, clip)


def test_with_a_clip_it_gets_no_camera_and_nothing_behind_one(empty_scene: Any, unseen: BodyMotion, demo: Path) -> None:
    armature = ours(load_stand_in_body(unseen.betas))
    applied = apply_body(armature, replace(unseen, fps=None), None, demo / "clip.mp4", "clip motion", True, match_scene=True)
    assert (applied.camera, applied.picture) == (None, None)
    assert not [thing for thing in empty_scene.objects if thing.type == "CAMERA"]


def test_wrists_of_hands_need_a_body_that_was_seen(unseen: BodyMotion) -> None:
    check_wrist(WristSettings(forearm_twist_share=0.5), unseen)
    with pytest.raises(BadUsageError, match="The AMASS motion has no camera"):
        check_wrist(WristSettings(source=WristSource.BLEND), unseen)
