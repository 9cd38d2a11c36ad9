"""The stages' states and the one button, on facts that a reopened file has as well."""

from __future__ import annotations

import os
import shutil
import venv
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.rigs import add_plain_armature
from handmocap_addon.blender.clip.backgrounds import clip_background
from handmocap_addon.blender.curves.actions import count_keys
from handmocap_addon.set_up.environments import REQUIREMENTS
from handmocap_addon.set_up.stamps import pins_hash, write_stamp
from handmocap_addon.set_up.trial import FAILED_NAME
from handmocap_addon.ui.common import panel_jobs
from handmocap_addon.ui.flow.next_step import next_step
from handmocap_addon.ui.state.bake_targets import baked_files
from handmocap_addon.ui.state.states import STAGES, Kind, state_of


def _kinds() -> dict[str, Kind]:
    return {stage: state_of(bpy.context, stage).kind for stage in STAGES}


def _step() -> str:
    return next_step(bpy.context).label


@pytest.fixture
def on_body(settings: Any, hand_poses_file: Path) -> Any:
    """Hands without a body motion, keyed on the stand-in."""
    settings.hand_poses = str(hand_poses_file)
    assert bpy.ops.handmocap.put_on_body() == {"FINISHED"}
    return settings


def test_pressing_one_button_from_the_clip_to_baked_files(
    settings: Any, shot_folder: Path, demo: Path, worker_python: Path
) -> None:
    shutil.copy(demo / "hmr4d_results.pt", shot_folder)
    labels = [_step()]
    assert bpy.ops.handmocap.choose_clip(filepath=str(shot_folder / "clip.mp4")) == {"FINISHED"}
    for _ in range(3):
        labels.append(_step())
        assert bpy.ops.handmocap.next_step() == {"FINISHED"}
    assert labels == ["Choose Clip", "Estimate Hands", "Put on Body", "Bake"]
    assert _step() == "Bake Again"
    kinds = _kinds()
    assert {kinds[stage] for stage in ("source", "hands", "body", "fingers", "bake")} == {Kind.DONE}
    assert state_of(bpy.context, "hands").text == "Both on all 96 frames"
    assert count_keys(settings.armature) == 96 * (91 + 122)
    for name in ("body.abc", "body.usdc"):
        assert (shot_folder / name).is_file()
    assert clip_background(bpy.context.scene.camera, shot_folder / "clip.mp4") is not None


