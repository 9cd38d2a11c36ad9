"""Scenes as people have them, by a number each, and whether an apply on their armature is right or at least says something.

Where a joint belongs is worked out here, from the motion and the rest that was built, and not by any code of the add-on that
maps an armature. Needs bpy.
"""

from __future__ import annotations

import re
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
from handmocap_addon.blender.apply import AppliedBody, AppliedHands, apply_body, apply_hands
from handmocap_addon.core.body.model import posed_joints
from handmocap_addon.core.cleanup.clean_hands import CleanupSettings
from handmocap_addon.core.errors import HandmocapError
from handmocap_addon.core.hands.hand_poses import HandPoses
from handmocap_addon.core.maths.rotations import angle_between_rotmats, quat_wxyz_to_rotmat
from handmocap_addon.core.skeleton import FIRST_HAND_JOINT, JOINT_INDEX, JOINT_NAMES, PARENTS, SIDES

Array = NDArray[Any]
Random = np.random.Generator

FRAME_COUNT = 24
CLIP_FPS = 30
LARGEST_DISTANCE, LARGEST_ANGLE, LARGEST_RAY_ANGLE = 5e-4, np.radians(0.1), np.radians(0.1)
LARGEST_SCALE = 2e-3
SHOT = MadeUpShot(FRAME_COUNT)
# What a scene may hold that makes joints stand elsewhere, and a word of the sentence that has to say so.
REASONS = {
    "constrain_bone": ("the constraint",),
    "drive_bone": ("a driver turns", "Drivers turn"),
    "lock_bone": ("channels are locked", "is locked or your own"),
    "move_bone": ("is moved or scaled",),
    "scale_bone": ("is moved or scaled",),
    "pose_extra_bone": ("on which it hangs, is posed",),
    "strip_below": ("NLA",),
    "applied_before": ("curves are muted", "lies above the keys in the NLA"),
    "shift_strip": ("than they stand", "times as fast"),
}
ELSEWHERE = re.compile(r"(\w+)(?: and (\d+) more)? of person do not stand where they were keyed to stand \(.*\): (.*)\.$")
AND_MORE = re.compile(r"(\d+) more joints? of person do not stand where")


_NOT_COMPARED = "Nobody has looked whether hands and body are of one clip"


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


def scale_bone(armature: Any, rig: PersonRig, random: Random) -> None:
    _bone(armature, rig, random).scale = [float(random.choice([0.8, 1.2]))] * 3


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
        _push_down(animation)


def _push_down(animation: Any) -> Any:
    """The strip of the tool's keys, which may have been pushed down before."""
    if animation.action is None:
        return animation.nla_tracks[-1].strips[-1]
    action, slot = animation.action, animation.action_slot
    strip = animation.nla_tracks.new().strips.new("tool", 1, action)
    strip.action_slot = slot
    animation.action = None
    return strip


def shift_strip(armature: Any, _rig: PersonRig, random: Random) -> None:
    apply_all(armature)
    strip = _push_down(armature.animation_data)
    if random.random() < 0.5:
        strip.frame_start_ui = 5.0
    else:
        strip.scale = 1.5


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
    scale_bone, shift_strip,
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
    # Of the made-up hands, which hold no landmarks, not of the scene.
    said = tuple(sentence for sentence in (*body.warnings, *hands.warnings) if not sentence.startswith(_NOT_COMPARED))
    errors = largest_errors(armature, rig, body, hands, random)
    if not errors.joints and errors.ray < 1.0:
        return Outcome("right and said" if said else "right", words, " ".join(said))
    text = f"{errors.worst}; {' '.join(said)}"
    found = [match for sentence in said if (match := ELSEWHERE.search(sentence))]
    wrong = [match[3] for match in found if not any(word in match[3] for name in words for word in REASONS.get(name, ()))]
    if wrong:
        return Outcome("silent miss", words, f"no such thing is in the scene: {wrong[0]}; {text}")
    kept = body.keys.sentence() + hands.keys.sentence()
    counted, is_named = sum(1 + int(match[2] or 0) for match in found), bool(found)
    counted += sum(int(match[1]) for sentence in said if (match := AND_MORE.search(sentence)))
    excused = {joint for joint in errors.joints if _has_a_persons_keys(armature, rig, joint, body, hands)}
    if body.keys.locked_channels or hands.keys.locked_channels:
        # Of which an apply says that they were left as they are.
        excused |= {joint for joint in errors.joints if any(armature.pose.bones[rig.spelled(joint)].lock_rotation)}
    if any("cannot be known" in sentence for sentence in said):
        # A twist shows in the joint and in what hangs on it, places are right.
        excused |= {joint for joint in errors.joints if {joint, JOINT_NAMES[PARENTS[JOINT_INDEX[joint]]]} & set(rig.turns)}
        is_named = True
    if len(set(errors.joints) - excused) > counted or (errors.ray >= 1.0 and "pelvis" not in errors.joints):
        return Outcome("silent miss", words, f"{', '.join(errors.joints)} are off, {counted} were named; {text}")
    return Outcome("named" if is_named else "kept a person's", words, f"{text} {kept}")


def _has_a_persons_keys(armature: Any, rig: PersonRig, joint: str, body: AppliedBody, hands: AppliedHands) -> bool:
    """Whether a joint has keys that are not the tool's, of which an apply has to say that they were kept."""
    if not body.keys.kept_keys and not hands.keys.kept_keys:
        return False
    path, animation = f'pose.bones["{rig.spelled(joint)}"].', armature.animation_data
    if animation is None or animation.action is None:
        return False
    return any(
        curve.data_path.startswith(path) and any(key.type == "KEYFRAME" for key in curve.keyframe_points)
        for curve in curves_of(armature)
    )


