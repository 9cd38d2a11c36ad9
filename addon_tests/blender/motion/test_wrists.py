"""Wrists on bones: the body's stage keys them, whoever's they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.motions import MadeUpShot
from addon_tests.blender.rigs import MAKERS
from addon_tests.blender.written_curves import angle_to, curve_of, rotation_path, rotation_values
from addon_tests.making.formulas import angle_of, rodrigues
from handmocap_addon.blender.apply import apply_body, apply_hands, check_wrist
from handmocap_addon.blender.curves.actions import FILLED_KEY, MEASURED_KEY
from handmocap_addon.blender.rig.armatures import map_armature
from handmocap_addon.blender.rig.bodies import add_body
from handmocap_addon.core.body.model import BodyModel, posed_joints
from handmocap_addon.core.body.motion import local_rotmat_of
from handmocap_addon.core.cleanup.clean_hands import CleanupSettings
from handmocap_addon.core.cleanup.wrist import WristSettings
from handmocap_addon.core.cleanup.wrist_source import WristSource
from handmocap_addon.core.errors import BadInputError, BadUsageError
from handmocap_addon.core.hands.hand_poses import HandPoses, HandTrack
from handmocap_addon.core.maths.rotations import rotmat_to_axis_angle
from handmocap_addon.core.skeleton import SIDES, WRIST, Side

COUNT = 12
HAND = WristSettings(WristSource.HAND, smoothing=0.0)
LIFTED = np.array((0.0, -0.3, 0.2))


@pytest.fixture
def armature(stand_in: BodyModel) -> Any:
    return add_body(stand_in)


def _hands(shot: MadeUpShot, stand_in: BodyModel) -> HandPoses:
    """Hands in the picture's middle whose wrists are the body's, turned by `LIFTED`."""
    motion = shot.motion()
    seen = posed_joints(stand_in.rest_joints, local_rotmat_of(motion, motion.camera), motion.camera.translation)
    tracks: dict[Side, HandTrack] = {}
    for side, track in shot.tracks().items():
        orient = rotmat_to_axis_angle(seen.rotmat[:, WRIST[side]] @ rodrigues(LIFTED))
        box = np.tile((280.0, 200.0, 360.0, 280.0), (COUNT, 1))
        tracks[side] = replace(track, global_orient_axis_angle=orient, bbox=box)
    return HandPoses(tracks["left"], tracks["right"], np.arange(COUNT), np.arange(COUNT) / 24.0)


def _apply(armature: Any, shot: MadeUpShot, poses: HandPoses | None, wrist: WristSettings | None) -> Any:
    return apply_body(armature, shot.motion(), poses, None, "clip motion", True, wrist)


def _wrist_should_be(shot: MadeUpShot, side: Side, frame: int) -> np.ndarray:
    return rodrigues(shot.body_axis_angle[frame, WRIST[side] - 1]) @ rodrigues(LIFTED)


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_the_hand_s_wrist_is_keyed_on_the_bone(maker: Any, stand_in: BodyModel, scene: Any) -> None:
    armature, shot = maker(stand_in), MadeUpShot(COUNT)
    _apply(armature, shot, _hands(shot, stand_in), HAND)
    axes = map_armature(armature).model_to_armature
    world = posed_joints(stand_in.rest_joints, shot.local_rotmat(), shot.translation).rotmat
    for frame in (0, 5, COUNT - 1):
        scene.frame_set(frame + 1)
        for side in SIDES:
            bone = armature.pose.bones[f"{side}_wrist"]
            moved = bone.matrix @ bone.bone.matrix_local.inverted()
            assert angle_to(moved, axes @ world[frame, WRIST[side]] @ rodrigues(LIFTED) @ axes.T) < 1e-3


def test_by_default_hands_do_not_change_the_body(armature: Any, stand_in: BodyModel) -> None:
    shot = MadeUpShot(COUNT)
    _apply(armature, shot, _hands(shot, stand_in), None)
    with_hands = {name: rotation_values(armature, name) for name in ("left_wrist", "right_elbow")}
    other = add_body(stand_in)
    _apply(other, shot, None, None)
    for name, values in with_hands.items():
        np.testing.assert_array_equal(values, rotation_values(other, name))


def test_the_forearm_s_share_turns_the_elbow_and_not_the_hand(armature: Any, stand_in: BodyModel, scene: Any) -> None:
    shot = MadeUpShot(COUNT)
    poses = _hands(shot, stand_in)

    def turns(share: float) -> list[np.ndarray]:
        _apply(armature, shot, poses, replace(HAND, forearm_twist_share=share))
        scene.frame_set(6)
        return [np.array(armature.pose.bones[name].matrix.to_3x3()) for name in ("left_wrist", "left_elbow")]

    (hand, elbow), (shared_hand, shared_elbow) = turns(0.0), turns(1.0)
    assert angle_of(hand.T @ shared_hand) < 1e-3
    assert angle_of(elbow.T @ shared_elbow) > 0.05


def _key_types(armature: Any, bone: str) -> list[str]:
    return [key.type for key in curve_of(armature, rotation_path(bone), 0).keyframe_points]


def test_bridged_wrists_get_the_key_type_of_filled_fingers(armature: Any, stand_in: BodyModel) -> None:
    shot = MadeUpShot(COUNT)
    poses = _hands(shot, stand_in)
    poses.left.detected[3:6] = False
    poses.left.score[8] = 0.05
    poses.right.detected[:] = False
    _apply(armature, shot, poses, replace(HAND, lowest_score=0.1))
    filled = [number for number, kind in enumerate(_key_types(armature, "left_wrist")) if kind == FILLED_KEY]
    assert filled == [3, 4, 5, 8]
    # A hand that was never seen leaves the body's wrist, which was measured.
    for bone in ("right_wrist", "left_elbow"):
        assert set(_key_types(armature, bone)) == {MEASURED_KEY}
    _apply(armature, shot, poses, None)
    assert set(_key_types(armature, "left_wrist")) == {MEASURED_KEY}


@pytest.mark.parametrize("fingers_first", [False, True])
def test_body_and_fingers_may_be_applied_in_either_order(armature: Any, stand_in: BodyModel, fingers_first: bool) -> None:
    shot = MadeUpShot(COUNT)
    poses = _hands(shot, stand_in)
    stages = [lambda: _apply(armature, shot, poses, HAND), lambda: apply_hands(armature, poses, CleanupSettings(), "m")]
    for stage in reversed(stages) if fingers_first else stages:
        stage()
    bpy.context.scene.frame_set(4)
    for side in SIDES:
        assert angle_to(armature.pose.bones[f"{side}_wrist"].matrix_basis, _wrist_should_be(shot, side, 3)) < 1e-3
        assert len(rotation_values(armature, f"{side}_index1")) == COUNT


def test_a_persons_wrist_stays_when_the_source_changes(armature: Any, stand_in: BodyModel, scene: Any) -> None:
    shot = MadeUpShot(COUNT)
    poses = _hands(shot, stand_in)
    _apply(armature, shot, poses, None)
    bone = armature.pose.bones["right_wrist"]
    bone.rotation_quaternion = (0.8, 0.6, 0.0, 0.0)
    bone.keyframe_insert("rotation_quaternion", frame=5)
    # And one that is deleted.
    for index in range(4):
        curve = curve_of(armature, rotation_path("right_wrist"), index)
        curve.keyframe_points.remove(next(key for key in curve.keyframe_points if key.co[0] == 8.0))
    for wrist in (HAND, replace(HAND, source=WristSource.BLEND, forearm_twist_share=0.5), HAND):
        assert _apply(armature, shot, poses, wrist).keys.kept_keys == 4
    scene.frame_set(5)
    np.testing.assert_allclose(bone.rotation_quaternion, (0.8, 0.6, 0.0, 0.0), atol=1e-5)
    assert len(rotation_values(armature, "right_wrist")) == COUNT - 1
    scene.frame_set(11)
    assert angle_to(bone.matrix_basis, _wrist_should_be(shot, "right", 10)) < 1e-3


def test_the_hands_wrist_needs_hands(armature: Any) -> None:
    with pytest.raises(BadInputError, match="need the hands"):
        _apply(armature, MadeUpShot(COUNT), None, HAND)
    assert armature.animation_data is None
    _apply(armature, MadeUpShot(COUNT), None, WristSettings(forearm_twist_share=0.5))


def test_a_wrist_needs_a_body_motion() -> None:
    check_wrist(WristSettings(), None)
    for asked in (HAND, WristSettings(forearm_twist_share=0.1)):
        check_wrist(asked, MadeUpShot(COUNT).motion())
        with pytest.raises(BadUsageError, match="GVHMR"):
            check_wrist(asked, None)
