"""`--reduce`: fewer finger keys in the scene that a run or an apply leaves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.written_curves import curve_of, rotation_path
from addon_tests.end_to_end.commands import batch, sentence_of
from handmocap_addon.blender.motion.key_reduction import is_reduced, restore_full_keys
from handmocap_addon.core.skeleton import SIDES, hand_joint_names

LIMIT = 1.5
FRAMES = 96


def _armature(blend: Path) -> Any:
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    (armature,) = [thing for thing in bpy.data.objects if thing.type == "ARMATURE"]
    return armature


def _finger_keys(armature: Any, side: Any) -> int:
    bones = hand_joint_names(side)
    return sum(len(curve_of(armature, rotation_path(bone), index).keyframe_points) for bone in bones for index in range(4))


def _rotations(armature: Any, side: Any) -> np.ndarray:
    """Unit quaternions (n, 15, 4) on every frame and at eighths between."""
    at = np.arange(1.0, FRAMES + 0.01, 0.125)
    curves = [curve_of(armature, rotation_path(bone), index) for bone in hand_joint_names(side) for index in range(4)]
    values = np.array([[curve.evaluate(frame) for frame in at] for curve in curves])
    quat = values.reshape(15, 4, -1).transpose(2, 0, 1)
    return quat / np.linalg.norm(quat, axis=-1, keepdims=True)


def _largest_error(armature: Any) -> dict[str, float]:
    """Degrees between the reduced curves and the full ones, which the file brings along; the full ones stay."""
    reduced = {side: _rotations(armature, side) for side in SIDES}
    restore_full_keys(armature)
    apart = {side: np.linalg.norm(reduced[side] - _rotations(armature, side), axis=-1).max() for side in SIDES}
    return {side: float(np.degrees(4.0 * np.arcsin(0.5 * distance))) for side, distance in apart.items()}


def test_a_run_says_how_few_keys_are_left_and_how_far_they_are_off(
    demo_run: Path, demo: Path, tmp_path: Path, empty_scene: Any
) -> None:
    (tmp_path / "hand_poses.npz").write_bytes((demo_run / "hand_poses.npz").read_bytes())
    arguments = ["--clip", demo / "clip.mp4", "--gvhmr", demo / "hmr4d_results.pt", "--bake", "", "--no-preview"]
    done = batch("run", *arguments, "--reduce", str(LIMIT), "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["reduction"] == {"error_degrees": LIMIT, "sharing": "finger"}
    armature = _armature(tmp_path / "scene.blend")
    assert is_reduced(armature)
    keys = {side: _finger_keys(armature, side) for side in SIDES}
    errors = _largest_error(armature)
    for side in SIDES:
        hand = report["hands"][side]
        assert hand["keys_before"] == 60 * FRAMES == _finger_keys(armature, side)
        assert hand["keys_after"] == keys[side] < 60 * FRAMES / 6
        assert hand["largest_error_degrees"] == pytest.approx(errors[side], abs=1e-3)
        assert errors[side] <= LIMIT
        assert f"{side} hand: {keys[side]} of {60 * FRAMES} finger keys left" in done.stdout


def test_apply_reduces_too(demo_run: Path, tmp_path: Path, empty_scene: Any) -> None:
    blend = tmp_path / "few.blend"
    hands = ["--hands", demo_run / "hand_poses.npz", "--save", blend]
    done = batch("apply", *hands, "--reduce", "5", "--reduce-by", "hand")
    assert done.returncode == 0, done.stderr
    armature = _armature(blend)
    keys = {side: _finger_keys(armature, side) for side in SIDES}
    for side, error in _largest_error(armature).items():
        assert f"{side} hand: {keys[side]} of {60 * FRAMES} finger keys left" in done.stdout
        assert 0.0 < error <= 5.0


@pytest.mark.parametrize(
    ("option", "said"),
    [(["--reduce", "90"], "error of the reduction is 90 degrees"), (["--reduce-by", "hand"], "--reduce-by stands alone")],
)
def test_a_reduction_that_cannot_be_is_one_sentence(option: list[str], said: str, demo_run: Path, tmp_path: Path) -> None:
    blend = tmp_path / "none.blend"
    done = batch("apply", "--hands", demo_run / "hand_poses.npz", "--save", blend, *option)
    assert said in sentence_of(done)
    assert not blend.exists()
