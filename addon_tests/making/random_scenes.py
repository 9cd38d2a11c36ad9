"""Scenes as people have them, by a number each, and whether an apply on their armature is right or at least says something.

Where a joint belongs is worked out here, from the motion and the rest that was built, and not by any code of the add-on that
maps an armature. Needs bpy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from addon_tests.blender.motions import MadeUpShot
from addon_tests.making.formulas import rodrigues
from addon_tests.making.person_rigs import A_POSE, TO_BLENDER, PersonRig, add_person_rig
from handmocap_addon.blender.shot import AppliedBody, AppliedHands, apply_body, apply_hands
from handmocap_addon.core.body_model import posed_joints
from handmocap_addon.core.clean_hands import CleanupSettings
from handmocap_addon.core.errors import HandmocapError
from handmocap_addon.core.hand_poses import HandPoses
from handmocap_addon.core.rotations import angle_between_rotmats, quat_wxyz_to_rotmat
from handmocap_addon.core.skeleton import FIRST_HAND_JOINT, JOINT_INDEX, JOINT_NAMES, SIDES

Array = NDArray[Any]
Random = np.random.Generator

FRAME_COUNT = 24
CLIP_FPS = 30
LARGEST_DISTANCE, LARGEST_ANGLE, LARGEST_RAY_ANGLE = 5e-4, np.radians(0.1), np.radians(0.1)
SHOT = MadeUpShot(FRAME_COUNT)
# What says that joints stand elsewhere, or that nobody can know; other sentences excuse nothing.
EXCUSES = ("stand where they were keyed", "cannot be known")


@dataclass(frozen=True)
class Outcome:
    """How an apply ended: `right`, `right and said`, `named`, `kept a person's`, `refused`, or `silent miss`."""

    kind: str
    made_of: tuple[str, ...]
    text: str = ""


SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    str,
    lambda joint: f"SMPLX-neutral:{joint}",
    lambda joint: f"Armature_{joint}",
    lambda joint: joint.title(),
    lambda joint: joint.replace("left_", "L_").replace("right_", "R_"),
    lambda joint: f"{joint.split('_', 1)[1]}.{joint[0].upper()}" if joint.startswith(("left_", "right_")) else joint,
)
RESTS: dict[str, dict[str, tuple[float, float, float]]] = {
    "t-pose": {},
    "a-pose": dict(A_POSE),
    "arms down": {"left_shoulder": (0.0, 0.1, -1.3), "right_shoulder": (0.0, -0.1, 1.3)},
    "elbows bent": {**A_POSE, "left_elbow": (0.0, -0.5, 0.0), "right_elbow": (0.0, 0.5, 0.0)},
    "hands turned": {**A_POSE, "left_wrist": (0.6, 0.0, 0.1), "right_wrist": (0.6, 0.0, -0.1)},
    "fingers curled": {f"{side}_{finger}{number}": (0.0, 0.0, -0.3 if side == "left" else 0.3)
                       for side in SIDES for finger in ("index", "middle", "ring") for number in (1, 2, 3)},
    "legs apart": {"left_hip": (0.0, 0.0, 0.25), "right_hip": (0.0, 0.0, -0.25)},
}  # fmt: skip
PLACES = (
    TO_BLENDER,
    np.eye(3),
    np.diag((-1.0, -1.0, 1.0)) @ TO_BLENDER,
    rodrigues(np.array((0.0, 0.0, np.pi / 2))) @ TO_BLENDER,
)


def random_rig(random: Random) -> tuple[PersonRig, list[str]]:
    """An armature, and words for what is special about it."""
    rest = str(random.choice(list(RESTS), p=[0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]))
    axes = str(random.choice(["up", "turned", "child", "random"]))
    spelling, place = int(random.integers(len(SPELLINGS))), int(random.integers(len(PLACES)))
    units = float(random.choice([1.0, 1.0, 100.0, 0.01, 10.0, 39.3701]))
    shape = np.random.default_rng(random.integers(5)).normal(size=10) * random.choice([0.0, 0.7])
    between = {"left_wrist": "left forearm extra"} if random.random() < 0.2 else {}
    roots = [(), ("root",), ("root", "offset")][int(random.integers(3))]
    left_out = ("jaw", "left_eye_smplhf", "right_eye_smplhf") if random.random() < 0.3 else ()
    rig = PersonRig(
        "person", shape, RESTS[rest], axes, SPELLINGS[spelling], PLACES[place], units, roots, left_out, between,
        int(random.integers(1000)),
    )  # fmt: skip
    return rig, [rest, axes, f"spelling {spelling}", f"{units:g} units", *(["extra bone"] if between else [])]


# Each takes the armature, the rig and the random numbers; what is not possible on the armature does nothing.
Hindrance = Callable[[Any, PersonRig, Random], None]


def _bone(armature: Any, rig: PersonRig, random: Random) -> Any:
    joints = ["left_elbow", "right_wrist", "left_index2", "right_thumb1", "spine2", "left_knee"]
    return armature.pose.bones[rig.spelled(str(random.choice(joints)))]


def _empty(random: Random, is_animated: bool) -> Any:
    empty = bpy.data.objects.new("empty", None)
    bpy.context.scene.collection.objects.link(empty)
    empty.rotation_euler, empty.location = random.normal(size=3), random.normal(size=3)
    for frame in (1, FRAME_COUNT) if is_animated else ():
        empty.location, empty.rotation_euler = random.normal(size=3), random.normal(size=3)
        empty.keyframe_insert("location", frame=frame)
        empty.keyframe_insert("rotation_euler", frame=frame)
    return empty


def pose_root(armature: Any, rig: PersonRig, random: Random) -> None:
    for name in rig.roots:
        armature.pose.bones[name].rotation_quaternion = random.normal(size=4)
        armature.pose.bones[name].location = random.normal(size=3) * 0.2 * rig.units_per_metre


def key_root(armature: Any, rig: PersonRig, random: Random) -> None:
    for name in rig.roots[:1]:
        bone = armature.pose.bones[name]
        bone.rotation_mode = "XYZ"
        for frame in (1, 12, FRAME_COUNT):
            bone.rotation_euler, bone.location = random.normal(size=3), random.normal(size=3) * rig.units_per_metre
            bone.keyframe_insert("rotation_euler", frame=frame)
            bone.keyframe_insert("location", frame=frame)


def constrain_root(armature: Any, rig: PersonRig, random: Random) -> None:
    for name in rig.roots[-1:]:
        constraint = armature.pose.bones[name].constraints.new(
            str(random.choice(["COPY_LOCATION", "COPY_ROTATION", "CHILD_OF"]))
        )
        constraint.target = _empty(random, True)
        constraint.influence = float(random.choice([0.0, 0.5, 1.0]))


def scale_root(armature: Any, rig: PersonRig, random: Random) -> None:
    for name in rig.roots[:1]:
        armature.pose.bones[name].scale = [float(random.choice([0.9, 1.2]))] * 3


def place_object(armature: Any, _rig: PersonRig, random: Random) -> None:
    armature.location, armature.rotation_euler = random.normal(size=3), random.normal(size=3)
    armature.scale = [float(random.choice([0.01, 1.0, 2.5]))] * 3
    armature.delta_location = random.normal(size=3)


def scale_unevenly(armature: Any, _rig: PersonRig, random: Random) -> None:
    armature.scale = (1.0, 1.0, float(random.choice([1.2, -1.0])))


def mirror(armature: Any, _rig: PersonRig, _random: Random) -> None:
    armature.scale = (-1.0, -1.0, -1.0)


def animate_object(armature: Any, _rig: PersonRig, random: Random) -> None:
    for frame in (1, FRAME_COUNT):
        armature.location = random.normal(size=3)
        armature.keyframe_insert("location", frame=frame)


def hang_on_empty(armature: Any, _rig: PersonRig, random: Random) -> None:
    armature.parent = _empty(random, bool(random.integers(2)))
    if random.random() < 0.5:
        armature.parent.scale = [1.5] * 3
    armature.matrix_parent_inverse = armature.parent.matrix_world.inverted()


def constrain_object(armature: Any, _rig: PersonRig, random: Random) -> None:
    armature.constraints.new("COPY_LOCATION").target = _empty(random, True)


def rotation_modes(armature: Any, _rig: PersonRig, random: Random) -> None:
    for bone in armature.pose.bones:
        bone.rotation_mode = str(random.choice(["QUATERNION", "XYZ", "ZYX", "YXZ", "AXIS_ANGLE"]))


def constrain_bone(armature: Any, rig: PersonRig, random: Random) -> None:
    bone = _bone(armature, rig, random)
    kind = str(random.choice(["IK", "LIMIT_ROTATION", "COPY_ROTATION", "DAMPED_TRACK"]))
    constraint = bone.constraints.new(kind)
    if kind == "LIMIT_ROTATION":
        constraint.use_limit_x = constraint.use_limit_y = constraint.use_limit_z = True
    else:
        constraint.target = _empty(random, False)
    constraint.mute = random.random() < 0.25
    constraint.influence = float(random.choice([0.0, 0.6, 1.0]))


def drive_bone(armature: Any, rig: PersonRig, random: Random) -> None:
    bone = _bone(armature, rig, random)
    driver = bone.driver_add("rotation_quaternion", 1).driver
    driver.expression = "0.4"


def lock_bone(armature: Any, rig: PersonRig, random: Random) -> None:
    _bone(armature, rig, random).lock_rotation = (True, True, True)


def move_bone(armature: Any, rig: PersonRig, random: Random) -> None:
    bone = _bone(armature, rig, random)
    bone.location = random.normal(size=3) * 0.05 * rig.units_per_metre
    if random.random() < 0.5:
        bone.scale = (1.2, 1.2, 1.2)


def pose_extra_bone(armature: Any, rig: PersonRig, random: Random) -> None:
    for name in rig.between.values():
        armature.pose.bones[name].rotation_quaternion = random.normal(size=4)


def no_inheritance(armature: Any, rig: PersonRig, random: Random) -> None:
    armature.data.bones[_bone(armature, rig, random).name].use_inherit_rotation = False


def pelvis_relations(armature: Any, rig: PersonRig, random: Random) -> None:
    bone = armature.data.bones[rig.spelled("pelvis")]
    bone.use_local_location, bone.use_inherit_rotation = bool(random.integers(2)), bool(random.integers(2))


def rest_position(armature: Any, _rig: PersonRig, _random: Random) -> None:
    armature.data.pose_position = "REST"


def own_keys(armature: Any, rig: PersonRig, random: Random) -> None:
    bone = _bone(armature, rig, random)
    for frame in random.choice(np.arange(1, FRAME_COUNT), size=2, replace=False):
        bone.rotation_quaternion = random.normal(size=4)
        bone.keyframe_insert("rotation_quaternion", frame=int(frame))


def keys_of_an_import(armature: Any, rig: PersonRig, random: Random) -> None:
    joints = [joint for joint in JOINT_NAMES if joint not in rig.left_out]
    for joint in joints if random.random() < 0.5 else joints[:10]:
        bone = armature.pose.bones[rig.spelled(joint)]
        for frame in range(1, FRAME_COUNT + 1):
            bone.keyframe_insert("rotation_quaternion", frame=frame)


def strip_below(armature: Any, rig: PersonRig, random: Random) -> None:
    _push(armature, rig, random, str(random.choice(["REPLACE", "ADD", "COMBINE"])))


def _push(armature: Any, rig: PersonRig, random: Random, blend: str) -> None:
    bone = _bone(armature, rig, random)
    bone.rotation_quaternion = random.normal(size=4)
    bone.keyframe_insert("rotation_quaternion", frame=1)
    animation = armature.animation_data
    action, slot = animation.action, animation.action_slot
    strip = animation.nla_tracks.new().strips.new("former", 1, action)
    strip.action_slot, strip.blend_type = slot, blend
    animation.action = None


def applied_before(armature: Any, _rig: PersonRig, random: Random) -> None:
    apply_all(armature)
    animation = armature.animation_data
    if random.random() < 0.4:
        for curve in list(curves_of(armature))[:: int(random.integers(3, 9))]:
            curve.mute = True
    elif random.random() < 0.5:
        action, slot = animation.action, animation.action_slot
        strip = animation.nla_tracks.new().strips.new("tool", 1, action)
        strip.action_slot = slot
        animation.action = None


def curves_of(armature: Any) -> Any:
    from bpy_extras.anim_utils import action_get_channelbag_for_slot

    animation = armature.animation_data
    return action_get_channelbag_for_slot(animation.action, animation.action_slot).fcurves


def exclude(armature: Any, _rig: PersonRig, _random: Random) -> None:
    collection = bpy.data.collections.new("put away")
    bpy.context.scene.collection.children.link(collection)
    collection.objects.link(armature)
    bpy.context.scene.collection.objects.unlink(armature)
    bpy.context.view_layer.layer_collection.children[collection.name].exclude = True


def disable(armature: Any, _rig: PersonRig, _random: Random) -> None:
    armature.hide_viewport = True


def another_rate(_armature: Any, _rig: PersonRig, random: Random) -> None:
    bpy.context.scene.render.fps = int(random.choice([24, 25, 60]))
    bpy.context.scene.frame_set(int(random.integers(1, 40)))


HINDRANCES: tuple[Hindrance, ...] = (
    pose_root, key_root, constrain_root, scale_root, place_object, scale_unevenly, mirror, animate_object, hang_on_empty,
    constrain_object, rotation_modes, constrain_bone, drive_bone, lock_bone, move_bone, pose_extra_bone, no_inheritance,
    pelvis_relations, rest_position, own_keys, keys_of_an_import, strip_below, applied_before, exclude, disable, another_rate,
)  # fmt: skip


def made_up_poses() -> HandPoses:
    tracks = SHOT.tracks()
    for side, track in tracks.items():
        track.pose_axis_angle[:] = SHOT.hand_axis_angle[side].reshape(FRAME_COUNT, 45) * 0.5
    times = np.arange(FRAME_COUNT) / CLIP_FPS
    meta = {"clip": {"name": "made_up.mp4", "fps": str(Fraction(CLIP_FPS)), "size": [640, 480]}}
    return HandPoses(tracks["left"], tracks["right"], np.arange(FRAME_COUNT), times, meta)


def apply_all(armature: Any) -> tuple[AppliedBody, AppliedHands]:
    poses = made_up_poses()
    body = apply_body(armature, SHOT.motion(), poses, None, "made up", False)
    return body, apply_hands(armature, poses, CleanupSettings(), "made up")


def run_scene(seed: int) -> Outcome:
    """Build the scene with that number, apply body and hands in it, and judge what came of it."""
    random = np.random.default_rng(seed)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = CLIP_FPS
    rig, words = random_rig(random)
    armature = add_person_rig(rig)
    count = int(random.choice([0, 1, 1, 2, 3]))
    chosen = [HINDRANCES[index] for index in random.choice(len(HINDRANCES), size=count, replace=False)]
    try:
        for hindrance in chosen:
            words.append(hindrance.__name__)
            hindrance(armature, rig, random)
        bpy.context.view_layer.update()
        body, hands = apply_all(armature)
    except HandmocapError as error:
        return Outcome("refused", tuple(words), error.sentence())
    return _judged(armature, rig, body, hands, random, tuple(words))


def _judged(
    armature: Any, rig: PersonRig, body: AppliedBody, hands: AppliedHands, random: Random, words: tuple[str, ...]
) -> Outcome:
    said = (*body.warnings, *hands.warnings)
    distance, angle, joint, ray = largest_errors(armature, rig, body, hands, random)
    if distance < LARGEST_DISTANCE and angle < LARGEST_ANGLE and ray < LARGEST_RAY_ANGLE:
        return Outcome("right and said" if said else "right", words, " ".join(said))
    measured = f"{joint}: {distance * 1000:.2f} mm, {np.degrees(angle):.2f} degrees, ray {np.degrees(ray):.2f} degrees"
    if any(excuse in sentence for sentence in said for excuse in EXCUSES):
        return Outcome("named", words, f"{measured}; {' '.join(said)}")
    kept = body.keys.sentence() + hands.keys.sentence()
    if kept:
        return Outcome("kept a person's", words, f"{measured}; {kept}")
    return Outcome("silent miss", words, f"{measured}; {' '.join(said)}")


def largest_errors(
    armature: Any, rig: PersonRig, body: AppliedBody, hands: AppliedHands, random: Random
) -> tuple[float, float, str, float]:
    """Metres and radians by which joints are off on ten random frames, the worst joint, and how far a camera's ray is."""
    posed = _expected(rig, body, hands)
    turns = rig.rest()[1]
    whole = np.flatnonzero(np.abs(hands.frames - hands.frames.round()) < 1e-6)
    rows = random.choice(whole, size=min(10, len(whole)), replace=False)
    joints = [joint for joint in JOINT_NAMES if joint not in rig.left_out]
    indices = [JOINT_INDEX[joint] for joint in joints]
    bones = [armature.data.bones[rig.spelled(joint)] for joint in joints]
    axes = rig.to_armature
    rest = np.array([bone.matrix_local.to_3x3() for bone in bones])
    straight = axes @ np.swapaxes(turns[indices], -1, -2) @ axes.T @ rest
    _show(armature)
    scene = bpy.context.scene
    distances, angles, rays = np.zeros(len(joints)), np.zeros(len(joints)), [0.0]
    for row in rows:
        scene.frame_set(int(hands.frames[row].round()))
        evaluated = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        matrices = np.array([evaluated.pose.bones[bone.name].matrix for bone in bones])
        heads = matrices[:, :3, 3] @ axes / rig.units_per_metre
        distances = np.maximum(distances, np.linalg.norm(heads - posed.positions[row, indices], axis=-1))
        lengths = np.linalg.norm(matrices[:, :3, :3], axis=-2, keepdims=True)
        wanted = axes @ posed.rotmat[row, indices] @ axes.T @ straight
        angles = np.maximum(angles, angle_between_rotmats(wanted, matrices[:, :3, :3] / lengths))
        rays.append(_ray_error(armature, rig, body, posed.positions[row, 0], evaluated))
    worst = int(np.argmax(distances / LARGEST_DISTANCE + angles / LARGEST_ANGLE))
    return float(distances.max()), float(angles.max()), joints[worst], max(rays)


