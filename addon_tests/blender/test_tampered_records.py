"""What another program or a person may have made of each record in a .blend: ignored with a line in the log, never a trace."""

from __future__ import annotations

import json
import logging
import zlib
from typing import Any

import numpy as np
import pytest

from addon_tests.blender.motions import MadeUpShot
from handmocap_addon.blender.cleanup import problem_markers, problems
from handmocap_addon.blender.clip import backgrounds as clip_backgrounds
from handmocap_addon.blender.clip.place import PLACE_PROPERTY, place_of
from handmocap_addon.blender.curves import kept_text, made_from, written_record
from handmocap_addon.blender.curves.retimed_frames import RETIMED_PROPERTY, frame_before_retiming, retimed_as
from handmocap_addon.blender.curves.tool_actions import find_tool_action
from handmocap_addon.blender.motion.motion_keys import write_hand_keys
from handmocap_addon.blender.motion.shot import Shot
from handmocap_addon.blender.rig.bodies import add_body
from handmocap_addon.blender.rig.body_shapes import body_shape_of
from handmocap_addon.blender.rig.rest_marks import rests_as_added
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.errors import BadInputError

_PATH = 'pose.bones["left_index2"].rotation_quaternion'
_VALUES: dict[str, Any] = {
    "a whole number": 7, "a number": 1.5, "no number": float("nan"), "without end": float("inf"), "an empty text": "",
    "a text": "x", "brackets": "[" * 100_000, "braces": '{"a":' * 50_000, "large numbers": "[1e999, " + "9" * 5000 + "]",
    "bytes": b"\x00\xff", "no bytes": b"", "three numbers": [1, 2, 3], "numbers of no size": [float("nan"), 1.0],
    "large": [1e300, -1e300], "zeros": [0.0, 0.0], "texts": ["a", "b"], "nothing in it": {}, "a number in it": {"a": 1},
    "bytes in it": {"0": {"b": b"x"}}, "deep": {"0": {"0": {"0": {"0": [1.0]}}}}, "very many": [1.0] * 20_001, "truth": True,
    "a list of objects": '[{}, null, 3, "x", [], {"first": "x"}]', "an object": '{"fingers": 3, "body": {"at": "x"}}',
}  # fmt: skip


@pytest.fixture
def armature(empty_scene: Any) -> Any:
    made, shot = add_body(load_stand_in_body()), MadeUpShot(6)
    write_hand_keys(Shot.of(made), shot.hands(), shot.tracks(), np.arange(1.0, 7.0), "clip motion")
    return made


@pytest.fixture(autouse=True)
def _nothing_said_yet() -> None:
    kept_text._say.cache_clear()


def _place(armature: Any) -> Any:
    place = find_tool_action(armature)
    assert place is not None
    return place


def _records(armature: Any) -> list[Any]:
    place = _place(armature)
    return [written_record.read_record(place.action, place.slot, _PATH, index) for index in range(4)]


def _ask(scene: Any, armature: Any) -> None:
    place = _place(armature)
    written_record.has_record(place.action, place.slot)
    _records(armature)
    written_record.usable_full_keys(place.action, place.slot, _PATH, 4)
    assert [problem.text() for problem in problems.read_problems(armature)] == []
    for stage in ("body", "fingers"):
        made_from.recall(armature, stage)
    assert np.isfinite((place_of(scene, armature).first_frame, place_of(scene, armature).fps)).all()
    assert np.isfinite(retimed_as(armature, np.arange(3.0))).all() and np.isfinite(frame_before_retiming(armature, 5.0))


@pytest.mark.parametrize("value", _VALUES.values(), ids=_VALUES)
@pytest.mark.parametrize(
    "name",
    [problems.PROBLEMS_PROPERTY, PLACE_PROPERTY, RETIMED_PROPERTY, made_from._PROPERTY, "handmocap_written_keys",
     "handmocap_full_keys", "handmocap_written"],
)  # fmt: skip
def test_what_makes_no_sense_is_as_if_it_were_not_there(name: str, value: Any, armature: Any, scene: Any) -> None:
    _place(armature).action[name] = value
    _ask(scene, armature)


