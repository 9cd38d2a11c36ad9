from __future__ import annotations

from typing import Any

import bpy
import pytest

import handmocap_addon
from handmocap_addon.ui import panel_jobs
from handmocap_addon.ui.cleanup import live
from handmocap_addon.ui.registration import CLASSES

OPERATORS = [cls for cls in CLASSES if issubclass(cls, bpy.types.Operator)]
PANELS = [cls for cls in CLASSES if issubclass(cls, bpy.types.Panel)]
CLEANUP = [cls for cls in OPERATORS if "cleanup" in cls.__module__]
CHANGES_THE_FILE = {
    "handmocap.add_body",
    "handmocap.apply_body",
    "handmocap.choose_clip",
    "handmocap.put_on_body",
    "handmocap.apply_hands",
    "handmocap.convert_rotation",
    "handmocap.full_keys",
    "handmocap.reduce_keys",
    "handmocap.start_over",
    *(cls.bl_idname for cls in CLEANUP),
    "handmocap.transfer_fingers",
    "handmocap.detect_bone_map",
    "handmocap.load_bone_map",
}


def _registered_names() -> list[str]:
    return [name for name in dir(bpy.types) if name.lower().startswith("handmocap")]


def test_ten_times_on_and_off_leaves_nothing(empty_scene: Any) -> None:
    for _ in range(10):
        handmocap_addon.register()
        assert bpy.context.scene.handmocap is not None
        assert "add_body" in dir(bpy.ops.handmocap)
        handmocap_addon.unregister()
    assert _registered_names() == []
    assert not any(cls.is_registered for cls in CLASSES)
    assert not hasattr(bpy.types.Scene, "handmocap")
    assert not hasattr(bpy.types.Scene, "handmocap_cleanup")
    assert dir(bpy.ops.handmocap) == []
    assert not bpy.app.timers.is_registered(panel_jobs._tick)
    assert not bpy.app.timers.is_registered(live._apply)


def test_settings_come_back_with_the_file_after_off_and_on(settings: Any, tmp_path: Any) -> None:
    settings.longest_gap = 1.25
    path = str(tmp_path / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    settings.longest_gap = 0.1
    bpy.ops.wm.open_mainfile(filepath=path)
    assert bpy.context.scene.handmocap.longest_gap == 1.25


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda cls: cls.__name__)
def test_every_operator_has_a_name_and_a_tooltip(operator: Any, settings: Any) -> None:
    rna = getattr(bpy.ops.handmocap, operator.bl_idname.removeprefix("handmocap.")).get_rna_type()
    assert len(rna.description) > 10
    # Blender sets no point after a tooltip.
    assert not rna.description.endswith(".")
    assert rna.name == operator.bl_label


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda cls: cls.__name__)
def test_only_what_changes_the_file_can_be_undone(operator: Any) -> None:
    options = getattr(operator, "bl_options", set())
    assert ("UNDO" in options) == (operator.bl_idname in CHANGES_THE_FILE)


def test_every_setting_says_what_it_is(settings: Any) -> None:
    own = [item for item in settings.bl_rna.properties if item.identifier not in ("rna_type", "name") and not item.is_hidden]
    assert len(own) >= 10
    obvious = {"estimator", "body", "bake_alembic", "bake_usd"}
    assert [item.identifier for item in own if not item.description and item.identifier not in obvious] == []


def test_panels_stand_in_the_order_of_the_work(settings: Any) -> None:
    labels = [panel.bl_label for panel in sorted(PANELS, key=lambda panel: panel.bl_order)]
    assert labels == ["handmocap", "Source", "Hands", "Body", "Fingers", "Cleanup", "To Another Rig", "Bake", "Set-up"]
    assert {panel.bl_category for panel in PANELS} == {"handmocap"}
