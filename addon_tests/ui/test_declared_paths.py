"""Every field for a path says that it may start from the saved file, and does; Blender has nothing to warn of."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

from handmocap_addon.core.errors import BadUsageError
from handmocap_addon.ui import registration
from handmocap_addon.ui.common import preferences as preferences_module
from handmocap_addon.ui.common.chosen_paths import chosen_folder
from handmocap_addon.ui.state.bake_targets import bake_targets

# What reads each of the panel's fields.
FIELDS = {
    "clip": lambda context: context.scene.handmocap.clip_path(),
    "gvhmr": lambda context: context.scene.handmocap.gvhmr_path(),
    "hand_poses": lambda context: context.scene.handmocap.hand_poses_path(),
    "smplx_model": lambda context: context.scene.handmocap.smplx_model_path(),
    "bake_folder": lambda context: bake_targets(context)[0].parent,
    "output_folder": lambda context: context.scene.handmocap.result_folder(),
    "motion_files.folder": lambda context: chosen_folder(context.scene.handmocap.motion_files.folder),
}
SHARED = ("environment_folder", "smplx_folder", "wilor_folder", "wheels_folder", "gvhmr_checkout", "gvhmr_python")


@pytest.fixture
def shared(settings: Any) -> Iterator[Any]:
    """The preferences as they are where the extension is installed."""
    addon = bpy.context.preferences.addons.new()
    addon.module = preferences_module.ROOT_PACKAGE
    yield addon.preferences
    bpy.context.preferences.addons.remove(addon)


def _path_fields() -> list[tuple[str, Any]]:
    found = []
    for cls in registration.CLASSES:
        rna = cls.bl_rna
        if issubclass(cls, bpy.types.Operator):
            module, _, name = cls.bl_idname.partition(".")
            rna = getattr(getattr(bpy.ops, module), name).get_rna_type()
        own = [field for field in rna.properties if field.identifier in getattr(cls, "__annotations__", ())]
        found += [(f"{cls.__name__}.{field.identifier}", field) for field in own if field.type == "STRING"]
    return [(name, field) for name, field in found if field.subtype in ("FILE_PATH", "DIR_PATH")]


def test_every_path_field_is_declared(settings: Any) -> None:
    fields = _path_fields()
    assert len(fields) >= 17, [name for name, _ in fields]
    assert [name for name, field in fields if not field.is_path_supports_blend_relative] == []


@pytest.mark.parametrize("name", FIELDS)
def test_a_relative_field_is_quiet_and_means_the_same_after_save_as_elsewhere(
    name: str, settings: Any, tmp_path: Path
) -> None:
    place = tmp_path / "show" / "there"
    place.mkdir(parents=True)
    (tmp_path / "elsewhere" / "deep").mkdir(parents=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "show" / "shot.blend"))
    holder, _, field = ("", "", name) if "." not in name else name.partition(".")
    settings = bpy.context.scene.handmocap
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        setattr(getattr(settings, holder) if holder else settings, field, "//there")
        assert FIELDS[name](bpy.context) == place
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "elsewhere" / "deep" / "shot.blend"))
    assert FIELDS[name](bpy.context) == place
    settings = bpy.context.scene.handmocap
    assert getattr(getattr(settings, holder) if holder else settings, field) == "//../../show/there"


@pytest.mark.parametrize("name", SHARED)
def test_a_relative_folder_in_the_preferences_stays_the_same_folder(name: str, shared: Any, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        setattr(shared, name, "//there")
    for elsewhere in ("elsewhere/shot.blend", "shot.blend"):
        assert getattr(shared, name) == str(tmp_path / "there")
        assert getattr(preferences_module, name)(bpy.context) == tmp_path / "there"
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / elsewhere))


def test_results_beside_each_file_by_the_preferences(shared: Any, tmp_path: Path) -> None:
    shared.output_folder = "//hands/{clip}"
    settings = bpy.context.scene.handmocap
    settings.clip = str(tmp_path / "shot_7.mp4")
    assert "save the file first" in settings.result_place().said
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert bpy.context.scene.handmocap.result_folder() == tmp_path / "hands" / "shot_7"


def test_a_folder_that_starts_from_a_file_never_saved_is_a_sentence(settings: Any, tmp_path: Path) -> None:
    said = "The folder //there starts from the saved file: save the file first, or choose another folder"
    settings.output_folder = "//there"
    assert settings.result_place() == type(settings.result_place())(None, said)
    settings.bake_folder = settings.motion_files.folder = "//there"
    with pytest.raises(BadUsageError) as caught:
        bake_targets(bpy.context)
    assert caught.value.sentence() == said
    assert not Path("there").exists()
