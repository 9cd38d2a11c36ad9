"""Keys of other programs on a person's armature: they give way and are kept, a person's stay, and doubt is asked about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.motions import MadeUpShot
from addon_tests.blender.other_rigs import mixamo_double
from addon_tests.blender.written_curves import angle_to, bag_of
from addon_tests.making.foreign_keys import FINGERS, Take, amass, blocking, count_of, fbx, key_takes
from addon_tests.making.formulas import rodrigues
from handmocap_addon.blender.apply import AppliedBody, AppliedHands, apply_body, apply_hands, start_over
from handmocap_addon.blender.curves.key_arrays import read_keys
from handmocap_addon.blender.motion.retarget import transfer_fingers
from handmocap_addon.blender.motion.rotation_conversion import convert_rotations
from handmocap_addon.blender.rig.bodies import add_body
from handmocap_addon.blender.version_differences import all_curves
from handmocap_addon.core.body.model import BodyModel
from handmocap_addon.core.cleanup.settings import CleanupSettings
from handmocap_addon.core.errors import KeysInTheWayError
from handmocap_addon.core.hands.hand_poses import HandPoses
from handmocap_addon.core.keys.own_keys import OwnKeys
from handmocap_addon.core.rig.bone_map import detected_bone_map
from handmocap_addon.core.skeleton import BODY_JOINTS, SIDES, hand_joint_names

COUNT = 40
SHOT = MadeUpShot(COUNT)
AT = (1, 7, 20, 33, 40)
EVERY_FRAME = tuple(range(1, 97))


@pytest.fixture
def armature(stand_in: BodyModel) -> Any:
    return add_body(stand_in)


def _poses() -> HandPoses:
    tracks = {
        side: replace(track, pose_axis_angle=SHOT.hand_axis_angle[side].reshape(COUNT, 45))
        for side, track in SHOT.tracks().items()
    }
    return HandPoses(tracks["left"], tracks["right"], np.arange(COUNT), np.arange(COUNT) / 24.0)


def _apply(armature: Any, own_keys: OwnKeys = OwnKeys.ASK) -> AppliedHands:
    return apply_hands(armature, _poses(), CleanupSettings(smoothing=0.0), "clip motion", own_keys=own_keys)


def _apply_body(armature: Any, own_keys: OwnKeys = OwnKeys.ASK) -> AppliedBody:
    return apply_body(armature, SHOT.motion(), None, None, "clip motion", False, own_keys=own_keys)


def _largest_angle(armature: Any) -> float:
    """Radians by which any finger bone is turned otherwise than was estimated, on some frames; and none is moved or scaled."""
    largest = 0.0
    for frame in AT:
        bpy.context.scene.frame_set(frame)
        for side in SIDES:
            for joint, name in enumerate(hand_joint_names(side)):
                bone = armature.pose.bones[name]
                wanted = rodrigues(SHOT.hand_axis_angle[side][frame - 1, joint])
                largest = max(largest, angle_to(bone.matrix_basis, wanted))
                assert bone.matrix_basis.translation.length < 1e-5
                assert tuple(bone.matrix_basis.to_scale()) == pytest.approx((1.0, 1.0, 1.0), abs=1e-4)
    return largest


def _contents(action: Any) -> dict[tuple[str, int], list[tuple[float, ...]]]:
    curves = {(curve.data_path, curve.array_index): curve for curve in all_curves(action)}
    return {channel: [tuple(key.co) for key in curve.keyframe_points] for channel, curve in curves.items()}


IMPORTS: dict[str, list[Take]] = {
    "every frame": amass(),
    "as long as the clip": amass(range(1, COUNT + 1)),
    "shorter": amass(range(1, 16)),
    "five frames": amass(range(1, 6)),
    "longer and later": amass(range(1001, 1301)),
    "over the clip from before": amass(range(-50, 200)),
    "120 a second on sub-frames": amass(np.arange(1.0, 41.0, 0.2).tolist()),
    "30 a second at 24": amass((1.0 + np.arange(60) * 0.8).tolist()),
    "half a frame off": amass((np.arange(1, 97) + 0.5).tolist()),
    "every second frame": amass(range(1, 97, 2)),
    "straight, every fifth frame": [Take(frames=range(1, 97, 5), interpolation="LINEAR")],
    "nearly every frame": amass([frame for frame in EVERY_FRAME if frame % 9]),
    "place and scale too": fbx(),
    "fingers alone": [Take(FINGERS)],
    "one finger of a glove": [Take(("left_index1", "left_index2", "left_index3"))],
    "one hand": [Take(hand_joint_names("right"))],
    "a rest pose on frame 1": [Take(frames=(1,), reach=0.0)],
    "some bones still, with one key": [Take(FINGERS[6:]), Take(FINGERS[:6], (1,))],
    "every frame without a move": [Take(reach=0.0)],
}


@pytest.mark.parametrize("kind", IMPORTS)
def test_an_import_gives_way_and_is_kept(armature: Any, kind: str) -> None:
    takes = IMPORTS[kind]
    action = key_takes(armature, takes)
    before, name = _contents(action), action.name
    applied = _apply(armature)
    count = count_of(takes, FINGERS)
    assert (applied.keys.replaced_keys, applied.keys.kept_keys) == (count, 0)
    assert applied.keys.unkeyed_bones == applied.keys.hardly_keyed_bones == ()
    assert _largest_angle(armature) < 1e-3
    kept = bpy.data.actions[applied.keys.replaced_keys_in]
    assert _contents(kept) == before
    assert kept.use_fake_user
    assert armature.animation_data.action.name == name
    assert any(f"{count:,} keys of another program" in said and kept.name in said for said in applied.warnings)
    # The body's keys are nobody's business here.
    after = _contents(armature.animation_data.action)
    others = {channel for channel in before if not any(f'"{joint}"' in channel[0] for joint in FINGERS)}
    assert all(after[channel] == before[channel] for channel in others)
    again = _apply(armature)
    assert (again.keys.replaced_keys, again.keys.kept_keys, again.warnings) == (0, 0, ())


@pytest.mark.parametrize("mode", ["XYZ", "ZYX", "AXIS_ANGLE"])
def test_an_import_in_the_bones_own_mode_gives_way_and_curves_of_another_mode_do_not_count(armature: Any, mode: str) -> None:
    attribute = "rotation_axis_angle" if mode == "AXIS_ANGLE" else "rotation_euler"
    takes = [Take(FINGERS, attribute=attribute), Take(FINGERS, attribute="rotation_quaternion", seed=2)]
    key_takes(armature, takes)
    for joint in FINGERS:
        armature.pose.bones[joint].rotation_mode = mode
    applied = _apply(armature)
    assert applied.keys.replaced_keys == count_of(takes[:1], FINGERS)
    assert _largest_angle(armature) < 1e-3


def test_dense_curves_of_another_mode_say_nothing_of_a_persons_poses(armature: Any) -> None:
    key_takes(armature, [Take(FINGERS, attribute="rotation_euler", seed=2), *blocking()])
    applied = _apply(armature)
    assert (applied.keys.replaced_keys, applied.keys.kept_keys) == (0, count_of(blocking(), FINGERS))


def test_the_body_of_an_import_gives_way_to_a_body_and_one_copy_keeps_all(armature: Any) -> None:
    before = _contents(key_takes(armature, amass()))
    body, fingers = _apply_body(armature), _apply(armature)
    assert body.keys.replaced_keys == count_of(amass(), BODY_JOINTS)
    assert body.keys.replaced_keys_in == fingers.keys.replaced_keys_in
    assert _contents(bpy.data.actions[body.keys.replaced_keys_in]) == before
    assert sum(action.name.endswith(" before handmocap") for action in bpy.data.actions) == 1
    bpy.context.scene.frame_set(20)
    for number, joint in enumerate(BODY_JOINTS[1:]):
        wanted = rodrigues(SHOT.body_axis_angle[19, number])
        assert angle_to(armature.pose.bones[joint].matrix_basis, wanted) < 1e-3


PERSONS: dict[str, list[Take]] = {
    "poses": blocking(),
    "poses of one finger": blocking(("left_thumb1", "left_thumb2", "left_thumb3")),
    "one pose of one bone": [Take(("left_index1",), (20,))],
    "a few poses at equal steps": [Take(FINGERS, (1, 13, 25, 37))],
    "a pose and its way back": [Take(FINGERS, (5, 9, 30))],
    "many poses, unequal": [Take(hand_joint_names("left"), (1, 4, 11, 13, 19, 22, 30, 38, 41, 55, 58, 66, 79, 90))],
}


@pytest.mark.parametrize("kind", PERSONS)
def test_a_persons_poses_stay(armature: Any, kind: str) -> None:
    takes = PERSONS[kind]
    action = key_takes(armature, takes)
    before = _contents(action)
    applied = _apply(armature)
    assert (applied.keys.replaced_keys, applied.keys.kept_keys) == (0, count_of(takes, FINGERS))
    after = _contents(action)
    assert all(set(keys) <= set(after[channel]) for channel, keys in before.items())
    assert len(bpy.data.actions) == 1


def test_a_persons_poses_stay_beside_an_imported_body(armature: Any) -> None:
    key_takes(armature, [*amass(bones=BODY_JOINTS), *blocking()])
    assert _apply(armature).keys.kept_keys == count_of(blocking(), FINGERS)
    assert _apply_body(armature).keys.replaced_keys == count_of(amass(), BODY_JOINTS)
    assert _apply(armature).keys.kept_keys == count_of(blocking(), FINGERS)


def test_one_pose_of_all_fingers_stays_and_is_named(armature: Any) -> None:
    key_takes(armature, [Take(FINGERS, (1,))])
    applied = _apply(armature)
    assert applied.keys.kept_keys == 120
    assert any("The pose on frame 1 of 30 finger bones stays" in said for said in applied.warnings)


DOUBTFUL: dict[str, list[Take]] = {
    "poses at many equal steps": [Take(FINGERS, range(1, 97, 8))],
    "a short row on one bone": [Take(("left_index1",), range(10, 22))],
    "three frames in a row on all": [Take(FINGERS, (1, 2, 3))],
    "a long row with key types": [Take(FINGERS, range(5, 35), types=("KEYFRAME", "BREAKDOWN"))],
    "one pose where an imported body begins": [*amass(bones=BODY_JOINTS), Take(FINGERS, (1,))],
    "thinned out": [Take(FINGERS, [frame for frame in EVERY_FRAME if (frame * 7) % 11 < 6])],
}


@pytest.mark.parametrize("kind", DOUBTFUL)
def test_doubt_is_asked_about_before_anything_is_written(armature: Any, kind: str) -> None:
    takes = DOUBTFUL[kind]
    action = key_takes(armature, takes)
    before, count = _contents(action), count_of(takes, FINGERS)
    with pytest.raises(KeysInTheWayError, match="another program's or your own") as caught:
        _apply(armature)
    assert (caught.value.key_count, caught.value.are_all, caught.value.exit_code) == (count, False, 3)
    assert "--start-over" in caught.value.hint
    assert "--keep-keys" in caught.value.hint
    assert (_contents(action), len(bpy.data.actions), "left_hand_score" in armature) == (before, 1, False)
    assert _apply(armature, OwnKeys.KEEP).keys.kept_keys == count
    assert _apply(armature).keys.kept_keys == count
    assert _apply(armature, OwnKeys.START_OVER).keys.kept_keys == 0
    assert _largest_angle(armature) < 1e-3


@pytest.mark.parametrize("kind", DOUBTFUL)
def test_doubtful_keys_can_be_replaced(armature: Any, kind: str) -> None:
    before = _contents(key_takes(armature, DOUBTFUL[kind]))
    applied = _apply(armature, OwnKeys.REPLACE)
    assert applied.keys.replaced_keys == count_of(DOUBTFUL[kind], FINGERS)
    assert _contents(bpy.data.actions[applied.keys.replaced_keys_in]) == before
    assert _largest_angle(armature) < 1e-3


def test_replacing_spares_what_is_surely_a_persons(armature: Any) -> None:
    key_takes(armature, [Take(hand_joint_names("left"), range(1, 97, 8)), *blocking(hand_joint_names("right"))])
    applied = _apply(armature, OwnKeys.REPLACE)
    assert applied.keys.kept_keys == count_of(blocking(hand_joint_names("right")), FINGERS)


# Nothing keyed


def test_keeping_a_whole_import_leaves_nothing_to_key(armature: Any) -> None:
    action = key_takes(armature, amass())
    before = _contents(action)
    with pytest.raises(KeysInTheWayError, match=r"Nothing can be keyed, as all 11,520 keys.*are your own") as caught:
        _apply(armature, OwnKeys.KEEP)
    assert (caught.value.key_count, caught.value.are_all) == (11520, True)
    assert _contents(action) == before
    with pytest.raises(KeysInTheWayError, match="8,736 keys"):
        _apply_body(armature, OwnKeys.KEEP)


def test_an_import_over_keys_of_the_tool_is_not_a_success(armature: Any) -> None:
    _apply(armature)
    action = armature.animation_data.action
    for curve in all_curves(action):
        for key in curve.keyframe_points:
            key.co[1], key.type = 0.1, "KEYFRAME"
    with pytest.raises(KeysInTheWayError, match="are your own") as caught:
        _apply(armature)
    assert caught.value.are_all
    assert _apply(armature, OwnKeys.START_OVER).keys.kept_keys == 0
    assert _largest_angle(armature) < 1e-3


def test_bones_that_stay_a_persons_are_named(armature: Any) -> None:
    key_takes(armature, [Take(("left_index1",)), Take(("left_ring2",), range(1, 41, 2))])
    applied = _apply(armature, OwnKeys.KEEP)
    assert applied.keys.unkeyed_bones == ("left_index1",)
    assert any(said.startswith("left_index1 was keyed on not one frame") for said in applied.warnings)
    assert "left_ring2" in applied.keys.hardly_keyed_bones or applied.keys.kept_keys == 4 * (96 + 20)


def test_locked_fingers_are_no_success(armature: Any) -> None:
    for joint in FINGERS:
        armature.pose.bones[joint].lock_rotation = (True, True, True)
        armature.pose.bones[joint].lock_rotations_4d = False
    with pytest.raises(KeysInTheWayError, match="locked"):
        _apply(armature)
    for joint in FINGERS[3:]:
        armature.pose.bones[joint].lock_rotation = (False, False, False)
    applied = _apply(armature)
    assert applied.keys.unkeyed_bones == FINGERS[:3]
    assert any(" and ".join([", ".join(FINGERS[:2]), FINGERS[2]]) in said for said in applied.warnings)


def test_a_locked_import_stays(armature: Any) -> None:
    action = key_takes(armature, amass())
    for curve in all_curves(action):
        if '"left_' in curve.data_path:
            curve.lock = True
    before = _contents(action)
    applied = _apply(armature)
    assert applied.keys.replaced_keys == 15 * 4 * 96
    after = _contents(action)
    assert all(after[channel] == keys for channel, keys in before.items() if '"left_' in channel[0])
    assert any("left_index1" in said for said in applied.warnings)


# Where the keys are


def test_an_action_in_a_slot_by_another_name_is_found(armature: Any) -> None:
    action = bpy.data.actions.new("from an older file")
    slot = action.slots.new("OBJECT", "Legacy Slot")
    animation = armature.animation_data_create()
    animation.action, animation.action_slot = action, slot
    key_takes(armature, amass(), action, slot)
    assert _apply(armature).keys.replaced_keys == 11520
    assert _largest_angle(armature) < 1e-3


def test_an_import_in_the_nla_below_stays_there(armature: Any) -> None:
    action = key_takes(armature, amass())
    animation = armature.animation_data
    track = animation.nla_tracks.new()
    strip = track.strips.new("import", 1, action)
    strip.action_slot = animation.action_slot
    animation.action = None
    before = _contents(action)
    applied = _apply(armature)
    assert (applied.keys.replaced_keys, _contents(action)) == (0, before)
    assert _largest_angle(armature) < 1e-3


def test_another_armature_that_shares_the_action_keeps_it(armature: Any, stand_in: BodyModel) -> None:
    action = key_takes(armature, amass())
    other = add_body(stand_in)
    other.animation_data_create().action = action
    other.animation_data.action_slot = action.slots[0]
    before = _contents(action)
    applied = _apply(armature)
    assert (_contents(action), other.animation_data.action) == (before, action)
    assert armature.animation_data.action != action
    assert any(other.name in said for said in applied.warnings)
    assert _largest_angle(armature) < 1e-3


def test_samples_of_a_bake_give_way(armature: Any) -> None:
    action = key_takes(armature, [Take(FINGERS)])
    for curve in all_curves(action):
        curve.convert_to_samples(1, 96)
    count = sum(len(curve.sampled_points) for curve in all_curves(action))
    assert count > 10000
    assert _apply(armature).keys.replaced_keys == count
    assert _largest_angle(armature) < 1e-3


def test_modifiers_and_mutes_of_an_import_go_with_it(armature: Any) -> None:
    action = key_takes(armature, [Take(FINGERS)])
    for curve in all_curves(action):
        curve.modifiers.new("NOISE")
        curve.mute = True
    _apply(armature)
    assert _largest_angle(armature) < 1e-3


def test_undo_brings_an_import_back(armature: Any) -> None:
    name, action = armature.name, key_takes(armature, amass())
    before = _contents(action)
    bpy.ops.ed.undo_push(message="before")
    _apply(armature)
    bpy.ops.ed.undo_push(message="apply")
    bpy.ops.ed.undo()
    assert _contents(bpy.data.objects[name].animation_data.action) == before


def test_edits_after_an_import_gave_way_are_a_persons(armature: Any) -> None:
    key_takes(armature, amass())
    _apply(armature)
    bone = armature.pose.bones["left_index2"]
    bone.rotation_quaternion = (0.8, 0.6, 0.0, 0.0)
    bone.keyframe_insert("rotation_quaternion", frame=12)
    applied = _apply(armature)
    assert (applied.keys.kept_keys, applied.keys.replaced_keys, applied.warnings) == (4, 0, ())


# Starting over


def test_starting_over_takes_keys_of_all_makers_and_modes(armature: Any) -> None:
    key_takes(armature, [*blocking(), Take(FINGERS, attribute="rotation_euler", seed=3), Take(FINGERS, (1, 9), "location")])
    applied = start_over(armature, _poses(), CleanupSettings(smoothing=0.0), "clip motion")
    assert applied.keys.kept_keys == 0
    assert _largest_angle(armature) < 1e-3
    convert_rotations(armature, FINGERS, "XYZ")
    assert _largest_angle(armature) < 1e-3


def test_starting_over_with_the_body_forgets_the_persons_keys_on_it(armature: Any) -> None:
    _apply_body(armature)
    armature.pose.bones["spine2"].rotation_quaternion = (0.8, 0.6, 0.0, 0.0)
    armature.pose.bones["spine2"].keyframe_insert("rotation_quaternion", frame=12)
    assert _apply_body(armature).keys.kept_keys == 4
    assert _apply_body(armature, OwnKeys.START_OVER).keys.kept_keys == 0


# Other rigs


def test_an_imported_take_on_another_rig_gives_way(armature: Any) -> None:
    _apply(armature)
    target = mixamo_double()
    bone_map = detected_bone_map(target.data.bones.keys())
    assert bone_map is not None
    key_takes(target, [Take(target.data.bones.keys()), Take(target.data.bones.keys(), attribute="scale", reach=0.0)])
    frames = np.arange(1.0, COUNT + 1.0)
    report = transfer_fingers(armature, target, bone_map, frames)
    assert (report.keys.kept_keys, report.keys.replaced_keys) == (0, 30 * (4 + 3) * 96)
    assert any("of another program" in said for said in report.warnings)
    assert transfer_fingers(armature, target, bone_map, frames).warnings == ()


def test_kept_actions_survive_saving(armature: Any, tmp_path: Path) -> None:
    key_takes(armature, amass())
    kept = _apply(armature).keys.replaced_keys_in
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    curves = all_curves(bpy.data.actions[kept])
    assert sum(len(read_keys(curve)["co"]) for curve in curves) == count_of(amass(), (*BODY_JOINTS, *FINGERS))
    assert bag_of(bpy.data.objects["mannequin"]) is not None


def test_what_kept_keys_do_to_the_pose_is_said_with_how_far(armature: Any) -> None:
    key_takes(armature, blocking())
    applied = _apply(armature, OwnKeys.KEEP)
    (said,) = [warning for warning in applied.warnings if warning.startswith("Keys that were kept")]
    assert "elsewhere than the clip has them, on " in said
    degrees = float(said.rpartition("up to ")[2].rstrip("°."))
    assert degrees > 1.0
    assert np.radians(degrees) <= _largest_angle_anywhere(armature) + np.radians(0.1)


def test_nothing_is_said_of_kept_keys_where_none_were_to_be_kept(armature: Any) -> None:
    applied = _apply(armature, OwnKeys.KEEP)
    assert not [warning for warning in applied.warnings if "kept" in warning]


def _largest_angle_anywhere(armature: Any) -> float:
    """Radians by which any finger bone is turned otherwise than was estimated, on any frame."""
    largest = 0.0
    for frame in range(1, COUNT + 1):
        bpy.context.scene.frame_set(frame)
        for side in SIDES:
            for joint, name in enumerate(hand_joint_names(side)):
                wanted = rodrigues(SHOT.hand_axis_angle[side][frame - 1, joint])
                largest = max(largest, angle_to(armature.pose.bones[name].matrix_basis, wanted))
    return largest
