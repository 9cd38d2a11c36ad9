"""Reduce Keys and Full Keys in the panel, with undo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.making.gestures import bent, holds, stand_in_hand
from handmocap_addon.blender.curves.actions import count_keys
from handmocap_addon.blender.motion.key_reduction import is_reduced
from handmocap_addon.core.maths.rotations import quat_wxyz_to_axis_angle
from handmocap_addon.core.skeleton import SIDES
from handmocap_addon.ui.common import panel_jobs

FRAMES = 60
FULL = FRAMES * 122


@pytest.fixture
def keyed(settings: Any, tmp_path: Path) -> Any:
    """The panel's fields with an armature whose fingers are keyed."""
    share, _ = holds(np.arange(FRAMES) / 30.0)
    pose = quat_wxyz_to_axis_angle(bent(stand_in_hand(), share)).reshape(FRAMES, 45).astype(np.float32)
    hands = {f"{side}_hand_pose": pose for side in SIDES} | {f"{side}_detected": np.ones(FRAMES, bool) for side in SIDES}
    np.savez(tmp_path / "hand_poses.npz", **hands)
    settings.hand_poses = str(tmp_path / "hand_poses.npz")
    bpy.ops.handmocap.add_body()
    assert bpy.ops.handmocap.apply_hands() == {"FINISHED"}
    return settings


def _now() -> Any:
    """After an undo, all that was held before is gone."""
    return bpy.context.scene.handmocap.armature


def test_keys_are_reduced_to_the_panel_s_error_and_brought_back(keyed: Any) -> None:
    keyed.reduction_error, keyed.reduction_sharing = 0.5, "HAND"
    assert bpy.ops.handmocap.reduce_keys() == {"FINISHED"}
    few = count_keys(keyed.armature)
    assert few < FULL / 3
    sentence = panel_jobs.status("fingers").sentence
    assert f"{few - 2 * FRAMES} of {120 * FRAMES} finger keys left, at most 0." in sentence
    assert bpy.ops.handmocap.full_keys() == {"FINISHED"}
    assert count_keys(keyed.armature) == FULL
    with pytest.raises(RuntimeError, match="not reduced: there is nothing to bring back"):
        bpy.ops.handmocap.full_keys()


def test_undo_and_redo_take_keys_and_stored_full_keys_along(keyed: Any) -> None:
    bpy.ops.ed.undo_push(message="keyed")
    bpy.ops.handmocap.reduce_keys()
    bpy.ops.ed.undo_push(message="reduced")
    few = count_keys(_now())
    bpy.ops.handmocap.full_keys()
    bpy.ops.ed.undo_push(message="full")
    bpy.ops.ed.undo()
    assert (count_keys(_now()), is_reduced(_now())) == (few, True)
    bpy.ops.ed.undo()
    assert (count_keys(_now()), is_reduced(_now())) == (FULL, False)
    bpy.ops.ed.redo()
    assert (count_keys(_now()), is_reduced(_now())) == (few, True)
    assert bpy.ops.handmocap.full_keys() == {"FINISHED"}
    assert count_keys(_now()) == FULL