@pytest.mark.parametrize("value", _VALUES.values(), ids=_VALUES)
def test_notes_on_the_armature_the_camera_and_the_scene_are_too(value: Any, armature: Any, scene: Any) -> None:
    armature["handmocap_betas"] = armature.data["handmocap_rest_heads"] = scene["handmocap_markers"] = value
    armature["handmocap_gender"] = armature["handmocap_licence"] = value
    body_shape_of(armature)
    assert not rests_as_added(armature)
    assert not problem_markers.has_markers(scene)
    assert isinstance(kept_text.kept_text(armature, "handmocap_licence", "none"), str)
    assert clip_backgrounds.shown_place(scene, __import__("pathlib").Path("/nowhere/clip.mp4")) is None


def test_the_log_has_one_line_for_it(armature: Any, caplog: pytest.LogCaptureFixture) -> None:
    _place(armature).action[problems.PROBLEMS_PROPERTY] = "["
    with caplog.at_level(logging.WARNING, "handmocap"):
        assert problems.read_problems(armature) == problems.read_problems(armature) == []
    assert [record.getMessage() for record in caplog.records] == [
        "What the file keeps as handmocap_problems makes no sense and is ignored"
    ]


@pytest.mark.parametrize("frame", [float("nan"), float("inf"), 1e30, -3e6])
@pytest.mark.parametrize("column", [0, 1])
def test_a_record_of_keys_that_no_curve_can_have_is_none(frame: float, column: int, armature: Any) -> None:
    place = _place(armature)
    if column == 1 and not np.isinf(frame):
        pytest.skip("a curve may have such a value, and none stands for a key that is spared whatever it is")
    keys = np.array(((1.0, 0.5), (2.0, 0.5)))
    keys[1, column] = frame
    written_record.write_record(place.action, place.slot, _PATH, 0, written_record.WrittenKeys.automatic(keys, np.zeros(2)))
    assert _records(armature)[0] is None
    assert _records(armature)[1] is not None


@pytest.mark.parametrize(
    "content",
    [b"", b"x", zlib.compress(b"abc"), zlib.compress(bytes(1 << 27)), zlib.compress(np.full(21, np.nan, "<f4").tobytes())],
    ids=["nothing", "no zlib", "no rows", "a bomb", "no numbers"],
)
def test_damaged_full_keys_are_a_sentence_where_they_are_asked_for_and_nothing_elsewhere(
    content: bytes, armature: Any
) -> None:
    place = _place(armature)
    written_record._write(place.action, place.slot, "handmocap_full_keys", written_record._name(_PATH), content)
    assert written_record.usable_full_keys(place.action, place.slot, _PATH, 4) is None or not content
    if content:
        with pytest.raises(BadInputError, match="damaged"):
            written_record.read_full_keys(place.action, place.slot, _PATH, 4)


def test_problems_beyond_every_timeline_are_left_out_and_the_others_stay(armature: Any) -> None:
    good = {"first": 1, "last": 3, "first_frame": 2.0, "last_frame": 4.0, "side": "left", "finger": None, "reason": "low score",
            "severity": 1.0}  # fmt: skip
    others = [{"first": 3, "last": 1}, {"last": 10**9}, {"first_frame": 1e12}, {"last_frame": "NaN"}, {"severity": float("inf")},
              {"side": "up"}, {"finger": "tail"}, {"reason": "x" * 10_000}, {"first": 10**400}]  # fmt: skip
    _place(armature).action[problems.PROBLEMS_PROPERTY] = json.dumps([good, *(good | other for other in others)])
    (found,) = problems.read_problems(armature)
    assert found.text() == "left hand: low score"
