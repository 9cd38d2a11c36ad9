from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.readers import READERS
from handmocap_addon.core.skeleton import SIDES, hand_joint_names

FRAMES = 96


def test_the_report_has_both_hands(report: dict[str, Any]) -> None:
    assert report["ok"]
    assert set(report["hands"]) == {"left", "right"}
    for hand in report["hands"].values():
        assert hand["frames"] == hand["measured"] + hand["filled"] + hand["missing"] == FRAMES
        assert hand["measured"] >= 90
        assert 0.5 < hand["mean_score"] <= 1.0


def test_the_report_says_whose_every_track_is_and_why(report: dict[str, Any]) -> None:
    assert {track["side"] for track in report["tracks"]} >= {"left", "right"}
    assert all("nearest to the body's" in track["reason"] for track in report["tracks"] if track["side"])
    for side in SIDES:
        tracks = [track for track in report["tracks"] if track["side"] == side]
        assert sum(track["detections"] for track in tracks) == report["hands"][side]["measured"]
        assert sum(track["second_look"] for track in tracks) == report["hands"][side]["second_look"]


def test_fingers_are_at_most_twenty_degrees_from_the_truth(report: dict[str, Any]) -> None:
    errors = [hand["accuracy"]["bone_direction_error_mean_deg"] for hand in report["hands"].values()]
    assert all(hand["accuracy"]["frames_compared"] >= 90 for hand in report["hands"].values())
    assert 1.0 < np.mean(errors) < 20.0


def test_the_report_tells_the_quality_of_each_frame_and_what_is_worth_looking_at(report: dict[str, Any]) -> None:
    assert report["cleanup"]["smoothing"] > 0.0
    for hand in report["hands"].values():
        assert hand["jitter_after_m_per_s3"] < 0.7 * hand["jitter_before_m_per_s3"]
        by_frame = hand["quality"]["by_frame"]
        assert all(len(values) == FRAMES for values in by_frame.values())
        assert by_frame["jump_deg"][0] is None
        # A landmark detector marks other points than the rig's joints; hands here are 115 pixels.
        assert 0.1 < hand["quality"]["reprojection_mean_px"] < 6.0
    severities = [item["severity"] for item in report["worth_looking_at"]]
    assert severities == sorted(severities, reverse=True)
    for item in report["worth_looking_at"]:
        assert 0 <= item["first"] <= item["last"] < FRAMES
        assert item["timeline"] == [item["first"] + 1, item["last"] + 1]


def test_the_report_says_what_was_baked_and_read_back(report: dict[str, Any], demo_run: Path) -> None:
    assert [Path(file["path"]).name for file in report["baked"]] == ["body.abc", "body.usdc"]
    for file in report["baked"]:
        assert file["frames"] == FRAMES
        assert file["vertices"] == 24256
        assert file["constant_vertex_count"]
        assert file["largest_distance_m"] <= 1e-4
        assert file["bytes"] == (demo_run / Path(file["path"]).name).stat().st_size


def test_the_report_names_clip_versions_licences_and_times(report: dict[str, Any]) -> None:
    assert report["clip"]["name"] == "clip.mp4"
    assert report["clip"]["fps"] == [24000, 1001]
    assert report["versions"]["blender"] == bpy.app.version_string
    assert {"checking", "estimating", "keying", "baking", "preview"} <= set(report["seconds"])
    licences = " ".join(report["licences"])
    for name in ("MediaPipe", "mannequin-x", "GVHMR"):
        assert name in licences
    assert report["keys"]["total"] == FRAMES * (91 + 122)
    assert abs(report["keys"]["lift_to_floor_m"]) < 0.1


@pytest.mark.parametrize("name", ["body.abc", "body.usdc"])
def test_others_readers_see_moving_fingers_in_the_baked_files(name: str, demo_run: Path) -> None:
    baked = READERS[Path(name).suffix](demo_run / name)
    assert baked.points.shape == (FRAMES, 24256, 3)
    assert np.isfinite(baked.points).all()
    np.testing.assert_allclose(np.diff(baked.times), 1001 / 24000, atol=1e-6)
    assert 1.5 < np.ptp(baked.points[:, :, 2]) < 2.2
    assert np.ptp(baked.points, axis=0).max() > 0.1


