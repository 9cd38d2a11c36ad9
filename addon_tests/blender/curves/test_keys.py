from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.motions import MadeUpShot
from addon_tests.blender.written_curves import angle_to, bag_of, curve_of, rotation_path, rotation_values
from addon_tests.making.formulas import rodrigues
from handmocap_addon.blender.curves.actions import count_keys
from handmocap_addon.blender.motion.motion_keys import write_body_keys, write_hand_keys
from handmocap_addon.blender.motion.shot import Shot
from handmocap_addon.blender.rig.bodies import add_body
from handmocap_addon.core.body.model import BodyModel
from handmocap_addon.core.cleanup.clean_hands import Provenance
from handmocap_addon.core.keys.settings import KeySettings
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz
from handmocap_addon.core.skeleton import FINGERS, SIDES, hand_joint_names

COUNT = 12
FRAMES = np.arange(1.0, COUNT + 1.0)
BONE = "left_index2"
PATH = rotation_path(BONE)


@pytest.fixture
def armature(stand_in: BodyModel) -> Any:
    return add_body(stand_in)


def _write(armature: Any, shot: MadeUpShot, frames: np.ndarray = FRAMES, name: str = "clip motion") -> Any:
    return write_hand_keys(Shot.of(armature), shot.hands(), shot.tracks(), frames, name)


def test_fingers_evaluate_to_the_given_rotations_on_every_frame(armature: Any, scene: Any) -> None:
    shot = MadeUpShot(COUNT)
    _write(armature, shot)
    for number, frame in enumerate(FRAMES):
        scene.frame_set(int(frame))
        for side in SIDES:
            for joint, name in enumerate(hand_joint_names(side)):
                wanted = rodrigues(shot.hand_axis_angle[side][number, joint])
                assert angle_to(armature.pose.bones[name].matrix_basis, wanted) < 1e-4


def test_body_bones_evaluate_to_the_given_rotations(armature: Any, scene: Any) -> None:
    shot = MadeUpShot(COUNT)
    write_body_keys(Shot.of(armature), shot.motion(), FRAMES, "clip motion")
    scene.frame_set(7)
    for name, joint in (("left_hip", 0), ("neck", 11), ("right_wrist", 20)):
        assert angle_to(armature.pose.bones[name].matrix_basis, rodrigues(shot.body_axis_angle[6, joint])) < 1e-4
    assert angle_to(armature.pose.bones["pelvis"].matrix_basis, rodrigues(shot.orient_axis_angle[6])) < 1e-4


def test_a_turn_through_half_a_circle_has_no_sign_flip(armature: Any, scene: Any) -> None:
    shot = MadeUpShot(COUNT)
    turn = np.linspace(0.0, 4.0 * np.pi, COUNT)
    for side in SIDES:
        shot.hand_axis_angle[side] = np.zeros((COUNT, 15, 3))
        # A vector longer than half a circle comes back as its short twin, with the other sign.
        shot.hand_axis_angle[side][..., 2] = ((turn + np.pi) % (2.0 * np.pi) - np.pi)[:, None]
    assert (np.sum(np.diff(axis_angle_to_quat_wxyz(shot.hand_axis_angle["left"][:, 0]), axis=0) ** 2, axis=-1) > 2.0).any()
    _write(armature, shot)
    values = rotation_values(armature, "left_index1")
    assert (np.sum(values[1:] * values[:-1], axis=1) > 0.0).all()
    # Between two keys the bone goes the short way: half a step from either.
    scene.frame_set(4, subframe=0.5)
    middle = (turn[3] + turn[4]) / 2.0
    assert angle_to(armature.pose.bones["left_index1"].matrix_basis, rodrigues([0.0, 0.0, middle])) < 0.05


def test_each_finger_is_a_group_of_its_own(armature: Any) -> None:
    _write(armature, MadeUpShot(COUNT))
    write_body_keys(Shot.of(armature), MadeUpShot(COUNT).motion(), FRAMES, "clip motion")
    groups = {group.name: len(group.channels) for group in bag_of(armature).groups}
    fingers = {f"{side.capitalize()} {finger}": 12 for side in SIDES for finger in FINGERS}
    assert groups == fingers | {"Hand scores": 2, "Body": 22 * 4 + 3}


def test_key_types_tell_measured_from_filled_frames(armature: Any) -> None:
    shot = MadeUpShot(COUNT)
    kinds = np.full(COUNT, Provenance.MEASURED)
    kinds[3:6], kinds[10:] = Provenance.FILLED, Provenance.RELAXED
    write_hand_keys(Shot.of(armature), shot.hands(kinds), shot.tracks(), FRAMES, "clip motion")
    measured, filled, relaxed = ["GENERATED"], ["JITTER"], ["MOVING_HOLD"]
    for path, index in ((PATH, 0), (PATH, 3), ('["left_hand_score"]', 0)):
        types = [key.type for key in curve_of(armature, path, index).keyframe_points]
        assert types == measured * 3 + filled * 3 + measured * 4 + relaxed * 2