def _expected(rig: PersonRig, body: AppliedBody, hands: AppliedHands) -> Any:
    """The model's joints, metres, in its own axes, as the armature should have them."""
    local = SHOT.local_rotmat()
    for side in SIDES:
        first = FIRST_HAND_JOINT[side]
        local[:, first : first + 15] = quat_wxyz_to_rotmat(hands.hands[side].quat_wxyz)
    t_pose = rig.t_pose()
    neutral = PersonRig().t_pose()[0]
    return posed_joints(t_pose, local, SHOT.translation + neutral - t_pose[0] + np.array((0.0, body.lift, 0.0)))


def _ray_error(armature: Any, rig: PersonRig, body: AppliedBody, pelvis: Array, evaluated: Any) -> float:
    """Radians between where the camera should see the pelvis and where it does."""
    place = np.array(evaluated.matrix_world) @ np.array(evaluated.pose.bones[rig.spelled("pelvis")].matrix)
    camera = body.camera.evaluated_get(bpy.context.evaluated_depsgraph_get())
    seen = np.linalg.inv(np.array(camera.matrix_world)) @ place[:, 3]
    # The made-up camera track is the world's, so the camera stands in the model's origin; OpenCV's y and z point the other way.
    wanted = (pelvis - (0.0, body.lift, 0.0)) * (1.0, -1.0, -1.0)
    found = seen[:3]
    return float(np.arctan2(np.linalg.norm(np.cross(wanted, found)), wanted @ found))


def _show(armature: Any) -> None:
    armature.hide_viewport = False
    for child in bpy.context.view_layer.layer_collection.children:
        child.exclude = False
    bpy.context.view_layer.update()