def test_the_preview_is_a_picture_of_something(demo_run: Path) -> None:
    image = bpy.data.images.load(str(demo_run / "preview.png"))
    assert tuple(image.size) == (640, 480)
    pixels = np.empty(640 * 480 * 4, np.float32)
    image.pixels.foreach_get(pixels)
    rgb = pixels.reshape(-1, 4)[:, :3]
    bpy.data.images.remove(image)
    assert len(np.unique((rgb * 32).astype(int), axis=0)) > 50
    assert rgb.std(axis=0).min() > 0.03


_SHAPES = {
    "hand_pose": ((45,), "f4"),
    "detected": ((), "?"),
    "score": ((), "f4"),
    "bbox": ((4,), "f4"),
    "keypoints_2d": ((21, 2), "f4"),
    "keypoints_3d": ((21, 3), "f4"),
    "global_orient": ((3,), "f4"),
    "betas": ((10,), "f4"),
}


@pytest.mark.parametrize("side", SIDES)
def test_hand_poses_has_every_row_of_the_format(side: str, demo_run: Path) -> None:
    with np.load(demo_run / "hand_poses.npz", allow_pickle=False) as content:
        for key, (shape, kind) in _SHAPES.items():
            array = content[f"{side}_{key}"]
            assert array.shape == (FRAMES, *shape), key
            assert array.dtype == np.dtype(kind), key
        unseen = ~content[f"{side}_detected"]
        assert not content[f"{side}_hand_pose"][unseen].any()
        boxes = content[f"{side}_bbox"][~unseen]
        assert (boxes[:, 2:] > boxes[:, :2]).all()


def test_hand_poses_tells_times_and_where_it_comes_from(demo_run: Path) -> None:
    with np.load(demo_run / "hand_poses.npz", allow_pickle=False) as content:
        assert content["frame_index"].dtype == np.int64
        np.testing.assert_array_equal(content["frame_index"], np.arange(FRAMES))
        assert content["frame_time"].dtype == np.float64
        np.testing.assert_allclose(content["frame_time"], np.arange(FRAMES) * 1001 / 24000, atol=1e-6)
        assert content["meta"].shape == ()
        meta = json.loads(str(content["meta"]))
    assert meta["schema_version"] == 1
    assert meta["clip"]["size"] == [640, 480]
    assert len(meta["clip"]["sha256"]) == 64
    assert meta["estimator"] == "mediapipe"
    assert meta["licences"]


def test_left_is_left_in_the_picture(demo_run: Path, demo: Path) -> None:
    """The hands that were found lie where the true ones are."""
    with np.load(demo_run / "hand_poses.npz") as found, np.load(demo / "truth.npz") as truth:
        for side in SIDES:
            seen = found[f"{side}_detected"]
            miss = np.linalg.norm(found[f"{side}_keypoints_2d"] - truth[f"{side}_keypoints_2d"], axis=-1)[seen]
            assert np.median(miss) < 15.0


def test_the_saved_scene_opens_with_body_fingers_and_camera(demo_run: Path, empty_scene: Any) -> None:
    bpy.ops.wm.open_mainfile(filepath=str(demo_run / "scene.blend"))
    scene = bpy.context.scene
    (armature,) = [thing for thing in scene.objects if thing.type == "ARMATURE"]
    assert (scene.frame_start, scene.frame_end) == (1, FRAMES)
    assert scene.render.fps / scene.render.fps_base == pytest.approx(24000 / 1001)
    assert Path(bpy.path.abspath(scene.camera.data.background_images[0].clip.filepath)).is_file()
    poses = []
    for frame in (1, 16):
        scene.frame_set(frame)
        bones = [armature.pose.bones[name] for side in SIDES for name in hand_joint_names(side)]
        poses.append(np.array([tuple(bone.rotation_quaternion) for bone in bones]))
    assert np.abs(poses[1] - poses[0]).max() > 0.2


def test_nothing_unfinished_is_left_behind(demo_run: Path) -> None:
    names = {path.name for path in demo_run.iterdir()}
    asked_for_besides = {"motion.glb", "hand_poses_edited.npz"}
    bakes = {"body.abc", "body.abc.report.json", "body.usdc", "body.usdc.report.json"}
    made = {"hand_poses.npz", "scene.blend", "preview.png", "report.json", "logs"} | bakes
    assert names == made | asked_for_besides