@dataclass(frozen=True)
class Errors:
    """Joints that stand off on their parents, the worst in words, and a camera's ray in shares of what it may be off."""

    joints: tuple[str, ...]
    worst: str
    ray: float


def largest_errors(armature: Any, rig: PersonRig, body: AppliedBody, hands: AppliedHands, random: Random) -> Errors:
    """How far joints and the camera are off on ten random frames."""
    posed = _expected(rig, body, hands)
    turns = rig.rest()[1]
    whole = np.flatnonzero(np.abs(hands.frames - hands.frames.round()) < 1e-6)
    rows = random.choice(whole, size=min(10, len(whole)), replace=False)
    joints = [joint for joint in JOINT_NAMES if joint not in rig.left_out]
    indices = [JOINT_INDEX[joint] for joint in joints]
    parents = [joints.index(JOINT_NAMES[max(PARENTS[index], 0)]) for index in indices]
    bones = [armature.data.bones[rig.spelled(joint)] for joint in joints]
    axes = rig.to_armature
    rest = np.array([bone.matrix_local.to_3x3() for bone in bones])
    straight = axes @ np.swapaxes(turns[indices], -1, -2) @ axes.T @ rest
    _show(armature)
    scene = bpy.context.scene
    moved, turned, rays = np.zeros(len(joints)), np.zeros(len(joints)), [0.0]
    all_moved, all_turned, scaled = np.zeros(len(joints)), np.zeros(len(joints)), np.zeros(len(joints), dtype=bool)
    for row in rows:
        scene.frame_set(int(hands.frames[row].round()))
        evaluated = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        matrices = np.array([evaluated.pose.bones[bone.name].matrix for bone in bones])
        heads = matrices[:, :3, 3] @ axes / rig.units_per_metre
        wanted_heads = posed.positions[row, indices]
        lengths = np.linalg.norm(matrices[:, :3, :3], axis=-2)
        rotmat = matrices[:, :3, :3] / lengths[:, None]
        wanted = axes @ posed.rotmat[row, indices] @ axes.T @ straight
        all_moved = np.maximum(all_moved, np.linalg.norm(heads - wanted_heads, axis=-1))
        all_turned = np.maximum(all_turned, angle_between_rotmats(wanted, rotmat))
        # On their parents, so that each joint answers for itself.
        apart = _on_parents(axes.T @ rotmat, heads, lengths.mean(axis=-1), parents)
        wanted_apart = _on_parents(axes.T @ wanted, wanted_heads, np.ones(len(joints)), parents)
        turned = np.maximum(turned, angle_between_rotmats(wanted_apart[0], apart[0]))
        moved = np.maximum(moved, np.linalg.norm(apart[1] - wanted_apart[1], axis=-1))
        scaled |= np.abs(apart[2] - 1.0) > LARGEST_SCALE
        rays.append(_ray_error(armature, rig, body, posed.positions[row, 0], evaluated))
    off = (moved > LARGEST_DISTANCE) | (turned > LARGEST_ANGLE) | scaled
    worst = int(np.argmax(all_moved / LARGEST_DISTANCE + all_turned / LARGEST_ANGLE))
    if not off.any() and (all_moved[worst] > LARGEST_DISTANCE or all_turned[worst] > LARGEST_ANGLE):
        off[worst] = True
    return Errors(
        tuple(joint for joint, is_off in zip(joints, off, strict=True) if is_off),
        f"{joints[worst]}: {all_moved[worst] * 1000:.2f} mm, {np.degrees(all_turned[worst]):.2f} degrees",
        max(rays),
    )


def _on_parents(rotmat: Array, heads: Array, scale: Array, parents: list[int]) -> tuple[Array, Array, Array]:
    """Rotations (J, 3, 3), places (J, 3) and scales (J,) in those of the parents; the first joint as it is."""
    above = np.swapaxes(rotmat[parents], -1, -2)
    places = (above @ (heads - heads[parents])[..., None])[..., 0] / scale[parents, None]
    return (
        np.concatenate((rotmat[:1], (above @ rotmat)[1:])),
        np.concatenate((heads[:1], places[1:])),
        np.concatenate((scale[:1], (scale / scale[parents])[1:])),
    )


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
    """Between where the camera should see the pelvis and where it does, in shares of what that angle may be.

    Places in the world are of single precision, which a person of a tenth of a millimetre far from its middle feels.
    """
    place = np.array(evaluated.matrix_world) @ np.array(evaluated.pose.bones[rig.spelled("pelvis")].matrix)
    camera = np.array(body.camera.evaluated_get(bpy.context.evaluated_depsgraph_get()).matrix_world)
    seen = np.linalg.inv(camera) @ place[:, 3]
    # The made-up camera track is the world's, so the camera stands in the model's origin; OpenCV's y and z point the other way.
    wanted = (pelvis - (0.0, body.lift, 0.0)) * (1.0, -1.0, -1.0)
    found = seen[:3]
    steps = 4.0 * np.finfo(np.float32).eps * np.abs(camera[:3, 3]).max() / np.linalg.norm(found)
    angle = np.arctan2(np.linalg.norm(np.cross(wanted, found)), wanted @ found)
    return float(angle / (LARGEST_RAY_ANGLE + steps))


def _show(armature: Any) -> None:
    armature.hide_viewport = False
    for child in bpy.context.view_layer.layer_collection.children:
        child.exclude = False
    bpy.context.view_layer.update()
