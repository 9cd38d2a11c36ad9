from __future__ import annotations

import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from smplcodec import SMPLCodec

from addon_tests.blender.motions import MadeUpShot
from addon_tests.blender.processes import processes_with, wait_until
from addon_tests.blender.rigs import bone_of, meshcapade_like, ours, world_joints
from addon_tests.making.fbx_reader import read_fbx
from addon_tests.making.formulas import angle_of, rodrigues
from addon_tests.making.glb_reader import read_glb
from addon_tests.making.smplx_models import write_smplx_model
from handmocap_addon.blender.apply import apply_hands
from handmocap_addon.blender.jobs.child_job import ReportedError
from handmocap_addon.blender.motion.motion_keys import write_body_keys, write_hand_keys
from handmocap_addon.blender.motion.shot import Shot
from handmocap_addon.blender.motion_files import request as motion_exporting
from handmocap_addon.blender.motion_files.request import MotionJob, MotionTarget, motion_request_for
from handmocap_addon.blender.rig.armatures import deformed_meshes
from handmocap_addon.blender.rig.pose_parameters import read_body_parameters
from handmocap_addon.blender.scene_time import frame_rate_fraction, set_frame_rate, set_range
from handmocap_addon.core.body.model import BodyModel, posed_joints
from handmocap_addon.core.body.motion_formats import MotionFormat
from handmocap_addon.core.body.smplx_model_file import read_smplx_model
from handmocap_addon.core.cleanup.clean_hands import CleanupSettings
from handmocap_addon.core.errors import (
    ArmatureError,
    BadInputError,
    BadUsageError,
    CancelledError,
    MissingSetupError,
)
from handmocap_addon.core.hands.hand_poses import HandPoses
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses, write_hand_poses
from handmocap_addon.core.skeleton import JOINT_NAMES, SIDES, hand_joint_names

COUNT = 6
FIRST = 3
FPS = Fraction(24000, 1001)
FRAMES = np.arange(FIRST, FIRST + COUNT)
# y up as files have it, to Blender's z up.
TO_Z_UP = np.array(((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)))
OLD = b"what an earlier export left"
Array = Any


def _edited(armature: Any, scene: Any) -> Any:
    """Keys of a shot, and what an animator may do to them: an edit, a constraint, a parent that moves, and an NLA strip."""
    shot = MadeUpShot(COUNT)
    set_frame_rate(scene, FPS)
    set_range(scene, FRAMES)
    write_body_keys(Shot.of(armature), shot.motion(), FRAMES.astype(float), "shot")
    write_hand_keys(Shot.of(armature), shot.hands(), shot.tracks(), FRAMES.astype(float), "shot")
    animation = armature.animation_data
    strip = animation.nla_tracks.new().strips.new("shot", FIRST, animation.action)
    strip.action_slot = animation.action_slot
    animation.action = None
    bone = bone_of(armature, "left_index2")
    bone.constraints.new("LIMIT_ROTATION").use_limit_z = True
    holder = bpy.data.objects.new("holder", None)
    scene.collection.objects.link(holder)
    armature.parent = holder
    for frame, place in ((FIRST, (0.0, 0.5, 0.2)), (FIRST + COUNT - 1, (1.5, -0.5, 0.4))):
        holder.location = place
        holder.rotation_euler = (0.0, 0.1, 0.3 * frame)
        holder.keyframe_insert("location", frame=frame)
        holder.keyframe_insert("rotation_euler", frame=frame)
    return armature


def _shown(armature: Any) -> dict[str, Array]:
    """Matrices (N, 4, 4) of the bones in Blender's world, on every frame."""
    found: dict[str, list[Array]] = {}
    for frame in FRAMES:
        bpy.context.scene.frame_set(int(frame))
        evaluated = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        for bone in evaluated.pose.bones:
            found.setdefault(bone.name, []).append(np.array(evaluated.matrix_world @ bone.matrix))
    return {name: np.stack(rows) for name, rows in found.items()}


def _shown_joints(armature: Any) -> Array:
    found = []
    for frame in FRAMES:
        bpy.context.scene.frame_set(int(frame))
        found.append(world_joints(armature))
    return np.stack(found)


def _start(armature: Any, targets: dict[MotionFormat, Path], **options: Any) -> MotionJob:
    scene = bpy.context.scene
    listed = [MotionTarget(motion_format, path) for motion_format, path in targets.items()]
    request = motion_request_for(armature, listed, (scene.frame_start, scene.frame_end), **options)
    return MotionJob(request, None, next(iter(targets.values())).parent / "logs" / "export.log")


