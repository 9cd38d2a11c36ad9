"""What wins over keys: refused before the first apply, said after later ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.written_curves import angle_to, curve_of, rotation_path
from addon_tests.making.foreign_keys import FINGERS, Take, blocking, key_takes
from handmocap_addon.blender.apply import apply_hands
from handmocap_addon.blender.motion.key_obstacles import obstacle_sentences
from handmocap_addon.blender.motion.keyed_bones import KeyedBones
from handmocap_addon.blender.motion.shot import Shot
from handmocap_addon.blender.rig.bodies import add_body
from handmocap_addon.blender.version_differences import all_curves
from handmocap_addon.core.body.model import BodyModel
from handmocap_addon.core.cleanup.settings import CleanupSettings
from handmocap_addon.core.errors import ArmatureError
from handmocap_addon.core.hands.hand_poses import HandPoses, HandTrack
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz, quat_wxyz_to_rotmat

COUNT = 20
BONE = "left_index2"
POSE = np.tile((0.4, 0.3, -0.2), 15).astype(np.float32)


@pytest.fixture
def armature(stand_in: BodyModel) -> Any:
    return add_body(stand_in)


def _apply(armature: Any) -> tuple[str, ...]:
    """What is in the way of the keys after an apply, which has said so in these or other words."""
    warnings = _warnings(armature)
    obstacles = tuple(obstacle_sentences(armature, KeyedBones.fingers(Shot.of(armature)).paths))
    assert bool(warnings) == bool(obstacles)
    return obstacles


def _warnings(armature: Any) -> tuple[str, ...]:
    tracks = []
    for _ in range(2):
        track = HandTrack.empty(COUNT)
        track.detected[:], track.score[:], track.pose_axis_angle[:] = True, 1.0, POSE
        tracks.append(track)
    poses = HandPoses(tracks[0], tracks[1], np.arange(COUNT), np.arange(COUNT) / 24.0)
    return apply_hands(armature, poses, CleanupSettings(smoothing=0.0), "clip motion").warnings


def _off(armature: Any, bone: str = BONE) -> float:
    """Radians between what a bone shows and what was keyed."""
    bpy.context.scene.frame_set(9)
    shown = armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones[bone].matrix_basis
    return angle_to(shown, quat_wxyz_to_rotmat(axis_angle_to_quat_wxyz(POSE[:3])))


def _layer(armature: Any, name: str) -> Any:
    """A track with poses of a person's; the armature has no active action then."""
    animation = armature.animation_data_create()
    action = key_takes(armature, blocking((BONE,)))
    strip = animation.nla_tracks.new().strips.new(name, 1, action)
    strip.action_slot = animation.action_slot
    animation.action = None
    track = animation.nla_tracks[-1]
    track.name = name
    return track


def _driver(armature: Any, bones: Sequence[str] = (BONE,)) -> Callable[[], None]:
    curves = [armature.driver_add(f'pose.bones["{bone}"].rotation_quaternion', 1) for bone in bones]
    for curve in curves:
        curve.driver.expression = "0.7"

    def mend() -> None:
        for curve in curves:
            curve.mute = True

    return mend


def _drivers(armature: Any) -> Callable[[], None]:
    return _driver(armature, FINGERS)


def _blended(armature: Any) -> Callable[[], None]:
    _layer(armature, "below")
    armature.animation_data.action_blend_type, armature.animation_data.action_influence = "ADD", 0.5

    def mend() -> None:
        armature.animation_data.action_blend_type, armature.animation_data.action_influence = "REPLACE", 1.0

    return mend


def _solo(armature: Any) -> Callable[[], None]:
    track = _layer(armature, "alone")
    track.is_solo = True
    return lambda: setattr(track, "is_solo", False)


def _tweaked(armature: Any) -> Callable[[], None]:
    track = _layer(armature, "take")
    track.select = track.strips[0].select = True
    armature.animation_data.nla_tracks.active = track
    armature.animation_data.use_tweak_mode = True
    assert armature.animation_data.use_tweak_mode
    return lambda: setattr(armature.animation_data, "use_tweak_mode", False)


def _animated_mode(armature: Any) -> Callable[[], None]:
    action = key_takes(armature, [])
    for bone in FINGERS:
        armature.pose.bones[bone].keyframe_insert("rotation_mode", frame=1)

    def mend() -> None:
        for curve in [curve for curve in all_curves(action) if curve.data_path.endswith("rotation_mode")]:
            action.layers[0].strips[0].channelbags[0].fcurves.remove(curve)

    return mend