def test_scores_are_animated_properties_of_the_armature(armature: Any, scene: Any) -> None:
    shot = MadeUpShot(COUNT)
    _write(armature, shot)
    for side, lowest in (("left", 0.25), ("right", 0.5)):
        for frame, wanted in ((1, lowest), (COUNT, 1.0)):
            scene.frame_set(frame)
            assert armature[f"{side}_hand_score"] == pytest.approx(wanted)
        limits = armature.id_properties_ui(f"{side}_hand_score").as_dict()
        assert (limits["min"], limits["max"]) == (0.0, 1.0)


def test_the_score_of_a_frame_without_a_hand_is_zero(armature: Any, scene: Any) -> None:
    shot = MadeUpShot(COUNT)
    tracks = shot.tracks()
    tracks["left"].detected[4] = False
    write_hand_keys(Shot.of(armature), shot.hands(), tracks, FRAMES, "clip motion")
    scene.frame_set(5)
    assert armature["left_hand_score"] == 0.0
    assert armature["right_hand_score"] > 0.5


def test_the_report_counts_channels_and_keys(armature: Any) -> None:
    report = _write(armature, MadeUpShot(COUNT))
    assert (report.channels, report.keys, report.kept_keys) == (122, 122 * COUNT, 0)
    assert count_keys(armature) == 122 * COUNT


def _persons_key(armature: Any, frame: float, value: float, index: int = 1) -> None:
    """A key as an animator leaves it: of the ordinary type, with free handles pulled about."""
    curve = curve_of(armature, PATH, index)
    key = next((key for key in curve.keyframe_points if key.co[0] == frame), None)
    key = key or curve.keyframe_points.insert(frame, value)
    key.co[1] = value
    key.type = "KEYFRAME"
    key.interpolation = "BEZIER"
    key.handle_left_type = key.handle_right_type = "FREE"
    key.handle_left, key.handle_right = (frame - 0.4, value - 0.1), (frame + 0.3, value + 0.2)
    curve.update()


def _key_at(armature: Any, frame: float, index: int = 1) -> tuple[Any, ...]:
    (key,) = [key for key in curve_of(armature, PATH, index).keyframe_points if abs(key.co[0] - frame) < 1e-3]
    return (*key.co, *key.handle_left, *key.handle_right, key.type, key.handle_left_type, key.handle_right_type)


@pytest.mark.parametrize("frame", [5.0, 6.5], ids=["on a tool key", "between tool keys"])
def test_a_second_run_keeps_a_persons_key_with_its_handles(armature: Any, frame: float) -> None:
    _write(armature, MadeUpShot(COUNT))
    _persons_key(armature, frame, 0.77)
    before = _key_at(armature, frame)
    report = _write(armature, MadeUpShot(COUNT, seed=99))
    assert report.kept_keys == 1
    assert _key_at(armature, frame) == pytest.approx(before)


def test_a_second_run_replaces_the_tools_own_keys(armature: Any, scene: Any) -> None:
    _write(armature, MadeUpShot(COUNT))
    _persons_key(armature, 5.0, 0.77)
    again = MadeUpShot(COUNT, seed=99)
    _write(armature, again)
    assert len(curve_of(armature, PATH, 1).keyframe_points) == COUNT
    scene.frame_set(10)
    assert angle_to(armature.pose.bones[BONE].matrix_basis, rodrigues(again.hand_axis_angle["left"][9, 1])) < 1e-4


def test_a_shorter_second_run_leaves_no_tool_key_behind(armature: Any) -> None:
    _write(armature, MadeUpShot(COUNT))
    _persons_key(armature, 11.0, 0.5)
    _write(armature, MadeUpShot(6), FRAMES[:6])
    frames = [key.co[0] for key in curve_of(armature, PATH, 1).keyframe_points]
    assert frames == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 11.0]
    # A rotation is one thing: where a person keyed one of its channels, the others keep what stood there with it.
    assert [key.co[0] for key in curve_of(armature, PATH, 0).keyframe_points] == frames
    assert [key.co[0] for key in curve_of(armature, rotation_path("right_index2"), 0).keyframe_points] == frames[:6]


def test_a_tool_key_that_a_person_moved_or_deleted_does_not_come_back(armature: Any) -> None:
    _write(armature, MadeUpShot(COUNT))
    for index in range(4):
        curve = curve_of(armature, PATH, index)
        by_frame = {key.co[0]: key for key in curve.keyframe_points}
        by_frame[4.0].co[0] = 4.5
        curve.keyframe_points.remove(by_frame[8.0])
        curve.update()
    before = [tuple(key.co) for key in curve_of(armature, PATH, 2).keyframe_points if key.co[0] == 4.5]
    for seed in (98, 99):
        _write(armature, MadeUpShot(COUNT, seed=seed))
        after = {key.co[0]: key.co[1] for key in curve_of(armature, PATH, 2).keyframe_points}
        assert list(after) == [1.0, 2.0, 3.0, 4.5, 5.0, 6.0, 7.0, *[float(frame) for frame in range(9, COUNT + 1)]]
        assert (4.5, after[4.5]) == pytest.approx(before[0])


