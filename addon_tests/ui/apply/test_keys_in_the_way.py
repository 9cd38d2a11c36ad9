"""Keys of other programs in the panel: what the stages say, and the buttons that replace or keep them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from addon_tests.making.foreign_keys import FINGERS, Take, amass, count_of, key_takes
from addon_tests.making.gvhmr_results import made_up_motion, write_gvhmr_result
from addon_tests.ui.cleanup_scene import COUNT, write_hands
from handmocap_addon.blender.version_differences import all_curves
from handmocap_addon.ui.apply.keys_in_the_way import keys_in_the_way
from handmocap_addon.ui.common import panel_jobs
from handmocap_addon.ui.state.states import Kind, facts_of, state_of

DOUBTFUL = [Take(FINGERS, range(1, 97, 8))]


class Layout:
    """Stands for Blender's layout, which cannot be looked into."""

    def __init__(self) -> None:
        self.buttons: list[tuple[str, Any]] = []

    def row(self, align: bool = False) -> Layout:
        return self

    def split(self, factor: float = 0.0, align: bool = False) -> Layout:
        return self

    def operator(self, name: str, text: str = "", icon: str = "NONE") -> Any:
        properties = type("Properties", (), {})()
        self.buttons.append((text, properties))
        return properties


@pytest.fixture
def armature(settings: Any, tmp_path: Path) -> Any:
    write_hands(tmp_path / "hand_poses.npz")
    settings.hand_poses = str(tmp_path / "hand_poses.npz")
    bpy.ops.handmocap.add_body()
    return settings.armature


def _buttons(stage: str = "fingers") -> list[str]:
    layout = Layout()
    keys_in_the_way(layout, stage)  # type: ignore[arg-type]
    return [text for text, _ in layout.buttons]


def test_an_import_gives_way_and_the_stage_says_where_it_is_kept(armature: Any) -> None:
    key_takes(armature, amass())
    assert bpy.ops.handmocap.apply_hands() == {"FINISHED"}
    assert "11520 keys of another program replaced" in panel_jobs.status("fingers").sentence
    state = facts_of(bpy.context, "fingers")
    assert state.kind == Kind.LOOK
    assert "they are kept in the action mannequinAction before handmocap" in state.text
    assert _buttons() == []


def test_doubt_is_a_question_with_two_buttons(armature: Any) -> None:
    action = key_takes(armature, DOUBTFUL)
    scene, rate = bpy.context.scene, bpy.context.scene.render.fps
    with pytest.raises(RuntimeError, match="may be another program's or your own"):
        bpy.ops.handmocap.apply_hands()
    assert state_of(bpy.context, "fingers").kind == Kind.FAILED
    assert panel_jobs.status("fingers").sentence.endswith(": replace them with Replace, or keep them with Keep")
    assert _buttons() == ["Replace 1,440 Keys", "Keep"]
    assert _buttons("body") == []
    assert (scene.render.fps, len(all_curves(action))) == (rate, 120)
    assert bpy.ops.handmocap.keep_keys(stage="fingers") == {"FINISHED"}
    assert "1440 keys of your own kept" in panel_jobs.status("fingers").sentence
    assert _buttons() == []


def test_replacing_is_undone(armature: Any) -> None:
    action = key_takes(armature, DOUBTFUL)
    before = {curve.data_path: [tuple(key.co) for key in curve.keyframe_points] for curve in all_curves(action)}
    with pytest.raises(RuntimeError):
        bpy.ops.handmocap.apply_hands()
    bpy.ops.ed.undo_push(message="before")
    assert bpy.ops.handmocap.replace_keys("EXEC_DEFAULT", True, stage="fingers") == {"FINISHED"}
    assert "kept" not in panel_jobs.status("fingers").sentence
    bpy.ops.ed.undo()
    action = bpy.data.objects["mannequin"].animation_data.action
    assert {curve.data_path: [tuple(key.co) for key in curve.keyframe_points] for curve in all_curves(action)} == before


def test_an_apply_that_could_key_nothing_offers_to_start_over(armature: Any) -> None:
    bpy.ops.handmocap.apply_hands()
    for curve in all_curves(armature.animation_data.action):
        for key in curve.keyframe_points:
            key.type = "EXTREME"
    with pytest.raises(RuntimeError, match="Nothing can be keyed"):
        bpy.ops.handmocap.apply_hands()
    (button,) = _buttons()
    assert button.startswith("Replace ")
    assert bpy.ops.handmocap.replace_keys(stage="fingers", also_own=True) == {"FINISHED"}
    assert panel_jobs.status("fingers").ok


def test_the_body_asks_too(armature: Any, settings: Any, tmp_path: Path) -> None:
    takes = [Take(("pelvis", "spine1", "spine2", "neck", "head", "left_hip"), range(1, 97, 8))]
    key_takes(armature, takes)
    settings.hand_poses, settings.gvhmr = "", str(tmp_path / "hmr4d_results.pt")
    write_gvhmr_result(tmp_path / "hmr4d_results.pt", made_up_motion(COUNT))
    with pytest.raises(RuntimeError, match="body bones"):
        bpy.ops.handmocap.apply_body()
    assert _buttons("body") == [f"Replace {count_of(takes, takes[0].bones)} Keys", "Keep"]
    assert bpy.ops.handmocap.replace_keys(stage="body") == {"FINISHED"}
    assert bpy.ops.handmocap.apply_body() == {"FINISHED"}
