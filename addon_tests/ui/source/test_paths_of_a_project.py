"""Fields with paths as the file browser gives them, and projects that move."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import bpy
import pytest

from addon_tests.ui.cleanup_scene import write_hands

FOLDERS = ("Aufnahme 1", 'Zoë\'s "shot" für 手', "a 'b' %d #1")


def _project(folder: Path, demo: Path) -> Path:
    folder.mkdir(parents=True)
    shutil.copy(demo / "clip.mp4", folder / "clip.mp4")
    shutil.copy(demo / "hmr4d_results.pt", folder)
    write_hands(folder / "hand_poses.npz", count=96)
    return folder


def _works(settings: Any) -> None:
    assert bpy.ops.handmocap.apply_hands() == {"FINISHED"}
    assert bpy.ops.handmocap.apply_body() == {"FINISHED"}
    assert Path(bpy.path.abspath(settings.clip)).is_file()


@pytest.mark.parametrize("name", FOLDERS)
def test_relative_paths_and_a_project_that_moves(name: str, settings: Any, tmp_path: Path, demo: Path) -> None:
    folder = _project(tmp_path / name, demo)
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "shot.blend"))
    settings = bpy.context.scene.handmocap
    settings.clip = "//clip.mp4"
    assert settings.clip_path() == folder / "clip.mp4"
    assert settings.gvhmr_path() == folder / "hmr4d_results.pt"
    settings.gvhmr, settings.hand_poses = "//hmr4d_results.pt", "//hand_poses.npz"
    bpy.ops.handmocap.add_body()
    _works(settings)
    bpy.ops.wm.save_mainfile()
    moved = tmp_path / "moved" / name
    moved.parent.mkdir()
    shutil.move(folder, moved)
    bpy.ops.wm.open_mainfile(filepath=str(moved / "shot.blend"))
    settings = bpy.context.scene.handmocap
    assert settings.clip_path() == moved / "clip.mp4"
    _works(settings)
    backgrounds = [bpy.path.abspath(clip.filepath) for clip in bpy.data.movieclips if clip.users]
    # Its proxy where the made-up hands are not of this very clip.
    assert any(Path(path).is_relative_to(moved) for path in backgrounds)


def test_what_lies_with_a_clip_that_was_chosen_relative_moves_along(settings: Any, tmp_path: Path, demo: Path) -> None:
    """What is filled in is relative where the clip is."""
    folder = _project(tmp_path / "shot", demo)
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "shot.blend"))
    settings.clip = "//clip.mp4"
    bpy.ops.wm.save_mainfile()
    moved = Path(shutil.move(folder, tmp_path / "moved"))
    bpy.ops.wm.open_mainfile(filepath=str(moved / "shot.blend"))
    settings = bpy.context.scene.handmocap
    assert settings.gvhmr_path() == moved / "hmr4d_results.pt"
    assert settings.hand_poses_path() == moved / "hand_poses.npz"


def test_save_as_elsewhere_keeps_what_relative_paths_mean(settings: Any, tmp_path: Path, demo: Path) -> None:
    folder = _project(tmp_path / "shot", demo)
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "shot.blend"))
    settings.clip = "//clip.mp4"
    (tmp_path / "other" / "deeper").mkdir(parents=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "other" / "deeper" / "copy.blend"))
    settings = bpy.context.scene.handmocap
    for path in (settings.clip_path(), settings.gvhmr_path(), settings.hand_poses_path()):
        assert path.is_file(), path


def test_a_saved_copy_leaves_the_open_file_as_it_is(settings: Any, tmp_path: Path, demo: Path) -> None:
    folder = _project(tmp_path / "shot", demo)
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "shot.blend"))
    settings.clip = "//clip.mp4"
    (tmp_path / "backup").mkdir()
    copy = str(tmp_path / "backup" / "copy.blend")
    bpy.ops.wm.save_as_mainfile(filepath=copy, copy=True)
    settings = bpy.context.scene.handmocap
    assert (settings.clip, settings.gvhmr, settings.found_gvhmr) == ("//clip.mp4", *["//hmr4d_results.pt"] * 2)
    with pytest.raises(RuntimeError):
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "no such folder" / "shot.blend"))
    assert bpy.context.scene.handmocap.clip == "//clip.mp4"
    bpy.ops.wm.open_mainfile(filepath=copy)
    assert bpy.context.scene.handmocap.clip_path().resolve() == folder / "clip.mp4"


def test_a_symlinked_project(settings: Any, tmp_path: Path, demo: Path) -> None:
    folder = _project(tmp_path / "store" / "shot", demo)
    (tmp_path / "link").symlink_to(folder, target_is_directory=True)
    settings.clip = str(tmp_path / "link" / "clip.mp4")
    assert settings.gvhmr_path().is_file() and settings.hand_poses_path().is_file()
    bpy.ops.handmocap.add_body()
    _works(settings)


def test_backslashes_after_the_two_slashes(settings: Any, tmp_path: Path, demo: Path) -> None:
    """As a file that was saved on Windows has them."""
    folder = _project(tmp_path / "shot" / "in", demo)
    bpy.ops.wm.save_as_mainfile(filepath=str(folder.parent / "shot.blend"))
    settings = bpy.context.scene.handmocap
    settings.clip = "//in\\clip.mp4"
    assert settings.clip_path() == folder / "clip.mp4"
    assert settings.gvhmr_path() == folder / "hmr4d_results.pt"


def test_missing_files_are_named_with_what_to_do(settings: Any, tmp_path: Path) -> None:
    bpy.ops.handmocap.add_body()
    settings.hand_poses = settings.gvhmr = str(tmp_path / "gone" / "nothing.npz")
    for name in ("apply_hands", "apply_body", "start_over"):
        with pytest.raises(RuntimeError, match=r"nothing\.npz") as caught:
            getattr(bpy.ops.handmocap, name)()
        assert "Traceback" not in str(caught.value)


def test_a_relative_path_in_a_file_that_was_never_saved(settings: Any) -> None:
    """There is nothing that it could be relative to; it is not there, and no call raises anything else."""
    bpy.ops.handmocap.add_body()
    settings.clip = settings.gvhmr = settings.hand_poses = "//nothing.mp4"
    for name in ("apply_hands", "apply_body"):
        with pytest.raises(RuntimeError, match=r"nothing\.mp4") as caught:
            getattr(bpy.ops.handmocap, name)()
        assert "Traceback" not in str(caught.value)


FIELDS = ("clip", "gvhmr", "hand_poses")


def _chosen_absolute(folder: Path, blend: Path) -> Any:
    settings = bpy.context.scene.handmocap
    settings.clip = str(folder / "clip.mp4")
    assert Path(settings.gvhmr) == folder / "hmr4d_results.pt" and Path(settings.hand_poses) == folder / "hand_poses.npz"
    bpy.context.scene.frame_start, bpy.context.scene.frame_end = 10, 20
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    return bpy.context.scene.handmocap


def test_paths_that_were_chosen_absolute_are_relative_once_the_file_is_saved(
    settings: Any, tmp_path: Path, demo: Path
) -> None:
    folder = _project(tmp_path / "shot", demo)
    (folder / "scenes").mkdir()
    settings = _chosen_absolute(folder, folder / "scenes" / "shot.blend")
    assert settings.clip == "//../clip.mp4" and settings.hand_poses == "//../hand_poses.npz"
    assert settings.clip_path() == folder / "clip.mp4"
    assert (bpy.context.scene.frame_start, bpy.context.scene.frame_end) == (10, 20), "a save is no new choice of the clip"
    moved = Path(shutil.move(folder, tmp_path / "renamed"))
    bpy.ops.wm.open_mainfile(filepath=str(moved / "scenes" / "shot.blend"))
    settings = bpy.context.scene.handmocap
    assert settings.clip_path() == moved / "clip.mp4"
    assert settings.gvhmr_path() == moved / "hmr4d_results.pt" and settings.hand_poses_path() == moved / "hand_poses.npz"


def test_a_file_that_was_moved_alone_still_finds_the_clip(settings: Any, tmp_path: Path, demo: Path) -> None:
    folder = _project(tmp_path / "plates" / "shot", demo)
    (tmp_path / "scenes").mkdir()
    _chosen_absolute(folder, tmp_path / "scenes" / "shot.blend")
    away = tmp_path / "home" / "artist"
    away.mkdir(parents=True)
    shutil.move(tmp_path / "scenes" / "shot.blend", away / "shot.blend")
    bpy.ops.wm.open_mainfile(filepath=str(away / "shot.blend"))
    assert bpy.context.scene.handmocap.clip_path() == folder / "clip.mp4"


@pytest.mark.parametrize("old", ["/gone/{name}", "C:\\jobs\\gone\\{name}", "//..\\gone\\{name}"])
def test_paths_of_older_files_are_found_beside_the_file_and_that_is_said(
    old: str, settings: Any, tmp_path: Path, demo: Path
) -> None:
    """Before, paths were saved as they were chosen, and nobody noted where they were."""
    from handmocap_addon.ui.common import panel_jobs
    from handmocap_addon.ui.source import relative_paths
    from handmocap_addon.ui.source.choosing import without_filling_in

    folder = _project(tmp_path / "shot", demo)
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "shot.blend"))
    settings = bpy.context.scene.handmocap
    names = dict(zip(FIELDS, ("clip.mp4", "hmr4d_results.pt", "hand_poses.npz"), strict=True))
    with without_filling_in():
        for field, name in names.items():
            setattr(settings, field, old.format(name=name))
    settings.places = ""
    relative_paths.after_opening()
    for field, name in names.items():
        assert getattr(settings, f"{field}_path")() == folder / name
    said = panel_jobs.status("source").sentence
    assert said == "The project was moved; found again: clip.mp4, hmr4d_results.pt, hand_poses.npz"


def test_a_stranger_of_the_same_name_above_is_not_taken(tmp_path: Path) -> None:
    from handmocap_addon.core.files.moved_files import find_moved

    (tmp_path / "clip.mp4").touch()
    (tmp_path / "shot").mkdir()
    assert find_moved("/gone/other/clip.mp4", "", tmp_path / "shot") is None
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "clip.mp4").touch()
    assert find_moved("/gone/other/clip.mp4", "", tmp_path / "shot") == tmp_path / "other" / "clip.mp4"
