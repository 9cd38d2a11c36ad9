"""Every tooltip is a phrase that teaches, and every grey button has its reason: over all classes that are registered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import bpy
import pytest

from handmocap_addon.ui.common import panel_jobs
from handmocap_addon.ui.registration import CLASSES

FEWEST_WORDS = 4
OPERATORS = [cls for cls in CLASSES if issubclass(cls, bpy.types.Operator)]
GROUPS = [cls for cls in CLASSES if issubclass(cls, (bpy.types.PropertyGroup, bpy.types.AddonPreferences))]
# What Blender itself declares.
_BLENDERS_OWN = {"rna_type", "name", "bl_idname", "filepath", "check_existing", "filter_glob"}
# Whose fault it is when a call does not come through: Blender says only this where a poll gave no reason.
_NO_REASON = re.compile(r"poll\(\) (failed, context is incorrect|expected)")


def _rna_of(operator: Any) -> Any:
    return getattr(bpy.ops.handmocap, operator.bl_idname.removeprefix("handmocap.")).get_rna_type()


def _tooltips() -> Iterator[tuple[str, str, str]]:
    """Place, label and tooltip."""
    for operator in OPERATORS:
        rna = _rna_of(operator)
        yield operator.bl_idname, rna.name, rna.description
        yield from _of_properties(operator.bl_idname, rna)
    for group in GROUPS:
        yield from _of_properties(group.__name__, group.bl_rna)


def _of_properties(place: str, rna: Any) -> Iterator[tuple[str, str, str]]:
    for item in rna.properties:
        if item.identifier not in _BLENDERS_OWN and not item.is_hidden:
            yield f"{place}.{item.identifier}", item.name, item.description


def test_every_tooltip_is_a_phrase_without_a_full_stop(settings: Any) -> None:
    tooltips = list(_tooltips())
    assert len(tooltips) > 150
    thin = [
        f"{place}: {text!r}"
        for place, label, text in tooltips
        if len(text.split()) < FEWEST_WORDS or text.endswith(".") or text.strip().lower() == label.strip().lower()
    ]
    assert thin == []


def test_every_choice_says_what_it_is(settings: Any) -> None:
    silent = []
    for rna in (*map(_rna_of, OPERATORS), *(group.bl_rna for group in GROUPS)):
        for item in rna.properties:
            if item.type == "ENUM" and item.identifier not in _BLENDERS_OWN:
                silent += [
                    f"{rna.identifier}.{item.identifier}.{one.identifier}" for one in item.enum_items if not one.description
                ]
    assert silent == []


def _an_empty_scene() -> None:
    pass


def _an_smplx_body_without_a_file() -> None:
    bpy.context.scene.handmocap.body = "FILE"


def _a_body() -> None:
    bpy.context.scene.handmocap.body = "STAND_IN"
    bpy.ops.handmocap.add_body()


def _a_body_with_another_rig() -> None:
    _a_body()
    bpy.ops.object.armature_add()
    bpy.context.scene.handmocap.retarget.target = bpy.context.object


def _offline() -> None:
    bpy.context.preferences.system.use_online_access = False


def _a_clip_whose_estimate_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    bpy.context.scene.handmocap.clip = "clip.mp4"
    _another_job(monkeypatch)


def _another_job(monkeypatch: pytest.MonkeyPatch) -> None:
    for stage in ("hands", "bake", "setup", "doctor", "cache", "cache size"):
        monkeypatch.setitem(panel_jobs._running, stage, panel_jobs._Entry(None, None, lambda _result: ""))  # type: ignore[arg-type]


def test_every_grey_button_says_what_it_waits_for(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    grey: set[str] = set()
    states = (_an_empty_scene, _offline, _an_smplx_body_without_a_file, _a_body, _a_body_with_another_rig)
    for make in (*states, lambda: _a_clip_whose_estimate_runs(monkeypatch)):
        make()
        for operator in OPERATORS:
            call = getattr(bpy.ops.handmocap, operator.bl_idname.removeprefix("handmocap."))
            if not call.poll():
                grey.add(operator.bl_idname)
                with pytest.raises(RuntimeError) as caught:
                    call()
                assert not _NO_REASON.search(str(caught.value)), operator.bl_idname
                assert len(str(caught.value).split()) >= 6, str(caught.value)
    monkeypatch.undo()
    can_be_grey = {
        operator.bl_idname for operator in OPERATORS if "poll" in {name for cls in operator.__mro__ for name in vars(cls)}
    }
    # Each of them was met grey at least once above, so none has a silent poll.
    assert can_be_grey - grey == set()
