"""An animator who edits at random, with a memory of its own of every key that is theirs, and runs in between.

The memory is kept by the edits alone and never asks the tool whose a key is.
"""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from bpy_extras.anim_utils import action_get_channelbag_for_slot

from addon_tests.blender.rigs import TO_BLENDER, add_plain_armature
from handmocap_addon.blender.motion.key_reduction import ReductionSettings, reduce_finger_keys, restore_full_keys
from handmocap_addon.blender.motion.motion_keys import write_hand_keys
from handmocap_addon.blender.motion.shot import Shot
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.cleanup.clean_hands import CleanHand, Provenance
from handmocap_addon.core.errors import BadInputError
from handmocap_addon.core.hands.hand_poses import HandTrack
from handmocap_addon.core.keys.settings import KeySettings
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz
from handmocap_addon.core.skeleton import JOINT_NAMES

NAME = "hands"
BONES = ("left_index1", "left_index2", "left_thumb1")
CHANNELS = [(bone, index) for bone in BONES for index in range(4)]
LONGEST = 44
_NOBODYS = ("GENERATED", "JITTER")
_FIELDS = (
    "interpolation", "easing", "handle_left_type", "handle_right_type", "amplitude", "back", "period", "type",
)  # fmt: skip

Channel = tuple[str, int]


@dataclass
class Memory:
    """Of every channel: keys by hand by their frames, frames without a key, and frames on which the tool once wrote."""

    keys: dict[Channel, dict[float, dict[str, Any]]] = field(default_factory=lambda: {channel: {} for channel in CHANNELS})
    deleted: dict[Channel, set[float]] = field(default_factory=lambda: {channel: set() for channel in CHANNELS})
    tool_wrote: dict[Channel, set[float]] = field(default_factory=lambda: {channel: set() for channel in CHANNELS})
    locked: dict[Channel, list[dict[str, Any]]] = field(default_factory=dict)
    layer: dict[str, Any] = field(default_factory=dict)  # keys of an action of the person's above the tool's
    action: str = "clip motion"


class LostHandWorkError(AssertionError):
    """A run changed something that a person had made."""


