from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.motions import MadeUpShot
from addon_tests.blender.written_curves import curve_of, rotation_path
from addon_tests.making.gestures import bent, holds, stand_in_hand
from handmocap_addon.blender.motion.key_reduction import (
    KeySharing,
    ReductionSettings,
    is_reduced,
    reduce_finger_keys,
    restore_full_keys,
)
from handmocap_addon.blender.motion.motion_keys import write_hand_keys
from handmocap_addon.blender.motion.rotation_conversion import convert_rotations
from handmocap_addon.blender.motion.shot import Shot
from handmocap_addon.blender.rig.bodies import add_body
from handmocap_addon.core.body.model import BodyModel
from handmocap_addon.core.cleanup.clean_hands import CleanHand, Provenance
from handmocap_addon.core.errors import BadInputError, BadUsageError
from handmocap_addon.core.maths.rotation_modes import AXIS_ANGLE, EULER_ORDERS, quat_wxyz_of_mode, rotation_property
from handmocap_addon.core.skeleton import SIDES, hand_joint_names

COUNT = 90
BONES = [joint for side in SIDES for joint in hand_joint_names(side)]
BONE = "left_index2"
PATH = rotation_path(BONE)


def _hands(lean: float = 0.0) -> dict[Any, CleanHand]:
    share, _ = holds(np.arange(COUNT) / 30.0)
    share = share + 0.25 * np.sin(np.arange(COUNT) * 0.3) + lean
    kinds = np.full(COUNT, Provenance.MEASURED)
    kinds[40:60] = Provenance.FILLED
    return {side: CleanHand(bent(stand_in_hand(), share), kinds) for side in SIDES}


def _write(armature: Any, lean: float = 0.0, frames: np.ndarray | None = None) -> Any:
    at = np.arange(1.0, COUNT + 1.0) if frames is None else frames
    return write_hand_keys(Shot.of(armature), _hands(lean), MadeUpShot(COUNT).tracks(), at, "clip motion")


@pytest.fixture
def armature(stand_in: BodyModel) -> Any:
    armature = add_body(stand_in)
    _write(armature)
    return armature


def _path(armature: Any, bone: str) -> str:
    return rotation_path(bone).replace("rotation_quaternion", rotation_property(armature.pose.bones[bone].rotation_mode))


def _values(armature: Any, bone: str, step: float = 0.125) -> np.ndarray:
    """What Blender evaluates (n, 4 or 3) of a bone's curves, on every frame and between."""
    at = np.arange(1.0, COUNT + 0.01, step)
    path = _path(armature, bone)
    curves = [curve_of(armature, path, index) for index in range(3 if path.endswith("euler") else 4)]
    return np.array([[curve.evaluate(frame) for frame in at] for curve in curves]).T


def _rotations(armature: Any, step: float = 0.125) -> np.ndarray:
    """Unit quaternions (n, 30, 4) as Blender evaluates the curves, on every frame and between."""
    modes = [armature.pose.bones[bone].rotation_mode for bone in BONES]
    return np.stack(
        [quat_wxyz_of_mode(_values(armature, bone, step), mode) for bone, mode in zip(BONES, modes, strict=True)], axis=1
    )