def _targets(folder: Path, *formats: MotionFormat) -> dict[MotionFormat, Path]:
    return {one: folder / one.file_name for one in formats}


def _largest_turn(first: Array, second: Array) -> float:
    """Degrees between matrices (…, 3, 3) whose axes may be scaled."""
    first, second = (matrix / np.linalg.norm(matrix, axis=-2, keepdims=True) for matrix in (first, second))
    return float(np.degrees(angle_of(np.swapaxes(first, -1, -2) @ second)).max())


def _posed(poses: Array, trans: Array, rest_joints: Array) -> Array:
    """Joints (N, 55, 3) as a reader of the file poses them: the published order, absent joints at rest."""
    local = np.tile(np.eye(3), (len(poses), len(JOINT_NAMES), 1, 1))
    count = poses.shape[1] // 3
    joints = {55: list(range(55)), 22: list(range(22)), 52: [*range(22), *range(25, 55)]}[count]
    local[:, joints] = rodrigues(poses.reshape(len(poses), count, 3))
    return posed_joints(rest_joints, local, trans).positions


def _smplx(tmp_path: Path) -> BodyModel:
    write_smplx_model(tmp_path / "SMPLX_FEMALE.npz")
    return read_smplx_model(tmp_path / "SMPLX_FEMALE.npz", np.array((0.5, -1.0)))


def _bodies(stand_in: BodyModel, tmp_path: Path) -> dict[str, Callable[[], Any]]:
    return {
        "stand-in": lambda: ours(stand_in),
        "other axes": lambda: meshcapade_like(stand_in),
        "smplx": lambda: ours(_smplx(tmp_path)),
    }


@pytest.mark.parametrize("body", ["stand-in", "other axes", "smplx"])
def test_each_file_read_by_another_program_holds_the_scene(
    body: str, scene: Any, stand_in: BodyModel, tmp_path: Path
) -> None:
    armature = _edited(_bodies(stand_in, tmp_path)[body](), scene)
    rest_joints = read_body_parameters(armature, [FIRST]).rest_joints
    shown, joints = _shown(armature), _shown_joints(armature)
    seconds = FRAMES / float(FPS)
    out = _targets(tmp_path / "out", *MotionFormat)
    reports = _start(armature, out).wait()["files"]
    assert [report["frames"] for report in reports] == [COUNT] * len(MotionFormat)
    assert [report["bytes"] for report in reports] == [path.stat().st_size for path in out.values()]

    # z up, so Blender's own axes.
    with np.load(out[MotionFormat.AMASS]) as amass:
        np.testing.assert_allclose(_posed(amass["poses"], amass["trans"], rest_joints), joints, atol=1e-5)
        assert float(amass["mocap_frame_rate"]) == float(FPS)
    codec = SMPLCodec.from_file(out[MotionFormat.SMPL])
    posed = _posed(codec.full_pose.reshape(COUNT, -1), codec.body_translation, rest_joints)
    np.testing.assert_allclose(posed @ TO_Z_UP.T, joints, atol=1e-5)
    for motion_format, read in ((MotionFormat.BODY_66, slice(0, 22)), (MotionFormat.BODY_AND_HANDS_156, slice(0, 55))):
        with np.load(out[motion_format]) as plain:
            assert str(plain["up_axis"]) == "y"
            posed = _posed(plain["poses"], plain["trans"], rest_joints)
            np.testing.assert_allclose((posed @ TO_Z_UP.T)[:, read], joints[:, read], atol=1e-5)

    fbx = read_fbx(out[MotionFormat.FBX], seconds)
    glb = read_glb(out[MotionFormat.GLTF])
    np.testing.assert_allclose(glb.times, seconds - seconds[0], atol=1e-6)
    np.testing.assert_allclose((fbx.first_second, fbx.last_second), (seconds[0], seconds[-1]), atol=1e-6)
    assert fbx.up_axis == "POSITIVE_Y"
    (mesh,) = deformed_meshes(armature)
    assert fbx.vertex_count == len(mesh.data.vertices)
    assert glb.vertex_count >= len(mesh.data.vertices)
    assert set(fbx.bones) == set(glb.joints) == set(fbx.skinned_bones) == set(shown)
    for worlds in (fbx.worlds, glb.worlds):
        found = np.stack([worlds[name] for name in shown])
        wanted = np.stack(list(shown.values()))
        np.testing.assert_allclose(found[..., :3, 3] @ TO_Z_UP.T, wanted[..., :3, 3], atol=1e-5)
        assert _largest_turn(TO_Z_UP @ found[..., :3, :3], wanted[..., :3, :3]) < 1e-3
    # The edits are worth reading: the body moves, and the constraint holds a finger back.
    assert np.linalg.norm(joints[-1, 0] - joints[0, 0]) > 1.0

    hands = read_hand_poses(out[MotionFormat.HANDS])
    assert hands.frames_per_second() == FPS
    local = read_body_parameters(armature, FRAMES).local_rotmat()
    for side in SIDES:
        first = JOINT_NAMES.index(hand_joint_names(side)[0])
        pose = rodrigues(hands.track(side).pose_axis_angle.reshape(COUNT, 15, 3))
        assert _largest_turn(pose, local[:, first : first + 15]) < 1e-3
    assert [path.name for path in (tmp_path / "out").iterdir() if path.name.startswith(".")] == []