class Animator:
    """One sequence of edits and runs on a fresh armature."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = np.random.default_rng(seed)
        self.folder = folder
        self.memory = Memory()
        self.history: list[str] = []
        self.runs = 0
        self.reduced = False
        for things in (bpy.data.objects, bpy.data.armatures, bpy.data.actions):
            bpy.data.batch_remove(list(things))
        rest = _rest_joints()
        add_plain_armature({joint: tuple(rest[row]) for row, joint in enumerate(JOINT_NAMES)}, NAME)
        for bone in BONES:
            self.armature.pose.bones[bone].rotation_mode = "QUATERNION"
        self.apply()

    @property
    def armature(self) -> Any:
        # Undo and reopening make all Python references stale.
        return bpy.data.objects[NAME]

    def curve(self, channel: Channel) -> Any:
        bone, index = channel
        action = bpy.data.actions[self.memory.action]
        bag = action_get_channelbag_for_slot(action, next(slot for slot in action.slots if slot.name_display == NAME))
        return bag.fcurves.find(f'pose.bones["{bone}"].rotation_quaternion', index=index)

    # What a person does

    def edit(self) -> None:
        edits: list[Callable[[], None]] = [
            self.change_value, self.change_value, self.change_one_channel, self.move, self.move, self.pull_handle,
            self.change_interpolation, self.change_type, self.insert_pose, self.insert_pose, self.insert_on_one_channel,
            self.delete, self.delete, self.delete_range, self.offset_range, self.offset_range, self.slide_range,
            self.scale_range, self.rename_action, self.push_down, self.duplicate_action, self.put_away_and_back,
            self.lock, self.unlock, self.mute, self.save_and_reopen,
        ]  # fmt: skip
        chosen = edits[self.random.integers(len(edits))]
        self.history.append(chosen.__name__)
        chosen()

    def change_value(self) -> None:
        for channel, key in self.keys_of_a_frame():
            self.by_hand(channel, key, lambda key: self.shift_value(key))

    def change_one_channel(self) -> None:
        channel = self.any_channel()
        key = self.any_key(channel)
        if key is not None:
            self.by_hand(channel, key, self.shift_value)

    def move(self) -> None:
        found = self.keys_of_a_frame() if self.random.random() < 0.7 else self.keys_of_a_frame()[:1]
        step = self.any_step()
        for channel, key in found:
            self.move_key(channel, key, self.tidy(key.co[0] + step))

    def pull_handle(self) -> None:
        channel = self.any_channel()
        key = self.any_key(channel)
        if key is None:
            return

        def pull(key: Any) -> None:
            key.handle_left_type = key.handle_right_type = ("FREE", "ALIGNED")[self.random.integers(2)]
            key.handle_right = (key.co[0] + 0.31, key.co[1] + self.random.normal() * 0.2)

        self.by_hand(channel, key, pull)

    def change_interpolation(self) -> None:
        kind = ("LINEAR", "CONSTANT", "BACK", "ELASTIC")[self.random.integers(4)]

        def change(key: Any) -> None:
            key.interpolation = kind
            if kind in ("BACK", "ELASTIC"):
                key.easing, key.back, key.amplitude = "EASE_IN", 2.5, 0.4

        for channel, key in self.keys_of_a_frame():
            self.by_hand(channel, key, change)

    def change_type(self) -> None:
        kind = ("EXTREME", "BREAKDOWN", "MOVING_HOLD", "KEYFRAME")[self.random.integers(4)]
        for channel, key in self.keys_of_a_frame():
            if key.type != kind:
                self.by_hand(channel, key, lambda key: setattr(key, "type", kind))

    def insert_pose(self) -> None:
        bone, frame = self.any_bone(), self.any_frame()
        for index in range(4):
            self.insert((bone, index), frame, float(self.random.normal()) * 0.5)

    def insert_on_one_channel(self) -> None:
        self.insert(self.any_channel(), self.any_frame(), float(self.random.normal()) * 0.5)

    def insert(self, channel: Channel, frame: float, value: float) -> None:
        if channel in self.memory.locked:
            return
        curve = self.curve(channel)
        # As Blender's own operators do; what it takes for the same frame is changed and keeps its place.
        key = curve.keyframe_points.insert(frame, value, keyframe_type="KEYFRAME")
        self.forget_key(channel, self.tidy(key.co[0]))
        self.remember(channel, key)
        # Blender shortens the handles on both sides of a key that it puts between two.
        self.look_again(channel)

    def delete(self) -> None:
        found = self.keys_of_a_frame() if self.random.random() < 0.7 else self.keys_of_a_frame()[:1]
        for channel, key in found:
            self.delete_key(channel, key)

    def delete_range(self) -> None:
        first, last = self.any_range()
        self.on_range(first, last, self.delete_key)

    def offset_range(self) -> None:
        first, last = self.any_range()
        amount = float(self.random.normal()) * 0.2

        def offset(channel: Channel, key: Any) -> None:
            def lift(key: Any) -> None:
                for name in ("co", "handle_left", "handle_right"):
                    getattr(key, name)[1] += amount

            self.by_hand(channel, key, lift)

        self.on_range(first, last, offset)

    def slide_range(self) -> None:
        first, last = self.any_range()
        step = self.any_step()
        self.on_range(first, last, lambda channel, key: self.move_key(channel, key, self.tidy(key.co[0] + step)), step > 0)

    def scale_range(self) -> None:
        first, last = self.any_range()
        factor = float(self.random.uniform(0.6, 0.95))
        self.on_range(
            first, last, lambda channel, key: self.move_key(channel, key, self.tidy(first + (key.co[0] - first) * factor))
        )

    def rename_action(self) -> None:
        action = bpy.data.actions[self.memory.action]
        action.name = f"take {self.random.integers(1000)}"
        action.use_fake_user = True
        self.memory.action = action.name

    def push_down(self) -> None:
        animation = self.armature.animation_data
        if animation.action is None or animation.action.name != self.memory.action or self.memory.layer:
            return
        track = animation.nla_tracks.new()
        strip = track.strips.new("tool", int(self.random.integers(1, 20)), animation.action)
        strip.action_slot = animation.action_slot
        animation.action = None
        if self.random.random() < 0.7:
            bone = self.armature.pose.bones[self.any_bone()]
            bone.rotation_quaternion = (0.9, 0.1, 0.2, 0.3)
            bone.keyframe_insert("rotation_quaternion", frame=7)
            self.memory.layer = {"name": animation.action.name, "keys": _all_keys(animation.action)}

    def duplicate_action(self) -> None:
        animation = self.armature.animation_data
        if animation.action is not None and animation.action.name == self.memory.action:
            slot = animation.action_slot.identifier
            animation.action = animation.action.copy()
            animation.action_slot = animation.action.slots[slot]
            self.memory.action = animation.action.name

    def put_away_and_back(self) -> None:
        animation = self.armature.animation_data
        if animation.action is not None and animation.action.name == self.memory.action:
            action = animation.action
            animation.action = None
            animation.action = action

    def lock(self) -> None:
        channel = self.any_channel()
        if channel not in self.memory.locked:
            curve = self.curve(channel)
            curve.lock = True
            self.memory.locked[channel] = [_key(key) for key in curve.keyframe_points]

    def unlock(self) -> None:
        for channel in self.memory.locked:
            self.curve(channel).lock = False
        self.memory.locked.clear()

    def mute(self) -> None:
        curve = self.curve(self.any_channel())
        curve.mute = not curve.mute

    def save_and_reopen(self) -> None:
        path = str(self.folder / "shot.blend")
        bpy.ops.wm.save_as_mainfile(filepath=path)
        bpy.ops.wm.open_mainfile(filepath=path)

    # What the tool does

    def run(self) -> None:
        runs = (self.apply, self.apply, self.apply, self.reduce, self.restore)
        chosen = runs[self.random.integers(len(runs))]
        self.history.append(chosen.__name__)
        before = self.companions()
        muted = {channel for channel in CHANNELS if self.curve(channel).mute}
        actions = len(bpy.data.actions)
        chosen()
        if len(bpy.data.actions) != actions:
            raise LostHandWorkError("the run made another action")
        self.check(before)
        if {channel for channel in CHANNELS if self.curve(channel).mute} != muted:
            raise LostHandWorkError("a curve is muted that was not, or the other way round")
        self.learn()

    def run_and_undo(self) -> None:
        """A run that is taken back: everything is as it was before, and what the animator knows too."""
        self.history.append("run and undo")
        bpy.ops.ed.undo_push(message="before")
        memory, before = copy.deepcopy(self.memory), self.everything()
        self.run()
        bpy.ops.ed.undo_push(message="run")
        bpy.ops.ed.undo()
        self.memory = memory
        if self.everything() != before:
            raise LostHandWorkError("undo did not bring back what there was")

    def apply(self) -> None:
        count = int(self.random.integers(30, LONGEST))
        ease = float(self.random.choice((0.0, 2.0, 5.0, 8.0)))
        hand, track = self.estimate(count)
        frames = np.arange(1.0, count + 1.0)

        def write() -> Any:
            return write_hand_keys(
                Shot.of(self.armature), {"left": hand}, {"left": track}, frames, "clip motion", KeySettings(ease), BONES
            )

        report = write()
        if self.runs > 0 and self.random.random() < 0.3:
            once = self.everything()
            if write().kept_keys != report.kept_keys or self.everything() != once:
                raise LostHandWorkError("the same run again changed something")
        self.check_fresh(frames)
        if self.runs == 0:
            self.learn()
        self.runs += 1

    def reduce(self) -> None:
        try:
            reduce_finger_keys(self.armature, ReductionSettings(float(self.random.uniform(0.5, 10.0))))
            self.reduced = True
        except BadInputError:
            self.history[-1] += " (nothing)"

    def restore(self) -> None:
        try:
            restore_full_keys(self.armature)
        except BadInputError:
            self.history[-1] += " (nothing)"

    def estimate(self, count: int) -> tuple[CleanHand, HandTrack]:
        """Random smooth fingers, some of them filled and relaxed."""
        phase = np.linspace(0.0, 4.0, count)[:, None, None] + self.random.uniform(0.0, 6.0, (15, 3))
        quat = axis_angle_to_quat_wxyz(np.sin(phase) * self.random.uniform(0.1, 1.0, (15, 3)))
        kinds = np.repeat(self.random.choice([Provenance.MEASURED, Provenance.FILLED, Provenance.RELAXED], 10), 5)[:count]
        return CleanHand(quat, kinds), HandTrack.empty(count)

    # What must be so afterwards

    def check(self, companions: dict[Channel, dict[float, float]]) -> None:
        for channel in CHANNELS:
            found = {self.tidy(key.co[0]): _key(key) for key in self.curve(channel).keyframe_points}
            if channel in self.memory.locked:
                if [_key(key) for key in self.curve(channel).keyframe_points] != self.memory.locked[channel]:
                    raise LostHandWorkError(f"locked {channel} was written")
                continue
            for frame, wanted in self.memory.keys[channel].items():
                if frame not in found:
                    raise LostHandWorkError(f"{channel}: the key by hand on {frame} is gone")
                if not _same(found[frame], wanted):
                    raise LostHandWorkError(f"{channel}: the key on {frame} was {wanted} and is {found[frame]}")
            back = self.memory.deleted[channel] & set(found)
            if back:
                raise LostHandWorkError(f"{channel}: deleted keys came back on {sorted(back)}")
            for frame, value in companions[channel].items():
                if frame not in found or found[frame]["co"][1] != value:
                    raise LostHandWorkError(f"{channel}: what stood beside a key by hand on {frame} changed")
        if self.memory.layer:
            layer = bpy.data.actions[self.memory.layer["name"]]
            if _all_keys(layer) != self.memory.layer["keys"]:
                raise LostHandWorkError("the person's own layer was written")

    def check_fresh(self, frames: np.ndarray) -> None:
        """The tool did its own work: every frame has a key, but those that a person deleted."""
        for channel in CHANNELS:
            if channel in self.memory.locked:
                continue
            found = {self.tidy(key.co[0]) for key in self.curve(channel).keyframe_points}
            hand_frames = {frame for index in range(4) for frame in self.hand_frames((channel[0], index))}
            own = self.memory.keys[channel]
            wanted = {frame for frame in frames.tolist() if not any(abs(frame - other) < 0.0101 for other in own)}
            wanted -= self.memory.deleted[channel] | hand_frames
            allowed = wanted | set(own) | hand_frames
            if self.reduced:
                # Several keys put between two fitted ones change their handles so that they count as a person's and stay.
                allowed |= found
            if not wanted <= found <= allowed:
                raise LostHandWorkError(
                    f"{channel}: the run left out {sorted(wanted - found)} and left {sorted(found - allowed)}"
                )

    def companions(self) -> dict[Channel, dict[float, float]]:
        """On frames of keys by hand, the values of the bone's other channels there."""
        found: dict[Channel, dict[float, float]] = {}
        for bone, index in CHANNELS:
            beside = {frame for other in range(4) for frame in self.hand_frames((bone, other))}
            keys = {self.tidy(key.co[0]): key.co[1] for key in self.curve((bone, index)).keyframe_points}
            found[bone, index] = {frame: value for frame, value in keys.items() if frame in beside}
        return found

    def hand_frames(self, channel: Channel) -> set[float]:
        return set() if channel in self.memory.locked else set(self.memory.keys[channel])

    def learn(self) -> None:
        """What the tool wrote, and how the keys by hand stand now: their automatic handles may have changed."""
        for channel in CHANNELS:
            if channel in self.memory.locked:
                continue
            keys = {self.tidy(key.co[0]) for key in self.curve(channel).keyframe_points}
            hand, deleted = self.memory.keys[channel], self.memory.deleted[channel]
            known = self.memory.tool_wrote[channel] & (set(hand) | deleted)
            self.memory.tool_wrote[channel] = known | (keys - set(hand))
            self.look_again(channel)

    def look_again(self, channel: Channel) -> None:
        keys = {self.tidy(key.co[0]): key for key in self.curve(channel).keyframe_points}
        hand = self.memory.keys[channel]
        for frame in hand:
            hand[frame] = _key(keys[frame])

    def everything(self) -> dict[Channel, list[dict[str, Any]]]:
        return {channel: [_key(key) for key in self.curve(channel).keyframe_points] for channel in CHANNELS}

    # The memory

    def by_hand(self, channel: Channel, key: Any, change: Callable[[Any], None]) -> None:
        change(key)
        frame = key.co[0]
        curve = self.curve(channel)
        curve.update()
        # Blender's update may have moved the keys in memory.
        self.remember(channel, next(key for key in curve.keyframe_points if key.co[0] == frame))

    def remember(self, channel: Channel, key: Any) -> None:
        self.memory.keys[channel][self.tidy(key.co[0])] = _key(key)
        self.memory.deleted[channel].discard(self.tidy(key.co[0]))

    def forget_key(self, channel: Channel, frame: float) -> None:
        """A key is no more; where the tool had written one there, none may come back."""
        self.memory.keys[channel].pop(frame, None)
        if frame in self.memory.tool_wrote[channel]:
            self.memory.deleted[channel].add(frame)

    def delete_key(self, channel: Channel, key: Any) -> None:
        self.forget_key(channel, self.tidy(key.co[0]))
        curve = self.curve(channel)
        curve.keyframe_points.remove(key)
        curve.update()
        if len(curve.keyframe_points) == 0:
            # A curve without any key starts afresh.
            self.memory.keys[channel].clear()
            self.memory.deleted[channel].clear()

    def move_key(self, channel: Channel, key: Any, frame: float) -> None:
        """As a person does it: what is on the new frame gives way."""
        start = self.tidy(key.co[0])
        if abs(frame - start) < 0.02:
            return
        curve = self.curve(channel)
        for other in [other for other in curve.keyframe_points if 0.0 <= abs(other.co[0] - frame) < 0.02]:
            self.forget_key(channel, self.tidy(other.co[0]))
            curve.keyframe_points.remove(other)
        key = next(key for key in curve.keyframe_points if self.tidy(key.co[0]) == start)
        self.forget_key(channel, start)
        step = frame - key.co[0]
        for name in ("co", "handle_left", "handle_right"):
            getattr(key, name)[0] += step
        key.co[0] = frame
        curve.update()
        moved = next(key for key in curve.keyframe_points if abs(key.co[0] - frame) < 1e-3)
        self.remember(channel, moved)

    # Chance

    def any_bone(self) -> str:
        return BONES[self.random.integers(len(BONES))]

    def any_channel(self) -> Channel:
        channels = [channel for channel in CHANNELS if channel not in self.memory.locked]
        return channels[self.random.integers(len(channels))] if channels else CHANNELS[0]

    def any_key(self, channel: Channel) -> Any | None:
        points = self.curve(channel).keyframe_points
        if len(points) == 0 or channel in self.memory.locked:
            return None
        return points[int(self.random.integers(len(points)))]

    def any_frame(self) -> float:
        if self.random.random() < 0.3:
            return round(float(self.random.uniform(-3.0, LONGEST + 5)), 2)
        return float(self.random.integers(-3, LONGEST + 5))

    def any_range(self) -> tuple[float, float]:
        first = float(self.random.integers(1, LONGEST - 6))
        return first, first + float(self.random.integers(1, 12))

    def any_step(self) -> float:
        step = self.random.choice((-3.0, -1.0, -0.5, 0.25, 1.0, 2.0, 6.0))
        return float(step)

    def shift_value(self, key: Any) -> None:
        key.co[1] += float(self.random.choice((-1.0, 1.0)) * self.random.uniform(0.01, 0.6))

    def keys_of_a_frame(self) -> list[tuple[Channel, Any]]:
        """The keys of all of a bone's channels on one frame that has some."""
        bone = self.any_bone()
        key = self.any_key((bone, int(self.random.integers(4))))
        if key is None:
            return []
        frame = self.tidy(key.co[0])
        found = []
        for index in range(4):
            channel = (bone, index)
            if channel not in self.memory.locked:
                keys = (key for key in self.curve(channel).keyframe_points if self.tidy(key.co[0]) == frame)
                found += [(channel, key) for key in keys]
        return found

    def on_range(self, first: float, last: float, change: Callable[[Channel, Any], None], from_end: bool = False) -> None:
        bone = self.any_bone()
        for index in range(4):
            channel = (bone, index)
            if channel in self.memory.locked:
                continue
            frames = [self.tidy(key.co[0]) for key in self.curve(channel).keyframe_points]
            for frame in sorted((frame for frame in frames if first <= frame <= last), reverse=from_end):
                keys = self.curve(channel).keyframe_points
                key = next((key for key in keys if self.tidy(key.co[0]) == frame), None)
                if key is not None:
                    change(channel, key)

    @staticmethod
    def tidy(frame: float) -> float:
        return round(float(frame), 3)


