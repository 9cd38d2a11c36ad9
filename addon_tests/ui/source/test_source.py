from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy
import pytest

from addon_tests.making.gvhmr_results import made_up_motion, write_gvhmr_result
from addon_tests.making.hand_poses import waving_hands
from handmocap_addon.core.hands.hand_poses_file import write_hand_poses
from handmocap_addon.ui.common import panel_jobs
from handmocap_addon.ui.source.operators import HANDMOCAP_FH_clip


@pytest.mark.parametrize("place", [".", "mocap/clip"], ids=["beside the clip", "in mocap/<clip>"])
def test_choosing_a_clip_fills_in_what_lies_with_it(place: str, settings: Any, shot_folder: Path, demo: Path) -> None:
    folder = shot_folder / place
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(demo / "hmr4d_results.pt", folder)
    (folder / "hand_poses.npz").write_bytes(b"")
    settings.clip = str(shot_folder / "clip.mp4")
    assert settings.gvhmr_path() == folder / "hmr4d_results.pt"
    assert settings.hand_poses_path() == folder / "hand_poses.npz"


def test_a_choice_of_the_artist_is_not_overwritten(settings: Any, shot_folder: Path, demo: Path) -> None:
    shutil.copy(demo / "hmr4d_results.pt", shot_folder)
    settings.gvhmr = "mine.pt"
    settings.clip = str(shot_folder / "clip.mp4")
    assert settings.gvhmr == "mine.pt"


def test_a_clip_alone_fills_in_nothing(settings: Any, shot_folder: Path) -> None:
    settings.clip = str(shot_folder / "clip.mp4")
    assert (settings.gvhmr, settings.hand_poses) == ("", "")


def test_another_clip_does_not_keep_the_first_ones_results(settings: Any, shot_folder: Path, demo: Path) -> None:
    """Files that were filled in for one clip are not the next one's."""
    shutil.copy(demo / "hmr4d_results.pt", shot_folder)
    settings.clip = str(shot_folder / "clip.mp4")
    other = shot_folder.parent / "Aufnahme 2"
    other.mkdir()
    shutil.copy(demo / "clip.mp4", other / "clip.mp4")
    shutil.copy(demo / "hmr4d_results.pt", other)
    settings.clip = str(other / "clip.mp4")
    assert settings.gvhmr_path() == other / "hmr4d_results.pt"


def test_results_go_beside_the_gvhmr_result_else_into_a_folder_of_the_clip(settings: Any, shot_folder: Path) -> None:
    settings.clip = str(shot_folder / "clip.mp4")
    assert settings.result_folder() == shot_folder / "mocap" / "clip"
    settings.gvhmr = str(shot_folder / "gvhmr" / "hmr4d_results.pt")
    assert settings.result_folder() == shot_folder / "gvhmr"


def test_a_gvhmr_result_alone_brings_its_copy_of_the_clip(settings: Any, shot_folder: Path, demo: Path) -> None:
    folder = shot_folder / "gvhmr"
    folder.mkdir()
    shutil.copy(demo / "clip.mp4", folder / "0_input_video.mp4")
    shutil.copy(demo / "hmr4d_results.pt", folder)
    settings.gvhmr = str(folder / "hmr4d_results.pt")
    assert settings.clip_path() == folder / "0_input_video.mp4"
    assert settings.gvhmr_path() == folder / "hmr4d_results.pt"


def test_a_chosen_clip_is_not_replaced_by_a_copy(settings: Any, shot_folder: Path, demo: Path) -> None:
    shutil.copy(demo / "clip.mp4", shot_folder / "0_input_video.mp4")
    settings.clip = str(shot_folder / "clip.mp4")
    settings.gvhmr = str(shot_folder / "hmr4d_results.pt")
    assert settings.clip_path() == shot_folder / "clip.mp4"


def _clock() -> tuple[int, int, float, int]:
    scene = bpy.context.scene
    return scene.frame_start, scene.frame_end, round(scene.render.fps / scene.render.fps_base, 3), scene.render.resolution_x


def test_a_clip_gives_a_scene_without_animation_its_clock(settings: Any, shot_folder: Path) -> None:
    assert bpy.ops.handmocap.choose_clip(filepath=str(shot_folder / "clip.mp4")) == {"FINISHED"}
    assert _clock() == (1, 96, 23.976, 640)
    assert settings.clip_facts == "640 x 480, 96 frames, 23.976 fps, 4.0 s"
    assert "frames 1 to 96 at 23.976 fps" in panel_jobs.status("source").sentence
    assert not bpy.data.movieclips


def test_a_scene_with_animation_keeps_its_clock(settings: Any, shot_folder: Path) -> None:
    bpy.ops.object.empty_add()
    bpy.context.object.keyframe_insert("location", frame=200)
    before = _clock()
    bpy.ops.handmocap.choose_clip(filepath=str(shot_folder / "clip.mp4"))
    assert _clock() == before
    assert "its frame rate and range stay" in panel_jobs.status("source").sentence


