"""The panel's buttons, pressed by a script in the artist's order."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.making.gvhmr_results import made_up_motion, write_gvhmr_result
from addon_tests.making.smplx_models import VERTEX_COUNT, write_smplx_model
from handmocap_addon.blender.clip.body_source import body_source
from handmocap_addon.blender.curves.actions import count_keys
from handmocap_addon.blender.motion.apply_warnings import warnings_of
from handmocap_addon.blender.rig.armatures import deformed_meshes
from handmocap_addon.core.body.gvhmr_file import read_gvhmr_result
from handmocap_addon.core.body.model import posed_joints
from handmocap_addon.core.body.motion import local_rotmat_of
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.hands.hand_poses import HandPoses, HandTrack
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses, write_hand_poses
from handmocap_addon.core.skeleton import SIDES, WRIST
from handmocap_addon.ui.common import panel_jobs


def test_the_whole_way_from_clip_to_baked_files(settings: Any, shot_folder: Path, demo: Path, worker_python: Path) -> None:
    shutil.copy(demo / "hmr4d_results.pt", shot_folder)
    settings.clip = str(shot_folder / "clip.mp4")
    assert bpy.ops.handmocap.estimate() == {"FINISHED"}
    poses = read_hand_poses(shot_folder / "hand_poses.npz")
    assert poses.frame_count == 96
    assert settings.hand_poses_path() == shot_folder / "hand_poses.npz"
    # The body that lies beside the clip said whose hands they are.
    assert poses.meta["bodies"] == 1
    assert all("nearest to the body's" in track["reason"] for track in poses.meta["tracks"] if track["side"])
    assert "96 frames: left hand seen on" in panel_jobs.status("hands").sentence

    assert bpy.ops.handmocap.add_body() == {"FINISHED"}
    armature = settings.armature
    assert len(deformed_meshes(armature)) == 1
    assert bpy.ops.handmocap.apply_body() == {"FINISHED"}
    assert bpy.context.scene.camera.data.background_images[0].clip is not None
    assert bpy.ops.handmocap.apply_hands() == {"FINISHED"}
    scene = bpy.context.scene
    assert (scene.frame_start, scene.frame_end) == (1, 96)
    assert scene.render.fps / scene.render.fps_base == pytest.approx(24000 / 1001)
    assert count_keys(armature) == 96 * (91 + 122)
    assert armature.animation_data.action.name == "clip motion"

    assert bpy.ops.handmocap.bake() == {"FINISHED"}
    for name in ("body.abc", "body.usdc"):
        assert (shot_folder / name).stat().st_size > 1_000_000
    assert "body.abc and body.usdc: 96 frames, at most 0." in panel_jobs.status("bake").sentence
    assert not any(panel_jobs.is_running(stage) for stage in ("hands", "body", "fingers", "bake"))


def test_fingers_alone_need_no_gvhmr_result(settings: Any, hand_poses_file: Path) -> None:
    settings.hand_poses = str(hand_poses_file)
    bpy.ops.handmocap.add_body()
    assert bpy.ops.handmocap.apply_hands() == {"FINISHED"}
    assert panel_jobs.status("fingers").ok
    assert count_keys(settings.armature) == 5 * 122


def _keyed_by_the_artist(settings: Any, frame: int) -> Any:
    bone = settings.armature.pose.bones["left_index1"]
    bone.rotation_quaternion = (0.9, 0.3, 0.2, 0.1)
    bone.keyframe_insert("rotation_quaternion", frame=frame)
    return bone


def test_a_second_press_keeps_a_key_of_the_artists(settings: Any, hand_poses_file: Path) -> None:
    settings.hand_poses = str(hand_poses_file)
    bpy.ops.handmocap.add_body()
    bpy.ops.handmocap.apply_hands()
    bone = _keyed_by_the_artist(settings, frame=9)
    bpy.ops.handmocap.apply_hands()
    assert "4 keys of your own kept" in panel_jobs.status("fingers").sentence
    bpy.context.scene.frame_set(9)
    np.testing.assert_allclose(bone.rotation_quaternion, (0.9, 0.3, 0.2, 0.1), atol=1e-5)


def test_a_second_press_keeps_a_tool_key_that_the_artist_changed(settings: Any, hand_poses_file: Path) -> None:
    settings.hand_poses = str(hand_poses_file)
    bpy.ops.handmocap.add_body()
    bpy.ops.handmocap.apply_hands()
    bone = _keyed_by_the_artist(settings, frame=3)
    bpy.ops.handmocap.apply_hands()
    bpy.context.scene.frame_set(3)
    np.testing.assert_allclose(bone.rotation_quaternion, (0.9, 0.3, 0.2, 0.1), atol=1e-5)


def test_starting_over_loses_the_artist_s_keys_and_is_undone(settings: Any, hand_poses_file: Path) -> None:
    settings.hand_poses = str(hand_poses_file)
    bpy.ops.handmocap.add_body()
    bpy.ops.handmocap.apply_hands()
    _keyed_by_the_artist(settings, frame=3)
    assert bpy.ops.handmocap.start_over(target="RIGHT") == {"FINISHED"}
    bpy.ops.handmocap.apply_hands()
    assert "4 keys of your own kept" in panel_jobs.status("fingers").sentence
    bpy.ops.ed.undo_push(message="before")
    assert bpy.ops.handmocap.start_over() == {"FINISHED"}
    bpy.ops.ed.undo_push(message="after")

    def turned() -> float:
        bpy.context.scene.frame_set(3)
        return float(bpy.data.objects["mannequin"].pose.bones["left_index1"].rotation_quaternion[1])

    assert turned() == pytest.approx(0.0, abs=1e-6)
    bpy.ops.ed.undo()
    assert turned() == pytest.approx(0.3 / np.linalg.norm((0.9, 0.3, 0.2, 0.1)), abs=0.02)


def test_starting_over_and_converting_concern_the_selected_bones(settings: Any, hand_poses_file: Path) -> None:
    settings.hand_poses = str(hand_poses_file)
    bpy.ops.handmocap.add_body()
    bpy.ops.handmocap.apply_hands()
    _keyed_by_the_artist(settings, frame=3)
    assert bpy.ops.handmocap.start_over(target="SELECTED") == {"CANCELLED"}
    bpy.context.view_layer.objects.active = settings.armature
    bpy.ops.object.mode_set(mode="POSE")
    bpy.ops.pose.select_all(action="SELECT")
    assert bpy.ops.handmocap.start_over(target="SELECTED") == {"FINISHED"}
    assert bpy.ops.handmocap.convert_rotation(mode="XYZ") == {"FINISHED"}
    assert "keys of 56 bones converted" in panel_jobs.status("fingers").sentence
    assert settings.armature.pose.bones["left_index1"].rotation_mode == "XYZ"
    bpy.ops.handmocap.apply_hands()
    assert "kept" not in panel_jobs.status("fingers").sentence


def test_ones_own_model_file_is_added(settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "SMPLX_MALE.npz"
    write_smplx_model(path)
    settings.body, settings.smplx_model = "FILE", str(path)
    bpy.ops.handmocap.add_body()
    assert len(deformed_meshes(settings.armature)[0].data.vertices) == VERTEX_COUNT


def _fails(stage: str, sentence: str, operator: Any, **options: Any) -> None:
    with pytest.raises(RuntimeError) as caught:
        operator(**options)
    assert sentence in str(caught.value)
    assert "Traceback" not in str(caught.value)
    shown = panel_jobs.status(stage)
    assert shown is not None
    assert not shown.ok
    assert sentence in shown.sentence


def test_a_clip_that_is_no_video_is_one_sentence(settings: Any, tmp_path: Path, worker_python: Path) -> None:
    clip = tmp_path / "notes.mp4"
    clip.write_text("not a video", encoding="utf-8")
    settings.clip = str(clip)
    _fails("hands", "notes.mp4", bpy.ops.handmocap.estimate)
    assert not list(tmp_path.rglob("hand_poses.npz"))


def test_estimating_beside_a_body_of_another_length_is_one_sentence(
    settings: Any, shot_folder: Path, tmp_path: Path, worker_python: Path
) -> None:
    settings.clip = str(shot_folder / "clip.mp4")
    settings.gvhmr = str(tmp_path / "hmr4d_results.pt")
    write_gvhmr_result(tmp_path / "hmr4d_results.pt", made_up_motion(50, size=(640, 480)))
    _fails("hands", "The GVHMR result has 50 frames and clip.mp4 has 96", bpy.ops.handmocap.estimate)


def test_a_missing_gvhmr_result_is_one_sentence(settings: Any) -> None:
    bpy.ops.handmocap.add_body()
    settings.gvhmr = "/nowhere/hmr4d_results.pt"
    _fails("body", "There is no file /nowhere/hmr4d_results.pt", bpy.ops.handmocap.apply_body)


def test_a_damaged_hand_file_is_one_sentence(settings: Any, tmp_path: Path) -> None:
    bpy.ops.handmocap.add_body()
    path = tmp_path / "hand_poses.npz"
    path.write_bytes(b"PK damaged")
    settings.hand_poses = str(path)
    _fails("fingers", "hand_poses.npz cannot be read as hand poses", bpy.ops.handmocap.apply_hands)
    assert count_keys(settings.armature) == 0


def test_a_gvhmr_result_of_another_length_is_one_sentence(settings: Any, hand_poses_file: Path, demo: Path) -> None:
    bpy.ops.handmocap.add_body()
    settings.hand_poses, settings.gvhmr = str(hand_poses_file), str(demo / "hmr4d_results.pt")
    _fails("body", "The GVHMR result has 96 frames", bpy.ops.handmocap.apply_body)
    assert count_keys(settings.armature) == 0


def _demo_hands(path: Path, orient: tuple[float, float, float]) -> Path:
    """As many frames as the demo's body, with one orientation on all of them."""
    hands = HandTrack.empty(96)
    hands.detected[:], hands.global_orient_axis_angle[:] = True, orient
    write_hand_poses(path, HandPoses(hands, hands, np.arange(96), np.arange(96) / 24.0))
    return path


