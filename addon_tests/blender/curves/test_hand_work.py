"""What a person does to keys, and what a run then leaves as it is."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.motions import MadeUpShot
from addon_tests.blender.random_edits import one_sequence
from addon_tests.blender.written_curves import angle_to, curve_of, rotation_path, rotation_values
from addon_tests.making.formulas import rodrigues
from handmocap_addon.blender.apply import apply_body, apply_hands, start_over
from handmocap_addon.blender.cleanup.corrections_store import read_corrections, write_corrections
from handmocap_addon.blender.curves.actions import Channel, write_keys
from handmocap_addon.blender.curves.key_arrays import key_type_number
from handmocap_addon.blender.curves.tool_actions import find_tool_action
from handmocap_addon.blender.motion.key_reduction import ReductionSettings, reduce_finger_keys
from handmocap_addon.blender.motion.motion_keys import KeyReport, write_hand_keys
from handmocap_addon.blender.motion.motion_keys import rotation_path as path_in_mode
from handmocap_addon.blender.motion.rotation_conversion import convert_rotations
from handmocap_addon.blender.motion.shot import Shot
from handmocap_addon.blender.rig.bodies import add_body
from handmocap_addon.blender.scene_time import set_frame_rate
from handmocap_addon.core.body.model import BodyModel
from handmocap_addon.core.cleanup.clean_hands import CleanHand, Provenance
from handmocap_addon.core.cleanup.corrections import OwnSmoothing, Rows
from handmocap_addon.core.cleanup.settings import CleanupSettings
from handmocap_addon.core.errors import ArmatureError
from handmocap_addon.core.hands.hand_poses import HandPoses, HandTrack
from handmocap_addon.core.keys.settings import KeySettings
from handmocap_addon.core.maths.rotation_modes import EULER_ORDERS, quat_wxyz_of_mode
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz, quat_wxyz_to_axis_angle
from handmocap_addon.core.skeleton import SIDES, hand_joint_names

REPOSITORY = Path(__file__).parents[3]
COUNT = 40
FRAMES = np.arange(1.0, COUNT + 1.0)
BONE = "left_index2"
PATH = rotation_path(BONE)


@pytest.fixture
def armature(stand_in: BodyModel) -> Any:
    return add_body(stand_in)


def _smooth(seed: int, count: int = COUNT) -> MadeUpShot:
    """Fingers as fingers move, so that what stands between keys is known."""
    shot = MadeUpShot(count)
    phases = np.random.default_rng(seed).uniform(0.0, 6.0, (2, 15, 3))
    for side, phase in zip(SIDES, phases, strict=True):
        shot.hand_axis_angle[side] = 0.4 * np.sin(np.linspace(0.0, 3.0, count)[:, None, None] + phase)
    return shot


def _write(armature: Any, seed: int = 1, ease: float = 5.0) -> KeyReport:
    shot = _smooth(seed)
    return write_hand_keys(Shot.of(armature), shot.hands(), shot.tracks(), FRAMES, "clip motion", KeySettings(ease))


def _pose(armature: Any, frame: float, axis_angle: tuple[float, float, float], bone: str = BONE) -> None:
    pose_bone = armature.pose.bones[bone]
    pose_bone.rotation_quaternion = axis_angle_to_quat_wxyz(axis_angle).tolist()
    pose_bone.keyframe_insert("rotation_quaternion", frame=frame)


def _difference(armature: Any, seed: int = 1, bone: str = BONE) -> np.ndarray:
    """Radians (N,) between what stands on the frames and what was generated."""
    generated = axis_angle_to_quat_wxyz(_smooth(seed).hand_axis_angle["left"][:, hand_joint_names("left").index(bone)])
    found = np.array([[curve_of(armature, rotation_path(bone), i).evaluate(frame) for i in range(4)] for frame in FRAMES])
    found /= np.linalg.norm(found, axis=-1, keepdims=True)
    return 2.0 * np.arccos(np.clip(np.abs(np.sum(found * generated, axis=-1)), 0.0, 1.0))


def _keys(armature: Any) -> list[Any]:
    place = find_tool_action(armature)
    assert place is not None
    return [
        (curve.data_path, curve.array_index, [(*key.co, key.type) for key in curve.keyframe_points])
        for curve in place.channelbag().fcurves  # type: ignore[union-attr]
    ]


@pytest.mark.parametrize("part", range(6))
def test_random_edits_and_runs_lose_no_key_by_hand(part: int, tmp_path: Path) -> None:
    for seed in range(part * 10, part * 10 + 10):
        one_sequence(seed, tmp_path)


# Ease


def test_keys_around_a_pose_of_a_person_fade_into_it(armature: Any) -> None:
    _write(armature)
    _pose(armature, 20.0, (1.2, 0.0, 0.3))
    assert _write(armature).kept_keys == 4
    off = _difference(armature)
    by_distance = [off[19 + step] for step in range(7)]
    assert by_distance[0] > 0.5
    assert (np.diff(by_distance[:6]) < 0.0).all()
    np.testing.assert_allclose(by_distance[5:], 0.0, atol=1e-3)
    np.testing.assert_allclose(off[19:25], off[19:13:-1], atol=1e-3)


def test_without_ease_there_is_a_step(armature: Any) -> None:
    _write(armature)
    _pose(armature, 20.0, (1.2, 0.0, 0.3))
    _write(armature, ease=0.0)
    off = _difference(armature)
    assert off[19] > 0.5
    np.testing.assert_allclose(np.delete(off, 19), 0.0, atol=1e-3)


def test_a_range_that_was_offset_is_eased_at_both_ends_and_stays_within(armature: Any) -> None:
    _write(armature)
    for index in range(4):
        for key in curve_of(armature, PATH, index).keyframe_points:
            if 15 <= key.co[0] <= 25:
                key.co[1] += 0.2
    _write(armature, seed=2)
    off = _difference(armature, seed=2)
    assert (off[14:25] > 0.05).all()
    for inside, outwards in ((14, -1), (24, 1)):
        faded = off[[inside + outwards * step for step in (1, 2, 3, 4)]]
        assert (np.diff(faded) < 0.0).all()
        assert faded[0] < off[inside]
    np.testing.assert_allclose(off[[*range(9), *range(30, COUNT)]], 0.0, atol=1e-3)


def test_between_two_near_poses_the_difference_goes_from_one_to_the_other(armature: Any) -> None:
    _write(armature)
    generated = quat_wxyz_to_axis_angle(rotation_values(armature, BONE))
    for frame, turn in ((20, 0.3), (24, 0.6)):
        _pose(armature, frame, tuple(generated[frame - 1] * (1.0 + turn / np.linalg.norm(generated[frame - 1]))))
    _write(armature)
    off = _difference(armature)[19:24]
    np.testing.assert_allclose(off[[0, 4]], (0.3, 0.6), atol=1e-3)
    assert ((off > 0.15) & (off <= 0.6 + 1e-3)).all()


def test_a_run_again_changes_nothing(armature: Any) -> None:
    _write(armature)
    _pose(armature, 20.0, (1.2, 0.0, 0.3))
    curve_of(armature, PATH, 2).keyframe_points.insert(22.4, 0.3)
    first = _write(armature, seed=2)
    once = _keys(armature)
    assert _write(armature, seed=2) == first
    assert _keys(armature) == once


# Whose a key is


def test_a_type_that_a_person_picks_makes_the_key_theirs(armature: Any) -> None:
    kinds = np.full(COUNT, Provenance.MEASURED)
    kinds[20:] = Provenance.RELAXED
    shot = _smooth(1)
    write_hand_keys(Shot.of(armature), shot.hands(kinds), shot.tracks(), FRAMES, "clip motion")
    for frame, kind in ((5, "EXTREME"), (8, "MOVING_HOLD"), (25, "EXTREME")):
        curve_of(armature, PATH, 0).keyframe_points[frame - 1].type = kind
    assert _write(armature, seed=2).kept_keys == 3
    found = {round(key.co[0]): key.type for key in curve_of(armature, PATH, 0).keyframe_points}
    assert (found[5], found[8], found[25], found[24]) == ("EXTREME", "MOVING_HOLD", "EXTREME", "GENERATED")


def test_a_changed_key_gets_the_type_of_keys_by_hand(armature: Any) -> None:
    _write(armature)
    curve_of(armature, PATH, 1).keyframe_points[9].co[1] += 0.3
    _write(armature, seed=2)
    assert [curve_of(armature, PATH, index).keyframe_points[9].type for index in (0, 1)] == ["GENERATED", "KEYFRAME"]


def test_files_whose_records_hold_no_types_go_on_working(armature: Any) -> None:
    shot = _smooth(1)
    write_hand_keys(Shot.of(armature), shot.hands(), shot.tracks(), FRAMES, "clip motion")
    action = armature.animation_data.action
    # As it was stored before: doubles by path and index, relaxed frames of the type of filled ones.
    del action["handmocap_written_keys"]
    action["handmocap_written"] = {}
    for path, index, keys in _keys(armature):
        name = f"{hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest()[:24]}_{index}"
        action["handmocap_written"][name] = [float(number) for key in keys for number in key[:2]]
    curve = curve_of(armature, PATH, 0)
    curve.keyframe_points[30].type = "JITTER"
    curve.keyframe_points[4].co[1] += 0.2
    assert _write(armature, seed=2).kept_keys == 1
    assert "handmocap_written" not in action
    assert _write(armature, seed=3).kept_keys == 1


def test_easing_and_selection_of_a_key_stay(armature: Any) -> None:
    _write(armature)
    key = curve_of(armature, PATH, 1).keyframe_points[10]
    key.interpolation, key.easing, key.back = "BACK", "EASE_OUT", 3.5
    key.select_control_point = False
    _write(armature, seed=2)
    key = curve_of(armature, PATH, 1).keyframe_points[10]
    assert (key.interpolation, key.easing, key.back, key.select_control_point) == ("BACK", "EASE_OUT", 3.5, False)


def test_a_key_between_two_reduced_ones_does_not_make_those_the_person_s(armature: Any) -> None:
    _write(armature)
    reduce_finger_keys(armature, ReductionSettings(8.0))
    few = [key.co[0] for key in curve_of(armature, PATH, 0).keyframe_points]
    assert len(few) < 6
    before = [tuple(key.handle_right) for key in curve_of(armature, PATH, 0).keyframe_points]
    middle = round((few[0] + few[1]) / 2.0) + 0.25
    _pose(armature, middle, (0.9, 0.0, 0.0))
    # Blender shortens the handles of the keys on both sides.
    assert tuple(curve_of(armature, PATH, 0).keyframe_points[0].handle_right) != before[0]
    assert _write(armature, seed=2).kept_keys == 4
    curve_of(armature, PATH, 0).keyframe_points[0].handle_right_type = "FREE"
    curve_of(armature, PATH, 0).keyframe_points[0].handle_right[1] += 0.05
    assert _write(armature, seed=3).kept_keys == 5


# Actions


def test_the_tool_s_action_is_found_in_a_strip_and_a_layer_above_is_never_written(armature: Any) -> None:
    _write(armature)
    animation = armature.animation_data
    own = animation.action
    strip = animation.nla_tracks.new().strips.new("tool", 1, own)
    strip.action_slot = animation.action_slot
    animation.action = None
    _pose(armature, 12.0, (0.5, 0.0, 0.0))
    layer = animation.action
    assert layer != own
    _write(armature, seed=2)
    assert animation.action == layer
    assert len(bpy.data.actions) == 2
    assert [len(curve.keyframe_points) for curve in layer.layers[0].strips[0].channelbags[0].fcurves] == [1] * 4
    np.testing.assert_allclose(_strip_values(armature, own), _strip_values_of_seed(2), atol=1e-6)


def _strip_values(armature: Any, action: Any) -> np.ndarray:
    (bag,) = action.layers[0].strips[0].channelbags
    return np.array([[key.co[1] for key in bag.fcurves.find(PATH, index=index).keyframe_points] for index in range(4)]).T


def _strip_values_of_seed(seed: int) -> np.ndarray:
    return axis_angle_to_quat_wxyz(_smooth(seed).hand_axis_angle["left"][:, hand_joint_names("left").index(BONE)])


def test_armatures_that_share_an_action_keep_records_of_their_own(armature: Any, stand_in: BodyModel) -> None:
    other = add_body(stand_in)
    _write(armature)
    action = armature.animation_data.action
    other.animation_data_create().action = action
    other.animation_data.action_slot = action.slots.new(id_type="OBJECT", name="other")
    _write(other, seed=2)
    _pose(other, 7.0, (0.4, 0.0, 0.0))
    assert _write(armature, seed=3).kept_keys == 0
    assert _write(other, seed=3).kept_keys == 4


def test_a_renamed_copied_or_put_back_action_stays_the_tool_s(armature: Any) -> None:
    _write(armature)
    _pose(armature, 7.0, (0.4, 0.0, 0.0))
    animation = armature.animation_data
    for change in ("rename", "copy", "put back"):
        action, slot = animation.action, animation.action_slot.identifier
        if change == "rename":
            action.name, action.use_fake_user = "My take", True
        elif change == "copy":
            animation.action = action.copy()
            animation.action_slot = animation.action.slots[slot]
        else:
            animation.action = None
            animation.action = action
        count = len(bpy.data.actions)
        assert _write(armature, seed=2).kept_keys == 4
        assert len(bpy.data.actions) == count


def test_a_linked_action_is_one_sentence(armature: Any, tmp_path: Path) -> None:
    _write(armature)
    path = str(tmp_path / "library.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(path, link=False) as (_source, target):
        target.objects = ["mannequin"]
    bpy.context.scene.collection.objects.link(target.objects[0])
    with bpy.data.libraries.load(path, link=True) as (_source, linked):
        linked.actions = ["clip motion"]
    animation = target.objects[0].animation_data
    animation.action = linked.actions[0]
    animation.action_slot = animation.action.slots[0]
    with pytest.raises(ArmatureError, match="linked from another file"):
        _write(target.objects[0])


def test_an_armature_in_another_file_knows_whose_its_keys_are(armature: Any, tmp_path: Path) -> None:
    _write(armature)
    _pose(armature, 7.0, (0.4, 0.0, 0.0))
    path = str(tmp_path / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(path, link=False) as (_source, target):
        target.objects = ["mannequin"]
    bpy.context.scene.collection.objects.link(target.objects[0])
    report = _write(target.objects[0], seed=2)
    assert report.kept_keys == 4
    assert report.keys == 122 * COUNT - 4


def test_undo_takes_a_run_back_and_redo_does_it_again(armature: Any) -> None:
    _write(armature)
    _pose(armature, 7.0, (0.4, 0.0, 0.0))
    name = armature.name
    bpy.ops.ed.undo_push(message="posed")
    posed = _keys(armature)
    _write(armature, seed=2)
    bpy.ops.ed.undo_push(message="run")
    ran = _keys(armature)
    bpy.ops.ed.undo()
    assert _keys(bpy.data.objects[name]) == posed
    assert _write(bpy.data.objects[name], seed=2).kept_keys == 4
    assert _keys(bpy.data.objects[name]) == ran


_CHILD = """
import json, sys
sys.path.insert(0, sys.argv[1])
import bpy
from addon_tests.blender.curves.test_hand_work import _keys, _write, curve_of, PATH
bpy.ops.wm.open_mainfile(filepath=sys.argv[2])
armature = bpy.data.objects["mannequin"]
report = _write(armature, seed=2)
print(json.dumps([report.kept_keys, [list(key.co) for key in curve_of(armature, PATH, 0).keyframe_points]]))
"""


def test_a_file_that_was_closed_is_run_again_by_another_process(armature: Any, tmp_path: Path) -> None:
    _write(armature)
    _pose(armature, 7.0, (0.4, 0.0, 0.0))
    curve_of(armature, PATH, 0).keyframe_points.remove(curve_of(armature, PATH, 0).keyframe_points[30])
    path = tmp_path / "Größe 5.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    _write(armature, seed=2)
    wanted = [list(key.co) for key in curve_of(armature, PATH, 0).keyframe_points]
    command = [sys.executable, "-c", _CHILD, str(REPOSITORY), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # Blender's own lines stand before or after, as the system flushes them.
    (said,) = (line for line in done.stdout.splitlines() if line.startswith("["))
    assert json.loads(said) == [4, wanted]
    assert len(wanted) == COUNT - 1


# Start over


def _poses(seed: int = 1) -> HandPoses:
    shot = _smooth(seed)
    tracks = {
        side: replace(track, pose_axis_angle=shot.hand_axis_angle[side].reshape(COUNT, 45))
        for side, track in shot.tracks().items()
    }
    return HandPoses(tracks["left"], tracks["right"], np.arange(COUNT), np.arange(COUNT) / 24.0)


def test_starting_over_forgets_keys_by_hand_on_the_chosen_fingers_alone(armature: Any) -> None:
    raw = CleanupSettings(smoothing=0.0)
    poses = _poses()
    apply_hands(armature, poses, raw, "clip motion")
    fresh = _keys(armature)
    for bone in ("left_index2", "right_thumb1"):
        _pose(armature, 7.0, (0.9, 0.0, 0.0), bone)
        curve_of(armature, rotation_path(bone), 0).keyframe_points.remove(
            curve_of(armature, rotation_path(bone), 0).keyframe_points[20]
        )
    write_corrections(armature, [OwnSmoothing(Rows(0, 5), "right")])
    index = [f"left_index{number}" for number in (1, 2, 3)]
    assert start_over(armature, poses, raw, "clip motion", joints=index).keys.kept_keys == 0
    assert apply_hands(armature, poses, raw, "clip motion").keys.kept_keys == 4
    assert len(rotation_values(armature, "left_index2")) == COUNT
    assert len(read_corrections(armature)) == 1
    start_over(armature, poses, raw, "clip motion")
    assert _keys(armature) == fresh
    assert read_corrections(armature) == ()


# Locks


@pytest.mark.parametrize("kind", ["curve", "group", "component", "bone"])
def test_locked_channels_are_left_as_they_are(armature: Any, kind: str) -> None:
    _write(armature)
    curve = curve_of(armature, PATH, 1)
    if kind == "curve":
        curve.lock = curve.mute = True
    elif kind == "group":
        curve.group.lock = True
    else:
        armature.pose.bones[BONE].lock_rotation[0] = True
        armature.pose.bones[BONE].lock_rotations_4d = kind == "component"
    before = {(path, index): keys for path, index, keys in _keys(armature)}
    report = _write(armature, seed=2)
    assert report.locked_channels == {"curve": 1, "group": 12, "component": 1, "bone": 4}[kind]
    assert f"{report.locked_channels} locked channels left as they are" in report.sentence()
    after = {(path, index): keys for path, index, keys in _keys(armature)}
    assert sum(before[channel] == after[channel] for channel in before if "rotation" in channel[0]) == report.locked_channels
    assert before[PATH, 1] == after[PATH, 1]
    assert curve_of(armature, PATH, 1).mute == (kind == "curve")


# Rotation modes


@pytest.mark.parametrize("mode", [*EULER_ORDERS, "AXIS_ANGLE"])
def test_fingers_are_keyed_in_the_mode_of_their_bone(armature: Any, scene: Any, mode: str) -> None:
    shot = _smooth(1)
    shot.hand_axis_angle["left"][:, 1] = np.linspace(-4.0, 4.0, COUNT)[:, None] * (0.6, 0.0, 0.8)
    armature.pose.bones[BONE].rotation_mode = mode
    write_hand_keys(Shot.of(armature), shot.hands(), shot.tracks(), FRAMES, "clip motion")
    assert armature.pose.bones[BONE].rotation_mode == mode
    path = path_in_mode(BONE, mode)
    count = 4 if mode == "AXIS_ANGLE" else 3
    values = np.array([[key.co[1] for key in curve_of(armature, path, i).keyframe_points] for i in range(count)]).T
    assert np.abs(np.diff(values, axis=0)).max() < 1.2
    for frame in (1, 9, 20, 33, 40):
        scene.frame_set(frame)
        wanted = rodrigues(shot.hand_axis_angle["left"][frame - 1, 1])
        assert angle_to(armature.pose.bones[BONE].matrix_basis, wanted) < 1e-3


def test_euler_keys_go_on_from_the_turns_of_a_person_s_key(armature: Any) -> None:
    bone = armature.pose.bones[BONE]
    bone.rotation_mode = "XYZ"
    _write(armature)
    bone.rotation_euler = (0.1 + 2.0 * np.pi, 0.2, 0.3)
    bone.keyframe_insert("rotation_euler", frame=20)
    _write(armature, seed=2)
    values = np.array([key.co[1] for key in curve_of(armature, path_in_mode(BONE, "XYZ"), 0).keyframe_points])
    assert np.abs(np.diff(values)).max() < 0.5
    assert values.min() > 4.0


@pytest.mark.parametrize("mode", ["XYZ", "ZXY", "AXIS_ANGLE"])
def test_conversion_keeps_rotations_frames_and_whose_the_keys_are(armature: Any, scene: Any, mode: str) -> None:
    _write(armature)
    _pose(armature, 20.4, (1.2, 0.0, 0.3))
    for index in range(4):
        curve = curve_of(armature, PATH, index)
        curve.keyframe_points.remove(curve.keyframe_points[29])
    location = armature.pose.bones[BONE]
    location.location = (0.1, 0.2, 0.3)
    location.keyframe_insert("location", frame=3)

    def shown() -> list[np.ndarray]:
        found = []
        for frame in (1, 12, 20, 33, 40):
            scene.frame_set(frame)
            found.append(np.array(armature.pose.bones[BONE].matrix_basis.to_3x3()))
        scene.frame_set(20, subframe=0.4)
        return [*found, np.array(armature.pose.bones[BONE].matrix_basis.to_3x3())]

    before = shown()
    frames = [key.co[0] for key in curve_of(armature, PATH, 0).keyframe_points]
    result = convert_rotations(armature, [BONE], mode)
    assert (result.bones, result.left) == (1, ())
    path = path_in_mode(BONE, mode)
    assert [key.co[0] for key in curve_of(armature, path, 1).keyframe_points] == pytest.approx(frames)
    np.testing.assert_allclose(shown(), before, atol=2e-3)
    channels = 4 if mode == "AXIS_ANGLE" else 3
    assert _write(armature, seed=2).kept_keys == channels
    frames_now = [key.co[0] for key in curve_of(armature, path, 1).keyframe_points]
    assert frames_now == pytest.approx(frames)
    hand = [
        next(key.co[1] for key in curve_of(armature, path, i).keyframe_points if abs(key.co[0] - 20.4) < 1e-3)
        for i in range(channels)
    ]
    wanted = axis_angle_to_quat_wxyz((1.2, 0.0, 0.3))
    assert abs(np.dot(quat_wxyz_of_mode(hand, mode), wanted)) == pytest.approx(1.0, abs=1e-5)
    assert convert_rotations(armature, [BONE], "QUATERNION").bones == 1
    assert _write(armature, seed=3).kept_keys == 4
    assert len(rotation_values(armature, BONE)) == len(frames)
    assert tuple(location.location) == pytest.approx((0.1, 0.2, 0.3))
    assert len(curve_of(armature, f'pose.bones["{BONE}"].location', 0).keyframe_points) == 1


def test_locked_bones_are_not_converted(armature: Any) -> None:
    _write(armature)
    curve_of(armature, PATH, 2).lock = True
    before = _keys(armature)
    assert convert_rotations(armature, [BONE], "XYZ").left == (BONE,)
    assert _keys(armature) == before
    assert armature.pose.bones[BONE].rotation_mode == "QUATERNION"


# Frame rates


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(25), Fraction(60)])
def test_keys_stand_on_whole_frames_of_the_scene(armature: Any, scene: Any, rate: Fraction) -> None:
    set_frame_rate(scene, rate)
    count = 61
    turn = np.linspace(0.0, 1.2, count)[:, None] * (0.0, 0.0, 1.0)
    pose = np.zeros((count, 15, 3))
    pose[:, 1] = turn
    track = replace(
        HandTrack.empty(count), pose_axis_angle=pose.reshape(count, 45), detected=np.ones(count, bool), score=np.ones(count)
    )
    track.detected[30:36] = False
    poses = HandPoses(track, track, np.arange(count), np.arange(count) / 30.0)
    apply_hands(armature, poses, CleanupSettings(smoothing=0.0), "clip motion")
    points = curve_of(armature, PATH, 0).keyframe_points
    assert [key.co[0] for key in points] == list(range(1, int(2 * rate) + 2))
    for frame in (1, round(float(rate)) // 2, int(2 * rate) + 1):
        wanted = 1.2 * (frame - 1) / (2 * float(rate))
        scene.frame_set(frame)
        assert angle_to(armature.pose.bones[BONE].matrix_basis, rodrigues([0.0, 0.0, wanted])) < 1e-3
    seconds = [(key.co[0] - 1.0) / float(rate) for key in points if key.type == "JITTER"]
    assert 0.95 <= seconds[0] <= 1.04
    assert 1.13 <= seconds[-1] <= 1.2


def test_body_and_camera_stand_on_whole_frames_too(armature: Any, scene: Any, stand_in: BodyModel) -> None:
    set_frame_rate(scene, Fraction(24))
    blank = HandTrack.empty(COUNT)
    poses = HandPoses(blank, blank, np.arange(COUNT), np.arange(COUNT) / 30.0)
    applied = apply_body(armature, MadeUpShot(COUNT).motion(), poses, None, "clip motion", False)
    whole = [float(frame) for frame in range(1, 33)]
    for datablock, path in ((armature, rotation_path("spine1")), (armature, 'pose.bones["pelvis"].location')):
        assert [key.co[0] for key in curve_of(datablock, path, 1).keyframe_points] == whole
    for path in ("location", "rotation_quaternion"):
        assert [key.co[0] for key in curve_of(applied.camera, path, 1).keyframe_points] == whole


def test_a_property_of_one_number_is_eased_by_numbers(armature: Any) -> None:
    def write(value: float) -> None:
        types = np.full(COUNT, key_type_number("GENERATED"))
        write_keys(armature, "clip motion", [Channel("location", 2, "Place", FRAMES, np.full(COUNT, value), types)], 4.0)

    write(1.0)
    curve_of(armature, "location", 2).keyframe_points[19].co[1] = 2.0
    write(0.0)
    values = [key.co[1] for key in curve_of(armature, "location", 2).keyframe_points]
    np.testing.assert_allclose(values[15:24], (0.0, 0.3125, 1.0, 1.6875, 2.0, 1.6875, 1.0, 0.3125, 0.0), atol=1e-6)
    assert set(values[:15] + values[24:]) == {0.0}


def test_a_hand_without_any_frame_of_its_own_kind_is_relaxed(armature: Any) -> None:
    shot = _smooth(1)
    hand = CleanHand(shot.hands()["left"].quat_wxyz, np.full(COUNT, Provenance.RELAXED))
    write_hand_keys(Shot.of(armature), {"left": hand}, {"left": HandTrack.empty(COUNT)}, FRAMES, "clip motion")
    assert {key.type for key in curve_of(armature, PATH, 0).keyframe_points} == {"MOVING_HOLD"}