def test_nothing_is_there(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDMOCAP_ENV", str(tmp_path / "nothing here"))
    assert set(_kinds().values()) == {Kind.NOTHING}
    assert _step() == "Choose Clip"
    settings.clip = str(tmp_path / "clip.mp4")
    assert _step() == "Set Up Hand Estimator"
    settings.estimator = "wilor"
    assert _step() == "Set Up WiLoR"


def test_a_set_up_whose_trial_failed_is_offered_again(
    settings: Any, tmp_path: Path, shot_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = tmp_path / "environments" / "worker-python3.11"
    venv.create(environment, with_pip=False)
    write_stamp(environment, pins_hash([REQUIREMENTS / "worker.txt", REQUIREMENTS / "stand_in.txt"]))
    monkeypatch.setenv("HANDMOCAP_ENV", str(environment.parent))
    settings.clip = str(shot_folder / "clip.mp4")
    assert _step() == "Estimate Hands" and bpy.ops.handmocap.estimate.poll()
    (environment / FAILED_NAME).write_text("MediaPipe needs the system library libEGL.so.1", encoding="utf-8")
    assert _step() == "Set Up Hand Estimator" and not bpy.ops.handmocap.estimate.poll()
    assert state_of(bpy.context, "setup").kind == Kind.NOTHING


def test_hands_of_another_pipeline_go_on_a_body_without_any_clip(on_body: Any) -> None:
    assert count_keys(on_body.armature) == 5 * 122
    assert (_kinds()["body"], _kinds()["fingers"]) == (Kind.LOOK, Kind.DONE), "there is no body motion"
    assert _step() == "Bake"


def test_other_hands_and_other_settings_make_the_fingers_out_of_date(on_body: Any) -> None:
    on_body.smoothing = 0.1
    assert _kinds()["fingers"] == Kind.OUTDATED
    assert _step() == "Put on Body"
    assert bpy.ops.handmocap.next_step() == {"FINISHED"}
    assert _kinds()["fingers"] == Kind.DONE
    path = on_body.hand_poses_path()
    with np.load(path) as old:
        arrays = dict(old)
    arrays["left_detected"][2] = False
    np.savez(path, **arrays)
    state = state_of(bpy.context, "fingers")
    assert (state.kind, state.text) == (Kind.OUTDATED, "The hands changed since")


def test_a_bake_that_is_older_than_the_keys_is_out_of_date(on_body: Any) -> None:
    for path in baked_files(bpy.context):
        path.write_bytes(b"")
    assert _kinds()["bake"] == Kind.DONE
    os.utime(baked_files(bpy.context)[0], (1e9, 1e9))
    assert _kinds()["bake"] == Kind.OUTDATED
    assert _step() == "Bake"


def test_a_reopened_file_and_another_scene_know_how_far_they_are(on_body: Any, tmp_path: Path) -> None:
    before = _kinds()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.context.window.scene = bpy.data.scenes.new("Other")
    assert _step() == "Choose Clip"
    assert _kinds()["fingers"] == Kind.NOTHING
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert _kinds() == before


def test_one_undo_takes_body_and_fingers_back(settings: Any, hand_poses_file: Path) -> None:
    settings.hand_poses = str(hand_poses_file)
    bpy.ops.ed.undo_push(message="before")
    # As a click does; by itself a script's call pushes no undo step.
    assert bpy.ops.handmocap.next_step("EXEC_DEFAULT", True) == {"FINISHED"}
    assert bpy.context.scene.handmocap.armature is not None
    bpy.ops.ed.undo()
    assert bpy.context.scene.handmocap.armature is None
    assert (_kinds()["body"], _kinds()["fingers"]) == (Kind.NOTHING, Kind.NOTHING)
    assert _step() == "Put on Body"


def test_what_failed_says_so_and_is_tried_again(settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "hand_poses.npz"
    path.write_bytes(b"PK damaged")
    settings.hand_poses = str(path)
    assert _kinds()["hands"] == Kind.LOOK
    with pytest.raises(RuntimeError, match="cannot be read as hand poses"):
        bpy.ops.handmocap.next_step()
    state = state_of(bpy.context, "fingers")
    assert state.kind == Kind.FAILED
    assert "cannot be read as hand poses" in state.text
    assert panel_jobs.status("fingers") is not None


def test_the_button_waits_for_what_its_step_waits_for(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDMOCAP_ENV", str(tmp_path / "nothing here"))
    bpy.context.preferences.system.use_online_access = False
    settings.clip = str(tmp_path / "clip.mp4")
    with pytest.raises(RuntimeError, match="Allow Online Access"):
        bpy.ops.handmocap.next_step()


def test_an_armature_that_was_deleted_is_added_anew(on_body: Any) -> None:
    bpy.data.objects.remove(on_body.armature)
    assert _kinds()["body"] == Kind.NOTHING
    assert bpy.ops.handmocap.next_step() == {"FINISHED"}
    assert on_body.armature is not None


def test_the_scene_s_own_armature_is_taken_unless_it_has_keys(settings: Any, hand_poses_file: Path) -> None:
    bpy.ops.handmocap.add_body()
    own = settings.armature
    settings.armature = None
    settings.hand_poses = str(hand_poses_file)
    bpy.ops.handmocap.put_on_body()
    assert settings.armature == own
    settings.armature = None
    bpy.ops.handmocap.put_on_body()
    assert settings.armature != own


def test_a_scene_that_a_person_animates_keeps_its_clock(settings: Any, hand_poses_file: Path) -> None:
    bpy.ops.object.empty_add()
    bpy.context.object.keyframe_insert("location", frame=200)
    settings.hand_poses = str(hand_poses_file)
    bpy.ops.handmocap.put_on_body()
    assert bpy.context.scene.frame_end == 250


def test_an_armature_that_does_not_fit_is_named_and_no_body_is_added(settings: Any, hand_poses_file: Path) -> None:
    add_plain_armature({"pelvis": (0.0, 0.0, 1.0)}, "Rig")
    settings.hand_poses = str(hand_poses_file)
    with pytest.raises(RuntimeError, match=r"The armature Rig lacks SMPL-X bones .* press Add Body"):
        bpy.ops.handmocap.put_on_body()
    assert [thing.name for thing in bpy.context.scene.objects if thing.type == "ARMATURE"] == ["Rig"]
    assert settings.armature is None