def _degrees_apart(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    apart = np.minimum(np.linalg.norm(first - second, axis=-1), np.linalg.norm(first + second, axis=-1))
    return np.degrees(4.0 * np.arcsin(0.5 * apart))


def _key(key: Any) -> tuple[Any, ...]:
    handles = (*key.handle_left, *key.handle_right, key.handle_left_type, key.handle_right_type)
    return (*key.co, *handles, key.interpolation, key.type)


def _keys(armature: Any, bones: list[str] = BONES) -> dict[Any, list[tuple[Any, ...]]]:
    return {
        (bone, index): [_key(key) for key in curve_of(armature, rotation_path(bone), index).keyframe_points]
        for bone in bones
        for index in range(4)
    }


def _frames(armature: Any, bone: str = BONE, index: int = 0) -> list[float]:
    return [key.co[0] for key in curve_of(armature, rotation_path(bone), index).keyframe_points]


def _key_at(armature: Any, frame: float, index: int = 1) -> Any:
    (key,) = [key for key in curve_of(armature, PATH, index).keyframe_points if abs(key.co[0] - frame) < 1e-3]
    return key


@pytest.mark.parametrize("sharing", list(KeySharing))
@pytest.mark.parametrize("error", [0.2, 1.5])
def test_blender_s_curves_stay_within_the_error(armature: Any, sharing: KeySharing, error: float) -> None:
    full = _rotations(armature)
    result = reduce_finger_keys(armature, ReductionSettings(error, sharing))
    worst = _degrees_apart(full, _rotations(armature)).max()
    assert worst <= error
    assert max(hand.largest_error_degrees for hand in result.hands.values()) == pytest.approx(worst, abs=1e-3)
    assert result.keys_before == COUNT * 120
    assert result.keys_after == sum(len(keys) for keys in _keys(armature).values())
    assert result.keys_after < result.keys_before / 3


def _turned_into(armature: Any, mode: str, bones: list[str] = BONES) -> None:
    for bone in bones:
        armature.pose.bones[bone].rotation_mode = mode
    bpy.context.view_layer.update()


@pytest.mark.parametrize("mode", [*EULER_ORDERS, AXIS_ANGLE])
def test_keys_of_other_modes_stay_within_the_error(stand_in: BodyModel, mode: str) -> None:
    armature = add_body(stand_in)
    _turned_into(armature, mode)
    _write(armature)
    full = [_values(armature, bone) for bone in BONES]
    result = reduce_finger_keys(armature)
    assert is_reduced(armature)
    reduced = [_values(armature, bone) for bone in BONES]
    worst = max(
        _degrees_apart(quat_wxyz_of_mode(before, mode), quat_wxyz_of_mode(after, mode)).max()
        for before, after in zip(full, reduced, strict=True)
    )
    assert worst <= 1.5
    assert max(hand.largest_error_degrees for hand in result.hands.values()) == pytest.approx(worst, abs=1e-3)
    assert result.keys_before == COUNT * 30 * (4 if mode == AXIS_ANGLE else 3)
    assert result.keys_after < result.keys_before / 3
    if mode != AXIS_ANGLE:
        # Another of the angles that are one rotation would be half a turn away.
        assert max(np.abs(after - before).max() for before, after in zip(full, reduced, strict=True)) < 1.0
    restore_full_keys(armature)
    assert not is_reduced(armature)
    np.testing.assert_array_equal([_values(armature, bone) for bone in BONES], full)


def test_what_blender_poses_is_what_was_measured(stand_in: BodyModel) -> None:
    armature = add_body(stand_in)
    for number, bone in enumerate(BONES):
        _turned_into(armature, (*EULER_ORDERS, AXIS_ANGLE, "QUATERNION")[number % 8], [bone])
    _write(armature)

    def posed() -> np.ndarray:
        found = []
        for frame in np.arange(1.0, 45.0, 0.25):
            bpy.context.scene.frame_set(int(frame), subframe=frame % 1.0)
            found.append([armature.pose.bones[bone].matrix_basis.to_quaternion() for bone in BONES])
        return np.array(found)

    full = posed()
    result = reduce_finger_keys(armature)
    assert _degrees_apart(full, posed()).max() <= 1.5
    assert result.keys_after < result.keys_before / 2


@pytest.mark.parametrize("mode", ["XYZ", "ZYX"])
def test_converted_keys_are_reduced_and_reduced_ones_converted(armature: Any, mode: str) -> None:
    convert_rotations(armature, BONES, mode)
    full = _rotations(armature)
    reduce_finger_keys(armature)
    assert _degrees_apart(full, _rotations(armature)).max() <= 1.5
    convert_rotations(armature, BONES, "QUATERNION")
    assert is_reduced(armature)
    assert restore_full_keys(armature).kept_keys == 0
    on_frames = slice(None, None, 8)
    assert _degrees_apart(full[on_frames], _rotations(armature)[on_frames]).max() < 0.05


def test_bones_of_other_modes_share_keys_among_themselves(stand_in: BodyModel) -> None:
    armature = add_body(stand_in)
    _turned_into(armature, "ZXY", ["left_index2", "left_index3"])
    _write(armature)
    full = _rotations(armature)
    reduce_finger_keys(armature)
    assert _degrees_apart(full, _rotations(armature)).max() <= 1.5
    frames = {
        bone: [[key.co[0] for key in curve_of(armature, _path(armature, bone), index).keyframe_points] for index in range(3)]
        for bone in ("left_index2", "left_index3")
    }
    assert frames["left_index2"] == frames["left_index3"]
    assert frames["left_index2"][0] == frames["left_index2"][1] == frames["left_index2"][2]
    assert len(frames["left_index2"][0]) < COUNT / 3


@pytest.mark.parametrize("mode", ["QUATERNION", "YXZ"])
def test_a_bone_with_a_locked_channel_stays_as_it_is(stand_in: BodyModel, mode: str) -> None:
    armature = add_body(stand_in)
    _turned_into(armature, mode)
    _write(armature)
    armature.pose.bones[BONE].lock_rotation[1] = True
    before, full = _values(armature, BONE), _rotations(armature)
    result = reduce_finger_keys(armature)
    np.testing.assert_array_equal(_values(armature, BONE), before)
    assert len(curve_of(armature, _path(armature, BONE), 0).keyframe_points) == COUNT
    assert _degrees_apart(full, _rotations(armature)).max() <= 1.5
    assert result.keys_after < result.keys_before / 3
    restore_full_keys(armature)
    for bone in BONES:
        armature.pose.bones[bone].lock_rotation[1] = True
    with pytest.raises(BadInputError, match="locked rotation"):
        reduce_finger_keys(armature)


def test_full_keys_of_a_locked_bone_wait_until_it_is_unlocked(armature: Any) -> None:
    before = _keys(armature)
    reduce_finger_keys(armature)
    few = _frames(armature)
    lock = armature.pose.bones[BONE].lock_rotation
    lock[0] = True
    reduce_finger_keys(armature, ReductionSettings(5.0))
    restore_full_keys(armature)
    assert _frames(armature) == few and is_reduced(armature)
    with pytest.raises(BadInputError, match="locked rotation"):
        restore_full_keys(armature)
    lock[0] = False
    restore_full_keys(armature)
    assert _keys(armature) == before


def test_a_person_s_euler_key_stays_as_it_is(stand_in: BodyModel) -> None:
    armature = add_body(stand_in)
    _turned_into(armature, "XZY")
    _write(armature)
    path = _path(armature, BONE)
    curve = curve_of(armature, path, 2)
    (own,) = [key for key in curve.keyframe_points if key.co[0] == 30.0]
    own.co[1] += 0.2
    wanted = tuple(own.co)
    curve.update()
    full = _rotations(armature)
    result = reduce_finger_keys(armature)
    assert result.kept_keys == 1
    assert wanted in [tuple(key.co) for key in curve_of(armature, path, 2).keyframe_points]
    assert _degrees_apart(full, _rotations(armature)).max() <= 1.5
    restore_full_keys(armature)
    np.testing.assert_allclose(_rotations(armature), full, atol=1e-6)


def test_what_shares_keys_has_them_on_the_same_frames(armature: Any) -> None:
    reduce_finger_keys(armature)
    frames = {bone: _frames(armature, bone) for bone in BONES}
    for bone in BONES:
        assert frames[bone] == frames[bone[:-1] + "1"]
        assert all(_frames(armature, bone, index) == frames[bone] for index in range(4))
    reduce_finger_keys(armature, ReductionSettings(1.5, KeySharing.HAND))
    assert len({tuple(_frames(armature, bone)) for bone in BONES if bone.startswith("left")}) == 1


def test_full_keys_come_back_exactly(armature: Any) -> None:
    before = _keys(armature)
    reduce_finger_keys(armature)
    assert is_reduced(armature)
    assert _keys(armature) != before
    result = restore_full_keys(armature)
    assert not is_reduced(armature)
    assert _keys(armature) == before
    assert result.kept_keys == 0


def test_reducing_again_starts_from_the_full_keys(armature: Any) -> None:
    before = _keys(armature)
    reduce_finger_keys(armature, ReductionSettings(0.5))
    fine = _keys(armature)
    result = reduce_finger_keys(armature, ReductionSettings(5.0))
    assert result.keys_before == COUNT * 120
    assert result.kept_keys == 0
    reduce_finger_keys(armature, ReductionSettings(0.5))
    assert _keys(armature) == fine
    restore_full_keys(armature)
    assert _keys(armature) == before


def test_reduced_keys_tell_measured_from_filled_frames(armature: Any) -> None:
    reduce_finger_keys(armature)
    for key in curve_of(armature, PATH, 0).keyframe_points:
        assert key.type == ("JITTER" if 41 <= key.co[0] <= 60 else "GENERATED")


def test_scores_keep_every_frame(armature: Any) -> None:
    reduce_finger_keys(armature)
    assert len(curve_of(armature, '["left_hand_score"]', 0).keyframe_points) == COUNT


def _persons_key(armature: Any, frame: float, value: float, handles: str) -> None:
    for index in range(4):
        curve = curve_of(armature, PATH, index)
        key = next((key for key in curve.keyframe_points if key.co[0] == frame), None)
        key = key or curve.keyframe_points.insert(frame, 0.0)
        key.co[1] = value + 0.1 * index
        key.type = "KEYFRAME"
        key.handle_left_type = key.handle_right_type = handles
        if handles == "FREE":
            key.handle_left, key.handle_right = (frame - 0.4, value - 0.1), (frame + 0.3, value + 0.2)
        curve.update()


@pytest.mark.parametrize("handles", ["FREE", "AUTO_CLAMPED", "VECTOR"])
@pytest.mark.parametrize("frame", [1.0, 30.0, 33.5, 90.0, 95.0])
def test_a_persons_key_stays_as_it_is(armature: Any, frame: float, handles: str) -> None:
    _persons_key(armature, frame, 0.4, handles)
    full, before = _rotations(armature), [_key(_key_at(armature, frame, index)) for index in range(4)]
    result = reduce_finger_keys(armature)
    assert result.kept_keys == 4
    assert _degrees_apart(full, _rotations(armature)).max() <= 1.5
    for index in range(4):
        after = _key(_key_at(armature, frame, index))
        assert after[:2] == before[index][:2] and after[6:] == before[index][6:]
        # Handles that Blender makes follow the neighbours, which stayed.
        assert after[2:6] == pytest.approx(before[index][2:6], abs=1e-3)
    restore_full_keys(armature)
    np.testing.assert_allclose(_rotations(armature), full, atol=1e-6)


def test_a_deleted_key_does_not_come_back(armature: Any) -> None:
    for index in range(4):
        curve = curve_of(armature, PATH, index)
        curve.keyframe_points.remove(_key_at(armature, 25.0, index))
        curve.update()
    full = _rotations(armature)
    reduce_finger_keys(armature)
    assert 25.0 not in _frames(armature)
    assert _degrees_apart(full, _rotations(armature)).max() <= 1.5
    restore_full_keys(armature)
    assert 25.0 not in _frames(armature)
    assert len(_frames(armature)) == COUNT - 1


def test_changes_of_reduced_keys_are_kept_by_every_step_after(armature: Any) -> None:
    reduce_finger_keys(armature)
    moved, turned, deleted = _frames(armature)[2], _frames(armature)[4], _frames(armature)[6]
    for index in range(4):
        curve = curve_of(armature, PATH, index)
        _key_at(armature, moved, index).co[1] += 0.05
        _key_at(armature, turned, index).handle_right[1] += 0.1
        curve.keyframe_points.remove(_key_at(armature, deleted, index))
        curve.update()
    # Keys by hand have the type of ordinary keys after the next run.
    wanted = [(*_key(_key_at(armature, frame, index))[:-1], "KEYFRAME") for frame in (moved, turned) for index in range(4)]

    def stands() -> None:
        assert [_key(_key_at(armature, frame, index)) for frame in (moved, turned) for index in range(4)] == wanted
        assert deleted not in _frames(armature)

    for step in (
        lambda: reduce_finger_keys(armature, ReductionSettings(3.0)),
        lambda: restore_full_keys(armature),
        lambda: _write(armature, lean=0.1),
        lambda: reduce_finger_keys(armature),
    ):
        assert step().kept_keys == 8
        stands()


def test_applying_again_replaces_reduced_keys(armature: Any) -> None:
    reduce_finger_keys(armature)
    report = _write(armature, lean=0.2)
    assert report.kept_keys == 0
    assert not is_reduced(armature)
    assert _frames(armature) == [float(frame) for frame in range(1, COUNT + 1)]
    with pytest.raises(BadInputError, match="not reduced"):
        restore_full_keys(armature)


def test_full_keys_survive_saving_and_another_file(armature: Any, tmp_path: Path) -> None:
    before = _keys(armature)
    name = armature.name
    reduce_finger_keys(armature)
    path = tmp_path / "reduced.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(path)) as (_, into):
        into.objects = [name]
    appended = into.objects[0]
    bpy.context.scene.collection.objects.link(appended)
    assert restore_full_keys(appended).kept_keys == 0
    assert _keys(appended) == before


def test_armatures_that_share_an_action_keep_their_own_full_keys(armature: Any, stand_in: BodyModel) -> None:
    other = add_body(stand_in)
    other.animation_data_create().action = armature.animation_data.action
    other.animation_data.action_slot = other.animation_data.action.slots.new(id_type="OBJECT", name="other")
    _write(other, lean=0.3)
    before = _keys(armature), _keys(other)
    reduce_finger_keys(armature)
    reduce_finger_keys(other)
    restore_full_keys(armature)
    restore_full_keys(other)
    assert (_keys(armature), _keys(other)) == before


def test_keys_between_whole_frames_are_reduced(stand_in: BodyModel) -> None:
    armature = add_body(stand_in)
    frames = 1.0 + np.cumsum(np.random.default_rng(2).uniform(0.5, 1.45, COUNT))
    _write(armature, frames=frames)
    full = _rotations(armature)
    result = reduce_finger_keys(armature)
    assert _degrees_apart(full, _rotations(armature)).max() <= 1.5
    assert result.keys_after < result.keys_before / 3


def test_an_armature_without_finger_keys_is_one_sentence(stand_in: BodyModel) -> None:
    with pytest.raises(BadInputError, match="no finger keys"):
        reduce_finger_keys(add_body(stand_in))
    with pytest.raises(BadInputError, match="not reduced"):
        restore_full_keys(add_body(stand_in))


@pytest.mark.parametrize("error", [0.0, -1.0, 90.0, float("nan")])
def test_an_error_out_of_range_is_refused(error: float) -> None:
    with pytest.raises(BadUsageError, match="error of the reduction"):
        ReductionSettings(error)


def test_results_can_be_written_as_json(armature: Any) -> None:
    result = reduce_finger_keys(armature)
    assert json.loads(json.dumps({side: vars(hand) for side, hand in result.hands.items()}))["left"]["keys_before"] == 5400
