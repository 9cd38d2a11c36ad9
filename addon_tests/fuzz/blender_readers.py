"""What is kept in a .blend: notes and records on the tool's action, changed as another program or a person may change them."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from addon_tests.blender.motions import MadeUpShot
from addon_tests.fuzz.core_readers import Reader
from addon_tests.fuzz.mutations import Random, by_bytes, by_json
from addon_tests.making.hand_poses import waving_hands
from handmocap_addon.blender.cleanup import corrections_store, problems
from handmocap_addon.blender.cleanup.seen_clip import depends_on, seen_clip
from handmocap_addon.blender.clip.place import PLACE_PROPERTY, place_of
from handmocap_addon.blender.curves import made_from, written_record
from handmocap_addon.blender.curves.retimed_frames import RETIMED_PROPERTY, retimed_as
from handmocap_addon.blender.curves.tool_actions import find_tool_action
from handmocap_addon.blender.motion.apply_warnings import keep_warnings, warnings_of
from handmocap_addon.blender.motion.motion_keys import write_hand_keys
from handmocap_addon.blender.motion.shot import Shot
from handmocap_addon.blender.rig.bodies import add_body
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.cleanup.corrections import NotSeen, Rows
from handmocap_addon.core.cleanup.settings import CleanupSettings

_FRAMES = 6
_PATH = 'pose.bones["left_index2"].rotation_quaternion'
_TEXTS = {
    problems.PROBLEMS_PROPERTY: [
        {"first": 1, "last": 3, "first_frame": 2.0, "last_frame": 4.0, "side": "left", "finger": "index", "reason": "jumps",
         "severity": 1.0, "done": False},
    ],
    corrections_store.CORRECTIONS_PROPERTY: {
        "version": 1, "corrections": [{"kind": "not_seen", "rows": {"first": 1, "last": 2}, "side": "left"}],
    },
    "handmocap_made_from": {"fingers": {"hands": "a"}, "fingers warnings": {"sentences": ["a"]}},
}  # fmt: skip
_VALUES: tuple[Any, ...] = (
    1, -1, 1.5, float("nan"), "", "x", "[" * 100_000, b"", b"\x00\xff", [1, 2, 3], [1.0], [float("nan"), 1.0], ["a", "b"], {},
    {"a": 1}, {"0": {"b": b"x"}}, True, [1e300, 1e300], [0.0, 0.0],
)  # fmt: skip
_NAMES = (*_TEXTS, PLACE_PROPERTY, RETIMED_PROPERTY, "handmocap_written_keys", "handmocap_full_keys", "handmocap_written")


@cache
def _armature() -> Any:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    armature, shot = add_body(load_stand_in_body()), MadeUpShot(_FRAMES)
    write_hand_keys(Shot.of(armature), shot.hands(), shot.tracks(), np.arange(1.0, _FRAMES + 1.0), "clip motion")
    keep_warnings(armature, "fingers", ["a"])
    corrections_store.write_corrections(armature, [NotSeen(Rows(1, 2), "left")])
    return armature


def _make(random: Random) -> bytes:
    """What is done to the notes, as text: a note's name with its new text, or numbers that choose among the rest."""
    name = str(random.choice(list(_TEXTS)))
    if random.random() < 0.6:
        said = {"name": name, "text": by_json(random, json.dumps(_TEXTS[name]))}
    else:
        said = {"name": str(random.choice(_NAMES)), "value": int(random.integers(len(_VALUES)))}
    return json.dumps(said | {"seed": int(random.integers(1 << 30))}).encode()


def _read_notes(path: Path) -> None:
    armature, said = _armature(), json.loads(path.read_text(encoding="utf-8"))
    place = find_tool_action(armature)
    assert place is not None
    action, name = place.action, said["name"]
    # The keys are written again where their record was changed.
    before = action.get(name)
    kept = before.to_dict() if hasattr(before, "to_dict") else before.to_list() if hasattr(before, "to_list") else before
    try:
        action.pop(name, None)
        value = said.get("text", None if "value" not in said else _VALUES[said["value"]])
        action[name] = value.encode("utf-8", "replace").decode().replace("\0", "") if isinstance(value, str) else value
        _ask(armature, place)
    finally:
        action.pop(name, None)
        if kept is not None:
            action[name] = kept


def _ask(armature: Any, place: Any) -> None:
    written_record.has_record(place.action, place.slot)
    problems.read_problems(armature)
    for problem in problems.read_problems(armature):
        problem.text()
    for stage in ("body", "fingers"):
        made_from.recall(armature, stage)
        warnings_of(armature, stage)
    written_record.read_record(place.action, place.slot, _PATH, 0)
    place_of(bpy.context.scene, armature)
    retimed_as(armature, np.arange(3.0))
    depends_on(bpy.context.scene, armature, CleanupSettings())
    seen_clip(bpy.context.scene, armature, waving_hands(_FRAMES, Fraction(24)), CleanupSettings())
    written_record.read_full_keys(place.action, place.slot, _PATH, 4)
    corrections_store.read_corrections(armature)


def _record(full: bool) -> Callable[[Random], bytes]:
    def make(random: Random) -> bytes:
        action = bpy.data.actions.new("a")
        try:
            slot = action.slots.new("OBJECT", "a")
            if full:
                keys = written_record.StoredFullKeys(np.arange(5.0), np.ones((5, 4)), np.ones(5))
                written_record.write_full_keys(action, slot, _PATH, keys)
                (stored,) = action["handmocap_full_keys"][str(slot.handle)].values()
            else:
                record = written_record.WrittenKeys.automatic(np.ones((5, 2)), np.ones(5))
                written_record.write_record(action, slot, _PATH, 0, record)
                (stored,) = action["handmocap_written_keys"][str(slot.handle)].values()
            return by_bytes(random, bytes(stored))
        finally:
            bpy.data.actions.remove(action)

    return make


def _read_record(full: bool) -> Callable[[Path], None]:
    def read(path: Path) -> None:
        action = bpy.data.actions.new("a")
        try:
            slot = action.slots.new("OBJECT", "a")
            name, index = written_record._name(_PATH), "" if full else "_0"
            written_record._write(
                action, slot, "handmocap_full_keys" if full else "handmocap_written_keys", name + index, path.read_bytes()
            )
            written_record.read_record(action, slot, _PATH, 0)
            written_record.read_full_keys(action, slot, _PATH, 4)
        finally:
            bpy.data.actions.remove(action)

    return read


READERS: dict[str, Reader] = {
    "notes in a .blend": Reader(_make, _read_notes, ".json", 2),
    "record of keys in a .blend": Reader(_record(False), _read_record(False), ".bin"),
    "full keys in a .blend": Reader(_record(True), _read_record(True), ".bin"),
}
