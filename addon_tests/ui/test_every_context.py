"""Every class wherever Blender may ask it: other editors, other modes, scenes without anything. F3 asks polls anywhere."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

from addon_tests.ui.cleanup_scene import keyed_fingers
from addon_tests.ui.whole_session import AnyLayout
from handmocap_addon.ui.registration import CLASSES

OPERATORS = [cls for cls in CLASSES if issubclass(cls, bpy.types.Operator)]
PANELS = [cls for cls in CLASSES if issubclass(cls, bpy.types.Panel)]
EDITORS = ("VIEW_3D", "DOPESHEET_EDITOR", "GRAPH_EDITOR", "NLA_EDITOR", "OUTLINER", "TEXT_EDITOR", "CONSOLE", "CLIP_EDITOR",
           "PROPERTIES", "FILE_BROWSER", "SPREADSHEET", "PREFERENCES", "INFO", "IMAGE_EDITOR", "SEQUENCE_EDITOR")  # fmt: skip


def _nothing(_settings: Any, _folder: Path) -> None: ...


def _object_mode(settings: Any, folder: Path) -> None:
    keyed_fingers(settings, folder)
    bpy.ops.object.select_all(action="DESELECT")
    bpy.context.view_layer.objects.active = None


def _mode(mode: str) -> Callable[[Any, Path], None]:
    def enter(settings: Any, folder: Path) -> None:
        bpy.context.view_layer.objects.active = keyed_fingers(settings, folder)
        bpy.ops.object.mode_set(mode=mode)

    return enter


def _another_object_in_edit_mode(settings: Any, folder: Path) -> None:
    keyed_fingers(settings, folder)
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.object.mode_set(mode="EDIT")


def _armature_of_another_scene(settings: Any, folder: Path) -> None:
    armature = keyed_fingers(settings, folder)
    other = bpy.data.scenes.new("Other")
    other.handmocap.armature = other.handmocap.retarget.target = armature
    bpy.context.window.scene = other


def _deleted_armature(settings: Any, folder: Path) -> None:
    armature = keyed_fingers(settings, folder)
    bpy.data.objects.remove(armature)


def _missing_files(settings: Any, folder: Path) -> None:
    keyed_fingers(settings, folder)
    for name in ("clip", "gvhmr", "hand_poses", "smplx_model"):
        setattr(settings, name, "//moved away/nothing.here")
    settings.body = "FILE"


SITUATIONS = {
    "empty file": _nothing,
    "object mode, nothing active": _object_mode,
    "pose mode": _mode("POSE"),
    "edit mode": _mode("EDIT"),
    "edit mode of a mesh": _another_object_in_edit_mode,
    "another scene's armature": _armature_of_another_scene,
    "armature deleted": _deleted_armature,
    "files gone": _missing_files,
}


@pytest.fixture(params=SITUATIONS)
def situation(request: Any, settings: Any, tmp_path: Path) -> str:
    SITUATIONS[request.param](settings, tmp_path)
    return str(request.param)


def _contexts() -> Iterator[tuple[str, Any]]:
    yield "without area", contextlib.nullcontext()
    yield "without window", bpy.context.temp_override(window=None)
    window = bpy.context.window
    area = window.screen.areas[0]
    former = area.type
    for editor in EDITORS:
        area.type = editor
        for region in area.regions:
            yield f"{editor} {region.type}", bpy.context.temp_override(window=window, area=area, region=region)
    area.type = former


class _Drawn:
    """A panel as its methods see themselves."""

    def __init__(self, cls: Any) -> None:
        self.layout, self._class = AnyLayout(), cls

    def __getattr__(self, name: str) -> Any:
        return getattr(self._class, name)


def test_no_poll_raises(situation: str) -> None:
    for name, context in _contexts():
        with context:
            for cls in (*OPERATORS, *PANELS):
                if hasattr(cls, "poll"):
                    assert cls.poll(bpy.context) in (True, False), f"{cls.__name__} {name}"


def test_no_panel_raises(situation: str) -> None:
    for _name, context in _contexts():
        with context:
            for cls in PANELS:
                if not hasattr(cls, "poll") or cls.poll(bpy.context):
                    drawn = _Drawn(cls)
                    for part in ("draw_header", "draw_header_preset", "draw"):
                        if hasattr(cls, part):
                            getattr(cls, part)(drawn, bpy.context)


def test_every_operator_can_be_found_by_f3(settings: Any) -> None:
    # Which text, which failure, and what is announced, only the panel and the jobs can say.
    hidden = {"handmocap.open_text", "handmocap.announce", "handmocap.dismiss_failure"}
    for cls in OPERATORS:
        assert cls.bl_label, cls.__name__
        assert ("INTERNAL" in getattr(cls, "bl_options", set())) == (cls.bl_idname in hidden), cls.__name__
    labels = [cls.bl_label for cls in OPERATORS]
    assert sorted(labels) == sorted(set(labels))
