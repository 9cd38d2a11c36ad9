"""The list of what needs a look, its markers on the timeline, and the way from one to the next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from addon_tests.ui.cleanup_scene import keyed_fingers
from handmocap_addon.blender.version_differences import is_bone_selected


@pytest.fixture
def armature(settings: Any, tmp_path: Path) -> Any:
    settings.smoothing = 0.0
    return keyed_fingers(settings, tmp_path)


def _cleanup() -> Any:
    return bpy.context.scene.handmocap_cleanup


def _markers() -> list[tuple[int, str]]:
    return sorted((marker.frame, marker.name) for marker in bpy.context.scene.timeline_markers)


def _lines() -> list[tuple[int, int, str]]:
    return [(line.first_frame, line.last_frame, line.reason) for line in _cleanup().problems]


def test_problems_are_listed_in_the_order_of_time_and_marked(armature: Any) -> None:
    lines = _lines()
    assert lines == sorted(lines, key=lambda line: line[0])
    assert any(line[0] == 30 and line[2].startswith("left index jumps by") and line[2].endswith("°") for line in lines)
    assert (41, 55, "right hand: no hand was seen for 0.5 s") in lines
    assert _markers() == sorted((first, f"handmocap: {reason}") for first, _last, reason in lines)


def test_markers_are_replaced_and_a_persons_own_stay(armature: Any) -> None:
    scene = bpy.context.scene
    own = scene.timeline_markers.new("beat", frame=30)
    renamed, moved = (next(m for m in scene.timeline_markers if m.frame == frame and m != own) for frame in (30, 41))
    renamed.name = "mine: look at the index"
    moved.frame = 47
    taken = moved.name
    bpy.ops.handmocap.apply_hands()
    names = [name for _frame, name in _markers()]
    assert {"beat", "mine: look at the index"} <= set(names)
    assert sorted(frame for frame, name in _markers() if name == taken) == [41, 47]
    for _ in range(2):
        bpy.ops.handmocap.apply_hands()
    assert [name for _frame, name in _markers()] == names
    _cleanup().problem_markers = False
    assert sorted(_markers()) == sorted([(30, "beat"), (30, "mine: look at the index"), (47, taken)])
    bpy.ops.handmocap.apply_hands()
    assert len(_markers()) == 3
    _cleanup().problem_markers = True
    assert len(_markers()) == len(names)


def test_a_person_s_marker_like_ours_is_left(armature: Any) -> None:
    frame, name = _markers()[0]
    bpy.context.scene.timeline_markers.new(name, frame=frame)
    _cleanup().problem_markers = False
    assert _markers() == [(frame, name)]


def test_next_and_previous_go_to_the_frame_and_the_bones(armature: Any) -> None:
    scene = bpy.context.scene
    scene.frame_set(1)
    seen = []
    while bpy.ops.handmocap.next_problem() == {"FINISHED"}:
        seen.append((scene.frame_current, _cleanup().active_problem))
    assert [frame for frame, _ in seen] == [line[0] for line in _lines() if line[0] > 1]
    assert bpy.ops.handmocap.previous_problem() == {"FINISHED"}
    assert (scene.frame_current, _cleanup().active_problem) == seen[-2]
    jump = next(number for number, line in enumerate(_lines()) if line[2].startswith("left index jumps"))
    _cleanup().active_problem = jump
    assert scene.frame_current == 30
    assert armature.mode == "POSE"
    selected = {bone.name for bone in armature.pose.bones if is_bone_selected(bone)}
    assert selected == {"left_index1", "left_index2", "left_index3"}


def test_what_is_done_stays_done_through_runs_and_is_passed_over(armature: Any) -> None:
    lines = _lines()
    number = next(number for number, line in enumerate(lines) if line[0] == 41)
    _cleanup().problems[number].done = True
    assert (41, f"handmocap: {lines[number][2]}") not in _markers()
    bpy.ops.handmocap.apply_hands()
    assert [line.done for line in _cleanup().problems] == [place == number for place in range(len(lines))]
    bpy.context.scene.frame_set(40)
    assert bpy.ops.handmocap.next_problem() == {"CANCELLED"} or bpy.context.scene.frame_current > 41
    for line in _cleanup().problems:
        line.done = True
    with pytest.raises(RuntimeError, match="Nothing is left to look at"):
        bpy.ops.handmocap.next_problem()
    assert _markers() == []


def test_a_mended_problem_goes(armature: Any) -> None:
    bpy.ops.handmocap.mark_not_seen(first=31, last=31, sides={"LEFT"})
    assert not any("index jumps" in line[2] for line in _lines())
    assert not any("index jumps" in name for _frame, name in _markers())


def test_ticks_and_markers_are_undone_and_saved(armature: Any, tmp_path: Path) -> None:
    bpy.ops.ed.undo_push(message="before")
    markers = _markers()
    _cleanup().problems[0].done = True
    bpy.ops.ed.undo_push(message="ticked")
    bpy.ops.ed.undo()
    assert _markers() == markers and not _cleanup().problems[0].done
    _cleanup().problems[0].done = True
    path = str(tmp_path / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    bpy.ops.handmocap.apply_hands()
    assert [line.done for line in _cleanup().problems] == [True] + [False] * (len(_cleanup().problems) - 1)


def test_a_hidden_armature_still_leads_to_the_frame(armature: Any) -> None:
    armature.hide_set(True)
    bpy.context.scene.frame_set(1)
    assert bpy.ops.handmocap.next_problem() == {"FINISHED"}
    assert bpy.context.scene.frame_current == next(line[0] for line in _lines() if line[0] > 1)
    assert armature.mode == "OBJECT"


def test_looking_again_changes_no_key(armature: Any) -> None:
    action = armature.animation_data.action
    lines, keys = _lines(), str(action.get("handmocap_written_keys").to_dict())
    bpy.context.scene.handmocap_cleanup.problems.clear()
    bpy.context.scene.handmocap.longest_gap = 0.1
    assert bpy.ops.handmocap.find_problems() == {"FINISHED"}
    assert _lines() == lines
    assert str(action.get("handmocap_written_keys").to_dict()) == keys
