"""Where hands, logs and bakes go: a place of one's own, and what happens where the usual one cannot be written."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import bpy
import pytest

from handmocap_addon.core.errors import BadUsageError
from handmocap_addon.core.files.output_places import DEFAULT_PLACE, filled_place
from handmocap_addon.ui.common import preferences
from handmocap_addon.ui.state.bake_targets import bake_targets
from handmocap_addon.ui.state.states import Kind, state_of


@pytest.fixture
def plates(tmp_path: Path, demo: Path) -> Path:
    """A clip whose folder takes no results: where they would lie there is a file."""
    folder = tmp_path / "plates"
    folder.mkdir()
    shutil.copy(demo / "clip.mp4", folder)
    (folder / "mocap").write_text("not a folder")
    return folder / "clip.mp4"


def test_the_usual_place_stays(settings: Any, shot_folder: Path) -> None:
    settings.clip = str(shot_folder / "clip.mp4")
    assert settings.result_place().folder == shot_folder / "mocap" / "clip" and settings.result_place().said == ""


def test_a_folder_of_ones_own_takes_everything(settings: Any, plates: Path, tmp_path: Path) -> None:
    settings.clip, settings.output_folder = str(plates), str(tmp_path / "results")
    assert settings.result_folder() == tmp_path / "results"
    assert {target.parent for target in bake_targets(bpy.context)} == {tmp_path / "results"}
    settings.bake_folder = str(tmp_path / "bakes")
    assert {target.parent for target in bake_targets(bpy.context)} == {tmp_path / "bakes"}


def test_beside_the_saved_file_where_the_clips_folder_takes_nothing(settings: Any, plates: Path, tmp_path: Path) -> None:
    (tmp_path / "scenes").mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scenes" / "shot.blend"))
    settings = bpy.context.scene.handmocap
    settings.clip = str(plates)
    place = settings.result_place()
    assert place.folder == tmp_path / "scenes" / "mocap" / "clip"
    assert place.said == f"{plates.parent / 'mocap' / 'clip'} cannot be written, so results go to {place.folder}"


def test_a_file_that_was_never_saved_asks(settings: Any, plates: Path, worker_python: Path) -> None:
    settings.clip = str(plates)
    assert settings.result_folder() is None
    with pytest.raises(RuntimeError, match="cannot be written: choose a folder for results in Source, or save the file"):
        bpy.ops.handmocap.estimate()
    assert state_of(bpy.context, "hands").kind == Kind.NOTHING


def test_hands_of_a_read_only_plate_are_found_again_by_another_scene(settings: Any, plates: Path, tmp_path: Path) -> None:
    from addon_tests.ui.cleanup_scene import write_hands

    (tmp_path / "results").mkdir()
    write_hands(tmp_path / "results" / "hand_poses.npz")
    settings.output_folder = str(tmp_path / "results")
    settings.clip = str(plates)
    assert settings.hand_poses_path() == tmp_path / "results" / "hand_poses.npz"


def test_estimating_into_the_other_place(settings: Any, plates: Path, tmp_path: Path, worker_python: Path) -> None:
    settings.clip, settings.output_folder = str(plates), str(tmp_path / "results")
    settings.frames, settings.last_frame = "RANGE", 3
    assert bpy.ops.handmocap.estimate() == {"FINISHED"}
    assert (tmp_path / "results" / "hand_poses.npz").is_file()
    assert (tmp_path / "results" / "logs" / "estimate.log").is_file()


def test_a_chosen_folder_that_cannot_be_written_is_named(settings: Any, plates: Path, worker_python: Path) -> None:
    settings.clip, settings.output_folder = str(plates), str(plates.parent / "mocap" / "there")
    with pytest.raises(RuntimeError, match="cannot be written: choose another folder for results in Source"):
        bpy.ops.handmocap.estimate()


def test_the_preferences_place(settings: Any, plates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preferences, "_chosen", lambda _context, name, default: PLACES.get(name, default))
    settings.clip = str(plates)
    assert "needs {blend_folder}: save the file first, or choose a folder" in settings.result_place().said
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert bpy.context.scene.handmocap.result_folder() == tmp_path / "hands" / "shot" / "clip"


PLACES = {"output_folder": "{blend_folder}/hands/{blend}/{clip}"}


@pytest.mark.parametrize(("pattern", "reason"), [("{shot}", "not known"), ("{clip", "cannot be filled in")])
def test_patterns_that_cannot_be_filled_in(pattern: str, reason: str) -> None:
    with pytest.raises(BadUsageError, match=reason):
        filled_place(pattern, {"clip": "clip"})


def test_the_default_pattern_is_the_place_of_before() -> None:
    assert filled_place(DEFAULT_PLACE, {"clip_folder": "/a/b", "clip": "c"}) == Path("/a/b/mocap/c")
