"""Path fields of a .blend that lead nowhere, to devices, or are no paths at all: panels draw, handlers and buttons say it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import bpy
import pytest

from addon_tests.ui.whole_session import AnyLayout
from handmocap_addon.ui.common import guards
from handmocap_addon.ui.registration import CLASSES
from handmocap_addon.ui.source import relative_paths

_PANELS = [cls for cls in CLASSES if issubclass(cls, bpy.types.Panel)]
_OPERATORS = ("apply_hands", "apply_body", "add_body", "find_problems", "next_problem")
_TEXTS = {
    "a long name": "/" + "a" * 900, "very long": "/a" * 400, "upwards": "//" + "../" * 300, "a device": "/dev/zero",
    "no text": "\x01\x02", "an address": "http://127.0.0.1:9/a.mp4", "a share": "\\\\nowhere\\a.mp4", "brackets": "[" * 900,
    "a home": "~nobody/a", "itself": "//", "memory": "/proc/self/mem", "signs of many bytes": "/" + "/\U0001f44b" * 900,
}  # fmt: skip


@pytest.fixture
def traces(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would have gone to the log as a failure that nobody foresaw."""
    said: list[str] = []
    monkeypatch.setattr(guards, "_keep", lambda text: said.append(text))
    return said


def _look() -> None:
    for cls in _PANELS:
        panel = type("Drawn", (), {})()
        panel.layout = AnyLayout()
        if not hasattr(cls, "poll") or cls.poll(bpy.context):
            cls.draw(panel, bpy.context)
    relative_paths.after_opening()


@pytest.mark.parametrize("text", _TEXTS.values(), ids=_TEXTS)
@pytest.mark.parametrize("name", relative_paths._FIELDS)
def test_a_path_that_is_none_is_no_failure_that_nobody_foresaw(
    name: str, text: str, settings: Any, traces: list[str]
) -> None:
    setattr(settings, name, text)
    _look()
    assert not traces, traces


@pytest.mark.parametrize("text", _TEXTS.values(), ids=_TEXTS)
def test_buttons_say_it_in_a_sentence(text: str, settings: Any, traces: list[str]) -> None:
    for name in ("clip", "gvhmr", "hand_poses", "smplx_model"):
        setattr(settings, name, text)
    for name in _OPERATORS:
        with contextlib.suppress(RuntimeError):  # how a script is told of a sentence, and of a button that is greyed out
            getattr(bpy.ops.handmocap, name)()
    assert not traces, traces


@pytest.mark.parametrize(
    "text", ["[", "3", "[1]", "{}", '{"clip": 3}', '{"clip": {"a": []}}', "[" * 5000, '{"clip": "\\u0000"}']
)
def test_places_that_make_no_sense_are_ignored(text: str, settings: Any, traces: list[str], tmp_path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    settings = bpy.context.scene.handmocap
    settings.clip, settings.places = "//nothing.mp4", text
    relative_paths.after_opening()
    assert settings.clip == "//nothing.mp4"
    assert not traces, traces
