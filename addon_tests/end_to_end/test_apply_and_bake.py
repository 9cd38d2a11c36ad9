"""The stages of a run one by one, as a pipeline calls them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from addon_tests.blender.readers import READERS
from addon_tests.end_to_end.commands import batch, batch_in_file
from handmocap_addon.blender.bodies import add_body
from handmocap_addon.core.stand_in_body import load_stand_in_body


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