BEFORE: dict[str, tuple[Callable[[Any], Callable[[], None]], str]] = {
    "drivers": (_drivers, "Drivers turn left_index1 and 29 more bones and win over keys"),
    "blend": (_blended, "is blended with the NLA"),
    "solo": (_solo, "The NLA track alone of .* plays solo"),
    "tweak mode": (_tweaked, "tweak mode"),
    "rotation mode": (_animated_mode, "The rotation mode of left_index1 and 29 more bones is animated"),
}


@pytest.mark.parametrize("kind", BEFORE)
def test_what_wins_over_keys_is_refused_before_the_first_and_said_later(armature: Any, kind: str) -> None:
    put, sentence = BEFORE[kind]
    mend = put(armature)
    actions = len(bpy.data.actions)
    with pytest.raises(ArmatureError, match=sentence):
        _apply(armature)
    assert len(bpy.data.actions) == actions
    mend()
    assert _apply(armature) == ()
    assert _off(armature) < 1e-3


@pytest.mark.parametrize("is_first", [True, False])
def test_a_driver_on_one_bone_is_said(armature: Any, is_first: bool) -> None:
    if not is_first:
        assert _apply(armature) == ()
    mend = _driver(armature)
    (said,) = _apply(armature)
    assert f"Drivers turn {BONE} and win over keys" in said
    assert _off(armature) > 0.05
    mend()
    assert _apply(armature) == ()
    assert _off(armature) < 1e-3


def test_what_a_person_does_to_keys_later_is_only_said(armature: Any) -> None:
    _apply(armature)
    _drivers(armature)
    (said,) = _apply(armature)
    assert BEFORE["drivers"][1] in said


def test_a_driver_of_a_locked_bone_is_not_in_the_way(armature: Any) -> None:
    _driver(armature)
    bone = armature.pose.bones[BONE]
    bone.lock_rotation, bone.lock_rotations_4d = (True, True, True), False
    said = _warnings(armature)
    print(said)
    assert said[0].startswith(f"{BONE} was keyed on not one frame")
    assert not any("Drivers turn" in sentence for sentence in said)


def test_muted_curves_are_said(armature: Any) -> None:
    _apply(armature)
    curve_of(armature, rotation_path(BONE), 1).mute = True
    (said,) = _apply(armature)
    assert "muted, so their keys do nothing" in said
    assert _off(armature) > 0.05


def test_a_muted_group_changes_nothing_and_is_not_said(armature: Any) -> None:
    _apply(armature)
    curve_of(armature, rotation_path(BONE), 1).group.mute = True
    assert _apply(armature) == ()
    assert _off(armature) < 1e-3


def test_modifiers_are_said_and_cycles_are_not(armature: Any) -> None:
    _apply(armature)
    curve = curve_of(armature, rotation_path(BONE), 1)
    curve.modifiers.new("CYCLES")
    assert _apply(armature) == ()
    curve.modifiers.new("NOISE")
    (said,) = _apply(armature)
    assert f"Curve modifiers change what is keyed on {BONE}" in said


def test_a_layer_above_the_tools_strip_is_said(armature: Any) -> None:
    _apply(armature)
    animation = armature.animation_data
    strip = animation.nla_tracks.new().strips.new("tool", 1, animation.action)
    strip.action_slot = animation.action_slot
    animation.action = None
    assert _apply(armature) == ()
    track = _layer(armature, "corrections")
    (said,) = _apply(armature)
    assert said.startswith(f"corrections lies above the keys in the NLA and moves {BONE} too")
    track.mute = True
    assert _apply(armature) == ()
    strip.use_animated_influence, strip.influence = True, 0.5
    (said,) = _apply(armature)
    assert "is blended" in said
    strip.mute = True
    (said,) = _apply(armature)
    assert "is muted" in said
    animation.use_nla = False
    (said,) = _apply(armature)
    assert "is switched off" in said


def test_a_strip_that_shifts_bones_is_said(armature: Any) -> None:
    action = key_takes(
        armature, [Take(FINGERS, attribute="location", reach=0.01), Take(FINGERS, attribute="scale", reach=0.0)]
    )
    animation = armature.animation_data
    strip = animation.nla_tracks.new().strips.new("import", 1, action)
    strip.action_slot = animation.action_slot
    animation.nla_tracks[0].name = "fbx"
    animation.action = None
    (said,) = _apply(armature)
    assert said.startswith("The NLA track fbx shifts or scales left_index1 and 29 more bones")
    animation.nla_tracks[0].mute = True
    assert _apply(armature) == ()


def test_an_armature_without_animation_has_no_obstacles(armature: Any) -> None:
    assert obstacle_sentences(armature, [f'pose.bones["{BONE}"].rotation_quaternion']) == []
