"""The stages of a run one by one, as a pipeline calls them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.readers import READERS
from addon_tests.blender.written_curves import rotation_values
from addon_tests.end_to_end.commands import batch, batch_in_file, sentence_of
from handmocap_addon.blender.rig.bodies import add_body
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz


def test_hands_are_applied_and_the_saved_file_is_baked(demo_run: Path, demo: Path, tmp_path: Path) -> None:
    blend = tmp_path / "shot 1.blend"
    hands = ["--hands", demo_run / "hand_poses.npz", "--gvhmr", demo / "hmr4d_results.pt", "--clip", demo / "clip.mp4"]
    done = batch("apply", *hands, "--save", blend)
    assert done.returncode == 0, done.stderr
    assert f"{96 * 122} keys on 122 channels, 0 of a person's own kept" in done.stdout
    targets = [tmp_path / "baked" / "body.abc", tmp_path / "baked" / "body.usda"]
    done = batch("bake", "--blend", blend, "--out", *targets)
    assert done.returncode == 0, done.stderr
    for target in targets:
        assert len(READERS[target.suffix](target).times) == 96
    pieces = ["bake", "--blend", blend, "--out", targets[0], "--pieces", 40]
    for kept in (0, 3):
        done = batch(*pieces)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("kept as it was finished") == kept
    assert [path.name for path in sorted(targets[0].parent.glob("body.0*.abc"))] == [
        "body.0001-0040.abc",
        "body.0041-0080.abc",
        "body.0081-0096.abc",
    ]


def test_smoothing_is_chosen_on_the_command_line(demo_run: Path, tmp_path: Path, empty_scene: Any) -> None:
    chosen = ["--smoothing", "0", "--smoothing-of", "right=0.4", "--smoothing-of", "right_thumb=0", "--lowest-score", "0.1"]
    keyed = tmp_path / "keyed.blend"
    done = batch(
        "apply", "--hands", demo_run / "hand_poses.npz", *chosen, "--longest-gap", "1", "--ease", "0.2", "--save", keyed
    )
    assert done.returncode == 0, done.stderr
    bpy.ops.wm.open_mainfile(filepath=str(keyed))
    (armature,) = [thing for thing in bpy.data.objects if thing.type == "ARMATURE"]
    with np.load(demo_run / "hand_poses.npz") as content:
        for bone, joint, kept in (("left_index2", 1, True), ("right_index2", 1, False), ("right_thumb2", 13, True)):
            pose = content[f"{bone.split('_')[0]}_hand_pose"][:, joint * 3 : joint * 3 + 3]
            raw = np.abs(axis_angle_to_quat_wxyz(pose))
            same = np.abs(np.abs(rotation_values(armature, bone)) - raw).max() < 1e-5
            assert same == kept, bone


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--smoothing", "2"], "smoothing strength of smoothing is 2"),
        (["--smoothing-of", "thumb=0.5"], "no hand or finger thumb"),
        (["--smoothing-of", "left"], "left is not like left_thumb=0.8"),
        (["--ease", "-1"], "ease is -1 seconds"),
    ],
)
def test_settings_that_cannot_be_followed_are_one_sentence(option: list[str], said: str, tmp_path: Path) -> None:
    hands = tmp_path / "hand_poses.npz"
    np.savez(hands, **{f"{side}_{key}": value for side in ("left", "right") for key, value in
                       (("hand_pose", np.zeros((2, 45), "f4")), ("detected", np.ones(2, bool)))})  # fmt: skip
    done = batch("apply", "--hands", hands, *option, "--save", tmp_path / "shot.blend")
    assert done.returncode == 2
    assert said in sentence_of(done)
    assert not (tmp_path / "shot.blend").exists()


def test_hands_go_on_the_armature_of_the_open_file(demo_run: Path, tmp_path: Path, empty_scene: Any) -> None:
    add_body(load_stand_in_body(), "Hero")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "hero.blend"))
    keyed = tmp_path / "keyed.blend"
    done = batch_in_file(tmp_path / "hero.blend", "apply", "--hands", demo_run / "hand_poses.npz", "--save", keyed)
    assert done.returncode == 0, done.stderr
    bpy.ops.wm.open_mainfile(filepath=str(keyed))
    (armature,) = [thing for thing in bpy.data.objects if thing.type == "ARMATURE"]
    assert armature.name == "Hero"
    assert armature.animation_data.action.name == "clip motion"
