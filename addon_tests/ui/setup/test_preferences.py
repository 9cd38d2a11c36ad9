"""What the preferences decide elsewhere. The tests' extension is not installed, so a stand-in is asked for its values."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest

from addon_tests.making.smplx_models import write_smplx_model
from handmocap_addon.set_up.stamps import write_stamp
from handmocap_addon.ui.common import panel_jobs
from handmocap_addon.ui.common import preferences as preferences_module
from handmocap_addon.ui.state.bake_targets import baked_files
from handmocap_addon.ui.state.states import Kind, state_of


@pytest.fixture
def chosen(settings: Any, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The preferences; a test sets what it needs."""
    stand_in = SimpleNamespace(estimator="mediapipe", device="auto", smplx_folder="", baked_name="{part}")
    monkeypatch.setattr(preferences_module, "preferences", lambda _context: stand_in)
    return stand_in


def test_scenes_begin_with_the_estimator_of_the_preferences_and_keep_their_own(settings: Any, chosen: Any) -> None:
    assert settings.estimator == "mediapipe"
    chosen.estimator = "wilor"
    assert settings.estimator == "wilor"
    settings.estimator = "mediapipe"
    assert settings.estimator == "mediapipe"
    assert bpy.data.scenes.new("Next").handmocap.estimator == "wilor"


def test_the_scenes_own_estimator_is_saved_with_the_file(settings: Any, tmp_path: Path) -> None:
    settings.estimator = "wilor"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.read_homefile(use_empty=True)
    assert bpy.context.scene.handmocap.estimator == "mediapipe"
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert bpy.context.scene.handmocap.estimator == "wilor"


def test_the_device_goes_to_wilor_alone(settings: Any, tmp_path: Path) -> None:
    settings.clip = str(tmp_path / "clip.mp4")
    assert settings.estimate_request(tmp_path / "out.npz", "wilor", None, "cpu").device == "cpu"
    assert settings.estimate_request(tmp_path / "out.npz", "mediapipe", None, "cpu").device == "auto"


def test_a_body_comes_from_the_models_folder_unless_the_scene_has_its_own(
    settings: Any, chosen: Any, tmp_path: Path
) -> None:
    settings.body = "FILE"
    assert not bpy.ops.handmocap.add_body.poll()
    write_smplx_model(tmp_path / "SMPLX_NEUTRAL.npz")
    chosen.smplx_folder = str(tmp_path)
    assert settings.body_choice() == str(tmp_path / "SMPLX_NEUTRAL.npz")
    assert bpy.ops.handmocap.add_body() == {"FINISHED"}
    assert settings.armature["handmocap_body"] == "SMPLX_NEUTRAL"
    settings.smplx_kind = "MALE"
    assert not bpy.ops.handmocap.add_body.poll()
    settings.smplx_model = str(tmp_path / "another.npz")
    assert settings.body_choice() == str(tmp_path / "another.npz")


def test_the_cache_is_measured_and_only_what_was_ticked_is_cleared(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "environments"
    monkeypatch.setenv("HANDMOCAP_ENV", str(folder))
    for name in ("worker-python3.11", "wilor-python3.11"):
        (folder / name).mkdir(parents=True)
        (folder / name / "large").write_bytes(b"x" * 3_000_000)
        write_stamp(folder / name, "pins")
    assert bpy.ops.handmocap.measure_cache() == {"FINISHED"}
    assert panel_jobs.status("cache size").sentence == "6 MB: Hand Estimator 3 MB, WiLoR 3 MB"
    assert bpy.ops.handmocap.clear_cache() == {"CANCELLED"}
    assert bpy.ops.handmocap.clear_cache(wilor=True) == {"FINISHED"}
    assert panel_jobs.status("cache").sentence.startswith("3 MB freed")
    assert [path.name for path in folder.iterdir() if "-python" in path.name] == ["worker-python3.11"]


def test_baked_files_are_called_as_the_preferences_say(settings: Any, chosen: Any, tmp_path: Path) -> None:
    chosen.baked_name = "{clip}_{part}_{scene}"
    bpy.context.scene.name, bpy.context.scene.frame_end = "s010", 2
    settings.clip = str(tmp_path / "walk.mp4")
    settings.bake_folder = str(tmp_path / "baked")
    settings.bake_usd = False
    bpy.ops.handmocap.add_body()
    assert bpy.ops.handmocap.bake() == {"FINISHED"}
    written = {path.name for path in (tmp_path / "baked").iterdir()} - {"logs"}
    assert written >= {"walk_body_s010.abc"} and not any(name.startswith("body") for name in written)
    assert state_of(bpy.context, "bake").kind == Kind.DONE
    settings.bake.hands = settings.bake.apart = True
    assert [path.name for path in baked_files(bpy.context)] == ["walk_body_s010.abc", "walk_hands_s010.abc"]
    assert state_of(bpy.context, "bake").kind == Kind.NOTHING
    chosen.baked_name = "shot"
    assert state_of(bpy.context, "bake").text.endswith("write {part} in it")
    with pytest.raises(RuntimeError, match="write {part} in it"):
        bpy.ops.handmocap.bake()
