from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import bpy
import pytest

import handmocap_addon
from addon_tests.making.patience import COMMAND_PATIENCE
from addon_tests.ui.cleanup_scene import keyed_fingers
from addon_tests.ui.whole_session import traces
from handmocap_addon.blender.jobs.child_job import ChildJob
from handmocap_addon.ui.cleanup import live
from handmocap_addon.ui.common import panel_jobs
from handmocap_addon.ui.overlay import session, viewport
from handmocap_addon.ui.registration import CLASSES

OPERATORS = [cls for cls in CLASSES if issubclass(cls, bpy.types.Operator)]
PANELS = [cls for cls in CLASSES if issubclass(cls, bpy.types.Panel)]
CLEANUP = [cls for cls in OPERATORS if "cleanup" in cls.__module__]
CHANGES_THE_FILE = {
    "handmocap.add_body",
    "handmocap.add_clip_camera",
    "handmocap.look_through_clip",
    "handmocap.match_scene",
    "handmocap.follow_scene",
    "handmocap.apply_body",
    "handmocap.choose_clip",
    "handmocap.put_on_body",
    "handmocap.apply_hands",
    "handmocap.convert_rotation",
    "handmocap.full_keys",
    "handmocap.reduce_keys",
    "handmocap.start_over",
    "handmocap.replace_keys",
    "handmocap.keep_keys",
    *(cls.bl_idname for cls in CLEANUP),
    "handmocap.transfer_fingers",
    "handmocap.detect_bone_map",
    "handmocap.load_bone_map",
}


class HandlersOfSpaces:
    """Counts what is drawn into editors by handlers, which Blender lists nowhere."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.there: list[tuple[str, Any]] = []
        for name in dir(bpy.types):
            space = getattr(bpy.types, name)
            if name.startswith("Space") and name != "Space" and hasattr(space, "draw_handler_add"):
                self._watch(space, monkeypatch)

    def _watch(self, space: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        add, remove = space.draw_handler_add, space.draw_handler_remove

        def adding(*arguments: Any) -> Any:
            handle = add(*arguments)
            self.there.append((space.__name__, handle))
            return handle

        def removing(handle: Any, region: str) -> None:
            remove(handle, region)
            self.there.remove((space.__name__, handle))

        monkeypatch.setattr(space, "draw_handler_add", staticmethod(adding))
        monkeypatch.setattr(space, "draw_handler_remove", staticmethod(removing))


@pytest.fixture
def handlers_of_spaces(monkeypatch: pytest.MonkeyPatch) -> HandlersOfSpaces:
    return HandlersOfSpaces(monkeypatch)


def _timers() -> list[Any]:
    """Functions of ours that Blender would call by itself."""
    modules = [module for name, module in sys.modules.items() if name.startswith("handmocap_addon")]
    functions = [thing for module in modules for thing in vars(module).values() if inspect.isfunction(thing)]
    return [function for function in functions if bpy.app.timers.is_registered(function)]


def test_ten_times_on_and_off_leaves_nothing(empty_scene: Any, handlers_of_spaces: HandlersOfSpaces) -> None:
    before = traces()
    for _ in range(10):
        handmocap_addon.register()
        assert bpy.context.scene.handmocap is not None
        assert "add_body" in dir(bpy.ops.handmocap)
        handmocap_addon.unregister()
    assert traces() == before
    assert not any(getattr(cls, "is_registered", False) for cls in CLASSES)  # Gizmos do not tell.
    assert _timers() == []
    assert not bpy.app.timers.is_registered(session._look)
    assert viewport._HANDLES == []
    assert handlers_of_spaces.there == []


def test_nothing_is_left_where_the_extension_was_in_use(
    empty_scene: Any, handlers_of_spaces: HandlersOfSpaces, tmp_path: Path
) -> None:
    """Work, another file, a job and a timer that waits."""
    before = traces()
    handmocap_addon.register()
    keyed_fingers(bpy.context.scene.handmocap, tmp_path)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    job = ChildJob([sys.executable, "-c", "import sys; sys.stdin.read()"], tmp_path / "job.log")
    panel_jobs._running["hands"] = panel_jobs._Entry(job, job, lambda _result: "done")
    for timer in (panel_jobs._tick, live._apply):
        bpy.app.timers.register(timer, first_interval=60.0)
    handmocap_addon.unregister()
    assert not job.poll()
    assert traces() == before
    assert _timers() == []
    assert handlers_of_spaces.there == []


def test_what_is_left_would_be_found(empty_scene: Any, handlers_of_spaces: HandlersOfSpaces) -> None:
    before = traces()
    handmocap_addon.register()
    keys = {"classes", "operators", "properties", "handlers"}
    assert keys <= {name for name, found in traces().items() if found != before[name]}
    handmocap_addon.unregister()
    handle = bpy.types.SpaceView3D.draw_handler_add(print, (), "WINDOW", "POST_PIXEL")
    assert len(handlers_of_spaces.there) == 1
    bpy.types.SpaceView3D.draw_handler_remove(handle, "WINDOW")
    bpy.app.timers.register(live._apply, first_interval=60.0)
    assert _timers() == [live._apply]
    live.stop()


_OFF_ON = """
import os, sys
import bpy
import addon_utils
bpy.ops.wm.read_factory_settings(use_empty=True)
for _ in range(3):
    assert addon_utils.enable("handmocap_addon") is not None
    assert bpy.ops.handmocap.add_body() == {"FINISHED"}
    addon_utils.disable("handmocap_addon")
    assert not hasattr(bpy.types.Scene, "handmocap")
    # As a person does who installs a newer version over the old one.
    for name in [name for name in sys.modules if name.startswith("handmocap_addon")]:
        del sys.modules[name]
print("came back", flush=True)
os._exit(0)
"""


def test_off_and_on_with_freshly_read_modules(repository: Path, tmp_path: Path) -> None:
    path = os.pathsep.join([str(repository), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "BLENDER_USER_RESOURCES": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", _OFF_ON], env=environment, capture_output=True, text=True, timeout=COMMAND_PATIENCE
    )
    assert "came back" in done.stdout, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


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
    stages = [panel for panel in PANELS if not hasattr(panel, "bl_parent_id")]
    labels = [panel.bl_label for panel in sorted(stages, key=lambda panel: panel.bl_order)]
    assert labels == [
        "handmocap",
        "Set-up",
        "Source",
        "Hands",
        "Body",
        "Fingers",
        "Cleanup",
        "To Another Rig",
        "Bake",
        "Motion Files",
        "Set-up",
    ]
    assert {panel.bl_category for panel in PANELS} == {"handmocap"}