def one_sequence(seed: int, folder: Path) -> Animator:
    """Some edits, a run, and so on; every run is checked.

    Raises:
        LostHandWorkError: a run changed what a person had made; the message tells the seed and everything that was done.
    """
    animator = Animator(seed, folder)
    try:
        for _ in range(int(animator.random.integers(1, 5))):
            for _ in range(int(animator.random.integers(1, 6))):
                animator.edit()
            if animator.random.random() < 0.15:
                animator.run_and_undo()
            animator.run()
    except LostHandWorkError as error:
        raise LostHandWorkError(f"seed {seed}, {', '.join(animator.history)}: {error}") from error
    return animator


@functools.cache
def _rest_joints() -> np.ndarray:
    return load_stand_in_body().rest_joints @ TO_BLENDER.T


def _key(key: Any) -> dict[str, Any]:
    pairs = {name: tuple(getattr(key, name)) for name in ("co", "handle_left", "handle_right")}
    return pairs | {name: getattr(key, name) for name in _FIELDS}


def _same(found: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Everything to the bit, but what Blender derives from the neighbours; nobody's type has become that of ordinary keys."""
    names = [name for name in _FIELDS if name != "type"]
    if found["co"] != wanted["co"] or any(found[name] != wanted[name] for name in names):
        return False
    for side in ("left", "right"):
        kind, there, before = wanted[f"handle_{side}_type"], found[f"handle_{side}"], wanted[f"handle_{side}"]
        if kind == "FREE" and there != before:
            return False
        # Blender turns aligned handles anew whenever the curve is updated.
        if kind == "ALIGNED" and not all(math.isclose(a, b, abs_tol=2e-3) for a, b in zip(there, before, strict=True)):
            return False
    if wanted["type"] in _NOBODYS:
        return found["type"] in ("KEYFRAME", wanted["type"])
    if wanted["type"] == "MOVING_HOLD":
        return found["type"] in ("MOVING_HOLD", "KEYFRAME")
    return bool(found["type"] == wanted["type"])


def _all_keys(action: Any) -> list[Any]:
    bags = [bag for layer in action.layers for strip in layer.strips for bag in strip.channelbags]
    return [
        (curve.data_path, curve.array_index, [_key(key) for key in curve.keyframe_points])
        for bag in bags
        for curve in bag.fcurves
    ]