def test_a_property_whose_keys_are_all_gone_starts_afresh(armature: Any) -> None:
    _write(armature, MadeUpShot(COUNT))
    for index in range(4):
        curve_of(armature, PATH, index).keyframe_points.clear()
    report = _write(armature, MadeUpShot(COUNT, seed=99))
    assert report.kept_keys == 0
    assert len(curve_of(armature, PATH, 0).keyframe_points) == COUNT


def test_curves_of_other_bones_are_not_touched(armature: Any) -> None:
    spine = armature.pose.bones["spine2"]
    spine.rotation_mode = "XYZ"
    spine.rotation_euler = (0.1, 0.2, 0.3)
    spine.keyframe_insert("rotation_euler", frame=4)
    armature.keyframe_insert("location", frame=2)
    path = spine.path_from_id("rotation_euler")
    before = [tuple(curve_of(armature, path, index).keyframe_points[0].co) for index in range(3)]
    _write(armature, MadeUpShot(COUNT))
    assert [tuple(curve_of(armature, path, index).keyframe_points[0].co) for index in range(3)] == before
    assert len(curve_of(armature, "location", 0).keyframe_points) == 1
    assert spine.rotation_mode == "XYZ"


def test_an_artists_action_is_extended_and_keeps_its_name(armature: Any) -> None:
    action = bpy.data.actions.new("Artist's take")
    armature.animation_data_create().action = action
    armature.keyframe_insert("location", frame=2)
    slot = armature.animation_data.action_slot
    _write(armature, MadeUpShot(COUNT))
    assert armature.animation_data.action is action
    assert armature.animation_data.action_slot == slot
    assert action.name == "Artist's take"
    assert len(bpy.data.actions) == 1


def test_a_new_action_is_named_and_its_slot_is_assigned(armature: Any) -> None:
    _write(armature, MadeUpShot(COUNT), name="walk motion")
    animation = armature.animation_data
    assert animation.action.name == "walk motion"
    assert animation.action_slot is not None
    assert animation.action_slot.target_id_type == "OBJECT"
    assert [slot.handle for slot in animation.action.slots] == [animation.action_slot.handle]


def test_two_armatures_may_share_an_action(armature: Any, stand_in: BodyModel, scene: Any) -> None:
    other = add_body(stand_in)
    first, second = MadeUpShot(COUNT, seed=1), MadeUpShot(COUNT, seed=2)
    _write(armature, first)
    other.animation_data_create().action = armature.animation_data.action
    other.animation_data.action_slot = other.animation_data.action.slots.new(id_type="OBJECT", name="other")
    _write(other, second)
    scene.frame_set(3)
    for datablock, shot in ((armature, first), (other, second)):
        assert angle_to(datablock.pose.bones[BONE].matrix_basis, rodrigues(shot.hand_axis_angle["left"][2, 1])) < 1e-4


def test_keys_are_still_there_after_saving_and_reopening(armature: Any, tmp_path: Path) -> None:
    shot = MadeUpShot(COUNT)
    kinds = np.full(COUNT, Provenance.MEASURED)
    kinds[4] = Provenance.FILLED
    write_hand_keys(Shot.of(armature), shot.hands(kinds), shot.tracks(), FRAMES, "clip motion")
    _persons_key(armature, 8.0, 0.6)
    wanted = _key_at(armature, 8.0)
    path = tmp_path / "Größe 5.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=str(path))
    reopened = bpy.data.objects["mannequin"]
    assert _key_at(reopened, 8.0) == pytest.approx(wanted)
    types = [key.type for key in curve_of(reopened, PATH, 0).keyframe_points]
    assert types == ["GENERATED"] * 4 + ["JITTER"] + ["GENERATED"] * 7
    bpy.context.scene.frame_set(3)
    assert angle_to(reopened.pose.bones[BONE].matrix_basis, rodrigues(shot.hand_axis_angle["left"][2, 1])) < 1e-4
    report = _write(reopened, shot)
    assert report.kept_keys == 1


def test_keys_between_whole_frames_stay_between_them_where_asked(armature: Any) -> None:
    frames = np.array((1.0, 2.25, 2.75, 6.5))
    shot = MadeUpShot(4)
    write_hand_keys(Shot.of(armature), shot.hands(), shot.tracks(), frames, "clip motion", KeySettings(whole_frames=False))
    assert [key.co[0] for key in curve_of(armature, PATH, 2).keyframe_points] == [1.0, 2.25, 2.75, 6.5]