def test_choosing_a_clip_is_one_undo_step(settings: Any, shot_folder: Path) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.handmocap.choose_clip("EXEC_DEFAULT", True, filepath=str(shot_folder / "clip.mp4"))
    bpy.ops.ed.undo()
    assert bpy.context.scene.handmocap.clip == ""
    assert _clock()[1] == 250


@pytest.mark.parametrize("name", ["nothing.mp4", "notes.txt"])
def test_what_is_no_clip_is_one_sentence(name: str, settings: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("", encoding="utf-8")
    with pytest.raises(RuntimeError, match="choose a"):
        bpy.ops.handmocap.choose_clip(filepath=str(tmp_path / name))
    assert settings.clip == ""


def test_a_dropped_gvhmr_result_is_chosen(settings: Any, shot_folder: Path, demo: Path) -> None:
    shutil.copy(demo / "hmr4d_results.pt", shot_folder)
    bpy.ops.handmocap.choose_clip(filepath=str(shot_folder / "hmr4d_results.pt"))
    assert settings.gvhmr_path() == shot_folder / "hmr4d_results.pt"


@pytest.mark.parametrize("name", ["smpl_params.pt", "results.pkl", "subject-1.smpl", "walk_stageii.npz"])
def test_a_dropped_body_of_another_program_is_chosen(settings: Any, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"read when it is used")
    bpy.ops.handmocap.choose_clip(filepath=str(tmp_path / name))
    assert (settings.gvhmr_path(), settings.hand_poses) == (tmp_path / name, "")


def test_dropped_hands_are_chosen_by_what_they_hold(settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "called otherwise.npz"
    write_hand_poses(path, waving_hands(5, Fraction(24)))
    bpy.ops.handmocap.choose_clip(filepath=str(path))
    assert (settings.gvhmr, settings.hand_poses_path()) == ("", path)


@pytest.fixture
def two_people(settings: Any, shot_folder: Path, demo: Path) -> Any:
    for number, name in enumerate(("anna", "ben")):
        folder = shot_folder / "mocap" / name
        folder.mkdir(parents=True)
        write_gvhmr_result(folder / "hmr4d_results.pt", made_up_motion(96, number, (640, 480)))
    (shot_folder / "mocap" / "ben" / "hand_poses.npz").write_bytes(b"")
    settings.clip = str(shot_folder / "clip.mp4")
    return settings


def test_choosing_a_person_changes_body_and_hands(two_people: Any, shot_folder: Path) -> None:
    mocap = shot_folder / "mocap"
    assert (two_people.person, two_people.hand_poses) == ("anna", "")
    assert two_people.gvhmr_path() == mocap / "anna" / "hmr4d_results.pt"
    two_people.person = "ben"
    assert two_people.gvhmr_path() == mocap / "ben" / "hmr4d_results.pt"
    assert two_people.hand_poses_path() == mocap / "ben" / "hand_poses.npz"
    assert two_people.result_folder() == mocap / "ben"


def test_the_others_keep_their_hands(two_people: Any, shot_folder: Path) -> None:
    others = (shot_folder / "mocap" / "ben" / "hmr4d_results.pt",)
    assert two_people.estimate_request(Path("hands.npz"), "mediapipe", None).other_gvhmr == others
    two_people.gvhmr = str(shot_folder / "mine.pt")
    assert two_people.estimate_request(Path("hands.npz"), "mediapipe", None).other_gvhmr == ()


def test_each_person_has_an_armature(two_people: Any) -> None:
    bpy.ops.handmocap.add_body()
    bpy.ops.handmocap.apply_body()
    anna = two_people.armature
    two_people.person = "ben"
    assert two_people.armature is None
    two_people.person = "anna"
    assert two_people.armature == anna


def test_gvhmr_s_copy_of_the_clip_keeps_the_people(two_people: Any, shot_folder: Path) -> None:
    copy = shot_folder / "mocap" / "anna" / "0_input_video.mp4"
    shutil.copy(shot_folder / "clip.mp4", copy)
    two_people.clip = str(copy)
    assert [person.name for person in two_people.people] == ["anna", "ben"]


def test_dropping_is_offered_in_the_viewport_alone(settings: Any) -> None:
    for area in bpy.context.screen.areas:
        with bpy.context.temp_override(area=area):
            assert HANDMOCAP_FH_clip.poll_drop(bpy.context) == (area.type == "VIEW_3D")
    assert {".mp4", ".pt", ".pkl", ".smpl", ".npz"} <= set(HANDMOCAP_FH_clip.bl_file_extensions.split(";"))
