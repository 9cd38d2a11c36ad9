"""What the cleanup tools say where something is missing or not theirs, and that the panel draws all the same."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest

from addon_tests.ui.cleanup_scene import COUNT, degrees_between, keyed_fingers, rotations
from handmocap_addon.blender.version_differences import select_bone
from handmocap_addon.ui.cleanup import correction_operators, key_operators, live, problem_operators, time_operators
from handmocap_addon.ui.cleanup.panel import HANDMOCAP_PT_cleanup

CORRECTING = ("mark_not_seen", "swap_sides", "smooth", "back_to_raw", "shift_hands", "forget_corrections", "compare_raw")
KEYING = ("hold", "relax", "blend_to_pose", "copy_from_other_hand", "retime")
RANGE = {"first": 5, "last": 9}


@pytest.fixture
def armature(settings: Any, tmp_path: Path) -> Any:
    return keyed_fingers(settings, tmp_path)


def _reason(name: str) -> str:
    with pytest.raises(RuntimeError) as caught:
        getattr(bpy.ops.handmocap, name)()
    assert "Traceback" not in str(caught.value)
    return str(caught.value)


def test_every_tool_is_known(settings: Any) -> None:
    modules = (correction_operators, key_operators, time_operators)
    names = {cls.bl_idname.removeprefix("handmocap.") for module in modules for cls in module.CLASSES}
    assert names == {*CORRECTING, *KEYING, "wrist_from"}
    assert len(problem_operators.CLASSES) == 3


@pytest.mark.parametrize("name", [*CORRECTING, *KEYING, "next_problem", "previous_problem"])
def test_without_an_armature_or_its_keys(settings: Any, name: str) -> None:
    assert "Add a body or choose an SMPL-X armature first" in _reason(name)
    bpy.ops.handmocap.add_body()
    assert "Press Apply Fingers first" in _reason(name)


@pytest.mark.parametrize("name", [*CORRECTING, *KEYING, "next_problem"])
def test_a_deleted_armature(armature: Any, name: str) -> None:
    bpy.ops.object.select_all(action="DESELECT")
    armature.select_set(True)
    bpy.ops.object.delete()
    assert "Add a body or choose an SMPL-X armature first" in _reason(name)


@pytest.mark.parametrize("name", [*CORRECTING, *KEYING])
def test_no_action_any_more(armature: Any, name: str) -> None:
    armature.animation_data.action = None
    assert "Press Apply Fingers first" in _reason(name)


def test_without_the_hands_file_keys_can_still_be_made(armature: Any, settings: Any) -> None:
    Path(settings.hand_poses).unlink()
    for name in CORRECTING:
        assert "The hands' file is not there" in _reason(name)
    bpy.context.scene.frame_set(1)
    wanted = rotations(armature, "left_index1")[4]
    assert bpy.ops.handmocap.hold(**RANGE) == {"FINISHED"}
    assert degrees_between(rotations(armature, "left_index1", [5, 7, 9]), wanted).max() < 0.01


def test_a_linked_armature(armature: Any, settings: Any, tmp_path: Path) -> None:
    path = str(tmp_path / "rig.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(path, link=True) as (source, target):
        target.objects = [name for name in source.objects if "mesh" not in name]
    linked = target.objects[0]
    bpy.context.scene.collection.objects.link(linked)
    bpy.context.scene.handmocap.armature = linked
    bpy.context.scene.handmocap.hand_poses = str(tmp_path / "hand_poses.npz")
    for name in (*CORRECTING, *KEYING):
        assert "mannequin is linked from another file: make a library override of it first" in _reason(name)


def test_a_selection_on_another_armature_counts_nothing(armature: Any, settings: Any) -> None:
    bpy.ops.handmocap.add_body()
    other, settings.armature = settings.armature, armature
    bpy.context.view_layer.objects.active = other
    bpy.ops.object.mode_set(mode="POSE")
    select_bone(other.pose.bones["right_thumb1"], True)
    settings_of_tools = bpy.context.scene.handmocap_cleanup
    settings_of_tools.sides = {"LEFT"}
    bpy.context.scene.frame_set(1)
    before = rotations(armature, "right_thumb1")
    settings_of_tools.use_range, settings_of_tools.first, settings_of_tools.last = True, 5, 9
    assert bpy.ops.handmocap.hold() == {"FINISHED"}
    assert degrees_between(rotations(armature, "right_thumb1"), before).max() < 1e-3
    assert other.animation_data is None
    assert degrees_between(*rotations(armature, "left_thumb1", [5, 9])[:, None])[0] < 0.01


def test_no_finger_chosen(armature: Any) -> None:
    bpy.context.scene.handmocap_cleanup.fingers = set()
    with pytest.raises(RuntimeError, match="No finger is chosen"):
        bpy.ops.handmocap.hold(first=5, last=9)
    assert bpy.ops.handmocap.hold(first=5, last=9, sides={"LEFT"}) == {"FINISHED"}


def test_the_slider_is_live_where_that_is_switched_on(armature: Any, settings: Any) -> None:
    settings.smoothing = 0.0
    smooth = rotations(armature, "left_index1")
    bpy.context.scene.handmocap_cleanup.live = True
    settings.smoothing = 0.05
    settings.smoothing = 0.0
    assert degrees_between(rotations(armature, "left_index1"), smooth).max() > 0.5
    assert not bpy.app.timers.is_registered(live._apply)
    settings.hand_poses = ""
    settings.smoothing = 0.7


def test_a_waiting_timer_goes_with_the_extension(armature: Any) -> None:
    bpy.app.timers.register(live._apply, first_interval=60.0)
    live.stop()
    assert not bpy.app.timers.is_registered(live._apply)


class _Layout:
    """Takes what the panel draws and checks that its fields and operators exist."""

    def __init__(self) -> None:
        self.enabled, self.active, self.scale_y = True, True, 1.0
        self.drawn: list[str] = []

    def prop(self, data: Any, name: str, **_options: Any) -> None:
        assert name in data.bl_rna.properties
        self.drawn.append(name)

    def operator(self, name: str, **_options: Any) -> Any:
        getattr(bpy.ops.handmocap, name.removeprefix("handmocap.")).get_rna_type()
        self.drawn.append(name)
        return SimpleNamespace()

    def operator_menu_enum(self, name: str, _property: str, **_options: Any) -> None:
        self.drawn.append(name)

    def template_list(self, kind: str, _name: str, data: Any, items: str, *_more: Any, **_options: Any) -> None:
        assert hasattr(bpy.types, kind) and items in data.bl_rna.properties
        self.drawn.append(items)

    def label(self, text: str = "", **_options: Any) -> None:
        self.drawn.append(text)

    def progress(self, **_options: Any) -> None: ...

    def row(self, **_options: Any) -> _Layout:
        return self

    column = grid_flow = row


def _drawn() -> list[str]:
    layout = _Layout()
    HANDMOCAP_PT_cleanup.draw(SimpleNamespace(layout=layout), bpy.context)
    return layout.drawn


def test_the_panel_draws_at_every_stage(settings: Any, tmp_path: Path) -> None:
    assert "handmocap.hold" in _drawn()
    rig = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    bpy.context.scene.collection.objects.link(rig)
    settings.armature = rig
    assert any("Both hands" in text for text in _drawn())
    armature = keyed_fingers(settings, tmp_path)
    assert "problems" in _drawn()
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="POSE")
    bpy.ops.pose.select_all(action="DESELECT")
    select_bone(armature.pose.bones["left_thumb1"], True)
    cleanup = bpy.context.scene.handmocap_cleanup
    cleanup.use_range, cleanup.first, cleanup.last = True, 9, 3
    assert any("The frames 9 to 3 are none" in text for text in [" ".join(_drawn())])
    cleanup.last = COUNT
    drawn = " ".join(_drawn())
    assert "Left thumb, frames 9 to 60" in drawn
    assert "fingers" not in drawn.split()