def test_z_up_where_the_format_leaves_it_open(scene: Any, stand_in: BodyModel, tmp_path: Path) -> None:
    armature = _edited(ours(stand_in), scene)
    shown, joints = _shown(armature), _shown_joints(armature)
    out = _targets(tmp_path, MotionFormat.FBX, MotionFormat.BODY_AND_HANDS_156)
    _start(armature, out, up_axis="z").wait()
    fbx = read_fbx(out[MotionFormat.FBX], FRAMES / float(FPS))
    assert fbx.up_axis == "POSITIVE_Z"
    for name, matrices in shown.items():
        np.testing.assert_allclose(fbx.worlds[name][:, :3, 3], matrices[:, :3, 3], atol=1e-5)
    with np.load(out[MotionFormat.BODY_AND_HANDS_156]) as plain:
        np.testing.assert_allclose(_posed(plain["poses"], plain["trans"], stand_in.rest_joints), joints, atol=1e-5)


def test_shape_and_gender_that_the_scene_knows_are_in_the_file(scene: Any, stand_in: BodyModel, tmp_path: Path) -> None:
    armature = _edited(ours(_smplx(tmp_path)), scene)
    armature["handmocap_betas"] = [0.5, -1.0, *([0.0] * 8)]
    out = _targets(tmp_path, MotionFormat.AMASS)
    (report,) = _start(armature, out).wait()["files"]
    assert report["shape_known"]
    with np.load(out[MotionFormat.AMASS]) as amass:
        assert str(amass["gender"]) == "female"
        np.testing.assert_array_equal(amass["betas"], [0.5, -1.0, *([0.0] * 8)])


def test_shape_keys_of_an_add_on_are_betas(scene: Any, stand_in: BodyModel, tmp_path: Path) -> None:
    armature = _edited(meshcapade_like(stand_in), scene)
    (mesh,) = deformed_meshes(armature)
    mesh["gender"] = "male"
    mesh.shape_key_add(name="Basis")
    for name, value in (("Shape000", 0.75), ("Shape001", -0.5), ("Exp000", 1.0)):
        mesh.shape_key_add(name=name).value = value
        mesh.data.shape_keys.key_blocks[name].slider_min = -5.0
        mesh.data.shape_keys.key_blocks[name].value = value
    out = _targets(tmp_path, MotionFormat.SMPL)
    _start(armature, out).wait()
    codec = SMPLCodec.from_file(out[MotionFormat.SMPL])
    assert codec.gender.name == "MALE"
    np.testing.assert_array_equal(codec.shape_parameters, (0.75, -0.5))


def test_a_bone_that_was_moved_is_told(scene: Any, stand_in: BodyModel, tmp_path: Path) -> None:
    armature = _edited(meshcapade_like(stand_in), scene)
    # This rig's bones are in centimetres.
    bone_of(armature, "right_ring3").location = (0.0, 4.0, 0.0)
    (report,) = _start(armature, _targets(tmp_path, MotionFormat.SMPL)).wait()["files"]
    assert report["largest_bone_offset_m"] == pytest.approx(0.04, abs=1e-4)
    assert not report["shape_known"]