def test_the_panel_s_wrist_is_keyed(settings: Any, demo: Path, tmp_path: Path) -> None:
    settings.gvhmr = str(demo / "hmr4d_results.pt")
    settings.hand_poses = str(_demo_hands(tmp_path / "hand_poses.npz", (3.0, 0.1, 0.0)))
    bpy.ops.handmocap.add_body()

    def bones() -> list[np.ndarray]:
        assert bpy.ops.handmocap.apply_body() == {"FINISHED"}
        bpy.context.scene.frame_set(40)
        return [np.array(settings.armature.pose.bones[name].matrix.to_3x3()) for name in ("left_elbow", "left_wrist")]

    body = bones()
    settings.wrist = "HAND"
    hand = bones()
    settings.forearm_twist = 1.0
    shared = bones()
    # The forearm is the body's until it takes its share; the hand is another's from then on.
    np.testing.assert_allclose(hand[0], body[0], atol=1e-6)
    assert np.abs(hand[1] - body[1]).max() > 0.05
    np.testing.assert_allclose(shared[1], hand[1], atol=1e-4)
    assert np.abs(shared[0] - hand[0]).max() > 0.02


def test_the_panel_brings_arms_to_the_hands(settings: Any, demo: Path, tmp_path: Path) -> None:
    settings.gvhmr = str(demo / "hmr4d_results.pt")
    body = read_gvhmr_result(demo / "hmr4d_results.pt")
    rest = load_stand_in_body(body.betas).rest_joints
    seen = posed_joints(rest, local_rotmat_of(body, body.camera), body.camera.translation).positions[:, WRIST["left"]]
    projected = seen @ body.intrinsics[0].T
    hand = HandTrack.empty(96)
    hand.detected[:], hand.score[:] = True, 1.0
    hand.keypoints_2d[:] = (projected[:, :2] / projected[:, 2:] + (10.0, 0.0))[:, None]
    hands = HandPoses(hand, HandTrack.empty(96), np.arange(96), np.arange(96) / 24.0)
    settings.hand_poses = str(tmp_path / "hand_poses.npz")
    write_hand_poses(tmp_path / "hand_poses.npz", hands)
    bpy.ops.handmocap.add_body()

    def wrists() -> list[np.ndarray]:
        assert bpy.ops.handmocap.apply_body() == {"FINISHED"}
        bpy.context.scene.frame_set(40)
        return [np.array(settings.armature.pose.bones[f"{side}_wrist"].head) for side in SIDES]

    assert not settings.arms_to_hands
    before = wrists()
    assert "arms to the hands" not in body_source(settings.armature)
    settings.arms_to_hands = True
    after = wrists()
    assert np.linalg.norm(after[0] - before[0]) > 0.005
    np.testing.assert_allclose(after[1], before[1], atol=1e-6)
    assert body_source(settings.armature).endswith(", arms to the hands")
    assert any("wrists moved by" in said and "10.0 pixels" in said for said in warnings_of(settings.armature, "body"))