@pytest.mark.parametrize("hide", ["object", "collection"])
def test_a_hidden_armature_is_exported_all_the_same(hide: str, scene: Any, stand_in: BodyModel, tmp_path: Path) -> None:
    armature = _edited(ours(stand_in), scene)
    joints = _shown_joints(armature)
    if hide == "object":
        armature.hide_set(True)
    else:
        collection = bpy.data.collections.new("Characters")
        scene.collection.children.link(collection)
        for thing in (armature, *deformed_meshes(armature)):
            scene.collection.objects.unlink(thing)
            collection.objects.link(thing)
        collection.hide_viewport = True
    out = _targets(tmp_path, MotionFormat.AMASS, MotionFormat.GLTF)
    _start(armature, out).wait()
    with np.load(out[MotionFormat.AMASS]) as amass:
        np.testing.assert_allclose(_posed(amass["poses"], amass["trans"], stand_in.rest_joints), joints, atol=1e-5)
    pelvis = read_glb(out[MotionFormat.GLTF]).worlds["pelvis"][:, :3, 3]
    np.testing.assert_allclose(pelvis @ TO_Z_UP.T, joints[:, 0], atol=1e-5)


@pytest.mark.parametrize("mode", ["POSE", "EDIT"])
def test_an_armature_in_the_middle_of_work_is_exported(mode: str, scene: Any, stand_in: BodyModel, tmp_path: Path) -> None:
    armature = _edited(ours(stand_in), scene)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode=mode)
    out = _targets(tmp_path, MotionFormat.FBX, MotionFormat.GLTF, MotionFormat.AMASS)
    _start(armature, out).wait()
    assert armature.mode == mode
    bpy.ops.object.mode_set(mode="OBJECT")
    joints = _shown_joints(armature)
    for worlds in (read_fbx(out[MotionFormat.FBX], FRAMES / float(FPS)).worlds, read_glb(out[MotionFormat.GLTF]).worlds):
        np.testing.assert_allclose(worlds["pelvis"][:, :3, 3] @ TO_Z_UP.T, joints[:, 0], atol=1e-5)
    with np.load(out[MotionFormat.AMASS]) as amass:
        np.testing.assert_allclose(_posed(amass["poses"], amass["trans"], stand_in.rest_joints), joints, atol=1e-5)


def _estimated(folder: Path) -> tuple[Path, HandPoses]:
    """Hands of 12 frames that were measured on some."""
    shot = MadeUpShot(12)
    tracks = shot.tracks()
    for side in SIDES:
        tracks[side].pose_axis_angle[:] = shot.hand_axis_angle[side].reshape(12, 45)
        tracks[side].detected[4:7] = False
        tracks[side].score[4:7] = 0.0
    poses = HandPoses(
        tracks["left"], tracks["right"], np.arange(12), np.arange(12) / float(FPS),
        {"clip": {"name": "a.mp4", "fps": [FPS.numerator, FPS.denominator]}},
    )  # fmt: skip
    write_hand_poses(folder / "hand_poses.npz", poses)
    return folder / "hand_poses.npz", poses


def test_edited_fingers_come_back_the_same_when_they_are_applied_again(
    scene: Any, stand_in: BodyModel, tmp_path: Path
) -> None:
    source, poses = _estimated(tmp_path)
    armature = ours(stand_in)
    set_frame_rate(scene, FPS)
    applied = apply_hands(armature, poses, CleanupSettings(), "hands")
    scene.frame_set(6)
    thumb = bone_of(armature, "left_thumb1")
    thumb.rotation_quaternion = (0.9, 0.1, 0.4, 0.1)
    thumb.keyframe_insert("rotation_quaternion", frame=6)
    before = read_body_parameters(armature, applied.frames)
    out = _targets(tmp_path / "out", MotionFormat.HANDS)
    _start(armature, out, hands=source).wait()
    again = read_hand_poses(out[MotionFormat.HANDS])
    for side in SIDES:
        np.testing.assert_array_equal(again.track(side).score, poses.track(side).score)
    assert again.clip_name() == "a.mp4"
    assert again.meta["edited"]["armature"] == armature.name
    other = ours(stand_in)
    apply_hands(other, again, CleanupSettings(smoothing=0.0), "hands again")
    after = read_body_parameters(other, applied.frames)
    assert _largest_turn(before.local_rotmat()[:, 25:], after.local_rotmat()[:, 25:]) < 1e-4


def test_a_range_and_a_fraction_of_a_frame_rate(scene: Any) -> None:
    for fps in (Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(24000, 1001), Fraction(60000, 1001)):
        set_frame_rate(scene, fps)
        assert frame_rate_fraction(scene) == fps


@pytest.mark.parametrize(
    ("motion_format", "name", "frames", "sentence"),
    [
        (MotionFormat.AMASS, "a.fbx", (1, 2), "a.fbx is no name for AMASS: end it with .npz"),
        (MotionFormat.FBX, "a.fbx", (5, 2), "ends before it begins"),
    ],
)
def test_what_cannot_be_is_refused_before_any_work(
    motion_format: MotionFormat, name: str, frames: tuple[int, int], sentence: str, stand_in: BodyModel, tmp_path: Path
) -> None:
    with pytest.raises(BadUsageError) as refused:
        motion_request_for(ours(stand_in), [MotionTarget(motion_format, tmp_path / name)], frames)
    assert sentence in refused.value.sentence()


def test_hands_that_are_not_there_and_the_estimate_itself_are_refused(stand_in: BodyModel, tmp_path: Path) -> None:
    armature = ours(stand_in)
    target = MotionTarget(MotionFormat.HANDS, tmp_path / "hand_poses.npz")
    with pytest.raises(BadUsageError, match="estimate itself"):
        motion_request_for(armature, [target], (1, 2), hands=tmp_path / "hand_poses.npz")
    with pytest.raises(BadInputError, match="no file"):
        motion_request_for(armature, [target], (1, 2), hands=tmp_path / "other.npz")


def test_an_armature_without_fingers_has_a_body_alone(stand_in: BodyModel, tmp_path: Path) -> None:
    armature = ours(stand_in)
    bpy.ops.object.mode_set(mode="EDIT")
    for bone in [
        bone for bone in armature.data.edit_bones if bone.name in {*hand_joint_names("left"), *hand_joint_names("right")}
    ]:
        armature.data.edit_bones.remove(bone)
    bpy.ops.object.mode_set(mode="OBJECT")
    for motion_format in (MotionFormat.AMASS, MotionFormat.SMPL, MotionFormat.BODY_AND_HANDS_156, MotionFormat.HANDS):
        with pytest.raises(ArmatureError, match="finger bones"):
            motion_request_for(armature, [MotionTarget(motion_format, tmp_path / motion_format.file_name)], (1, 2))
    out = _targets(tmp_path, MotionFormat.BODY_66)
    _start(armature, out).wait()
    with np.load(out[MotionFormat.BODY_66]) as plain:
        assert plain["poses"].shape[1] == 66


def test_a_build_without_an_exporter_and_without_another_blender_says_what_to_do(
    stand_in: BodyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(motion_exporting, "has_exporter", lambda motion_format: not motion_format.needs_exporter)
    with pytest.raises(MissingSetupError, match="cannot write glTF"):
        _start(ours(stand_in), _targets(tmp_path, MotionFormat.GLTF))
    assert not (tmp_path / "motion.glb").exists()


def test_an_export_that_fails_leaves_the_old_file(scene: Any, stand_in: BodyModel, tmp_path: Path) -> None:
    armature = ours(stand_in)
    out = _targets(tmp_path, MotionFormat.AMASS)
    out[MotionFormat.AMASS].write_bytes(OLD)
    armature.scale.x = -1.0
    with pytest.raises(ReportedError, match="mirrored"):
        _start(armature, out).wait()
    assert out[MotionFormat.AMASS].read_bytes() == OLD


def test_a_cancelled_export_leaves_the_old_file_and_nothing_else(
    scene: Any, stand_in: BodyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(copies))
    armature = _edited(ours(stand_in), scene)
    scene.frame_start, scene.frame_end = 1, 100_000
    out = _targets(tmp_path / "out", MotionFormat.FBX)
    (tmp_path / "out").mkdir()
    out[MotionFormat.FBX].write_bytes(OLD)
    export = _start(armature, out)
    assert wait_until(lambda: not export.poll() or export.job.progress is not None)
    export.job.cancel()
    with pytest.raises(CancelledError):
        export.wait()
    assert out[MotionFormat.FBX].read_bytes() == OLD
    assert [path.name for path in (tmp_path / "out").iterdir() if path.name != "logs"] == ["motion.fbx"]
    assert list(copies.iterdir()) == []
    assert processes_with(f"{copies}/") == []