def test_hands_without_an_orientation_are_one_sentence(settings: Any, demo: Path, tmp_path: Path) -> None:
    settings.gvhmr, settings.wrist = str(demo / "hmr4d_results.pt"), "BLEND"
    settings.hand_poses = str(_demo_hands(tmp_path / "hand_poses.npz", (0.0, 0.0, 0.0)))
    bpy.ops.handmocap.add_body()
    _fails("body", "no global_orient", bpy.ops.handmocap.apply_body)
    assert count_keys(settings.armature) == 0


def test_a_file_that_is_no_model_is_one_sentence(settings: Any, demo: Path) -> None:
    _fails("body", "truth.npz is not an SMPL-X model file", bpy.ops.handmocap.add_body, body=str(demo / "truth.npz"))
    assert settings.armature is None


def test_an_armature_without_fingers_is_one_sentence(settings: Any, hand_poses_file: Path) -> None:
    armature = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    bpy.context.scene.collection.objects.link(armature)
    settings.armature, settings.hand_poses = armature, str(hand_poses_file)
    _fails("fingers", "The armature Rig lacks SMPL-X bones", bpy.ops.handmocap.apply_hands)


def test_a_bake_folder_that_cannot_be_written_is_one_sentence(settings: Any, tmp_path: Path) -> None:
    bpy.ops.handmocap.add_body()
    (tmp_path / "file").write_text("", encoding="utf-8")
    _fails("bake", "cannot be written", bpy.ops.handmocap.bake, folder=str(tmp_path / "file" / "bake"))


def test_a_file_without_a_place_asks_for_a_bake_folder(settings: Any) -> None:
    bpy.ops.handmocap.add_body()
    with pytest.raises(RuntimeError, match="not known where to bake to: choose a folder"):
        bpy.ops.handmocap.bake()


def test_estimating_without_a_clip_asks_for_one(settings: Any, worker_python: Path) -> None:
    with pytest.raises(RuntimeError, match="Choose a clip in Source first"):
        bpy.ops.handmocap.estimate()
