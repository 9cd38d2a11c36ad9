from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from handmocap_addon.set_up.licences import WILOR_LICENCES, accept, are_accepted
from handmocap_addon.set_up.wilor import WILOR
from handmocap_addon.ui.common import panel_jobs
from handmocap_addon.ui.setup import operators


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HANDMOCAP_ENV", str(tmp_path / "environments"))
    return tmp_path / "environments"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the panel would start, without starting it."""
    commands: list[list[str]] = []
    monkeypatch.setattr(operators, "_start", lambda _context, _title, *arguments: commands.append(list(arguments)))
    return commands


def _may_go_online(may: bool) -> None:
    bpy.context.preferences.system.use_online_access = may


def test_without_consent_nothing_is_started_and_the_panel_says_so(
    settings: Any, folder: Path, started: list[list[str]]
) -> None:
    _may_go_online(True)
    with pytest.raises(RuntimeError, match="licences of WiLoR are not accepted"):
        bpy.ops.handmocap.set_up_wilor()
    assert started == []
    said = panel_jobs.status("setup")
    assert said is not None
    assert not said.ok
    assert "tick the box" in said.sentence


def test_the_tick_is_handed_on_and_an_earlier_consent_needs_none(
    settings: Any, folder: Path, started: list[list[str]]
) -> None:
    _may_go_online(True)
    assert bpy.ops.handmocap.set_up_wilor(accept=True) == {"FINISHED"}
    accept(folder, WILOR, WILOR_LICENCES)
    assert bpy.ops.handmocap.set_up_wilor() == {"FINISHED"}
    assert started == [[WILOR, str(folder), "--accept-licences"], [WILOR, str(folder)]]


def test_without_leave_to_go_online_everything_must_come_from_folders(
    settings: Any, folder: Path, started: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _may_go_online(False)
    with pytest.raises(RuntimeError, match="Allow Online Access, or choose folders"):
        bpy.ops.handmocap.set_up_wilor()
    monkeypatch.setattr(operators, "wheels_folder", lambda _context: tmp_path / "wheels")
    assert not bpy.ops.handmocap.set_up_wilor.poll()
    monkeypatch.setattr(operators, "wilor_folder", lambda _context: tmp_path / "weights")
    accept(folder, WILOR, WILOR_LICENCES)
    assert bpy.ops.handmocap.set_up_wilor() == {"FINISHED"}
    places = ["--wheels", str(tmp_path / "wheels"), "--weights", str(tmp_path / "weights")]
    assert started == [[WILOR, str(folder), *places, "--offline"]]


def test_the_real_job_says_what_the_folder_of_wheels_lacks(
    settings: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wheels").mkdir()
    monkeypatch.setattr(operators, "wheels_folder", lambda _context: tmp_path / "wheels")
    _may_go_online(True)
    with pytest.raises(RuntimeError, match="lacks a wheel of"):
        bpy.ops.handmocap.set_up_wilor(accept=True)
    assert are_accepted(folder, WILOR, WILOR_LICENCES)
    said = panel_jobs.status("setup")
    assert said is not None
    assert "lacks a wheel of absl-py" in said.sentence


def test_a_cancelled_set_up_says_what_is_kept(
    settings: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "waits.py"
    script.write_text("import sys; sys.stdin.read()", encoding="utf-8")
    monkeypatch.setattr(operators, "SET_UP_SCRIPT", script)
    monkeypatch.setattr(panel_jobs, "start", lambda _stage, job, *_, **__: job.cancel() or job.wait())
    _may_go_online(True)
    with pytest.raises(RuntimeError, match="what was downloaded is kept"):
        bpy.ops.handmocap.set_up(what="worker")


def test_doctor_names_this_blender_and_what_there_is_to_do(settings: Any, folder: Path) -> None:
    assert bpy.ops.handmocap.doctor() == {"FINISHED"}
    text = bpy.data.texts[operators.DOCTOR_TEXT].as_string()
    assert f"blender: {bpy.app.version_string}" in text
    assert "worker: missing" in text
    said = panel_jobs.status("doctor")
    assert said is not None
    assert "worker: press Set Up Hand Estimator in Set-up" in said.sentence
    # WiLoR is a choice: that it lacks is in the text and is no fault.
    assert "wilor: missing" in text
    assert "WiLoR" not in said.sentence


def test_estimating_with_wilor_waits_for_its_own_set_up(settings: Any, folder: Path, tmp_path: Path) -> None:
    settings.clip, settings.estimator = str(tmp_path / "clip.mp4"), "wilor"
    with pytest.raises(RuntimeError, match="Set Up WiLoR in Set-up"):
        bpy.ops.handmocap.estimate()


def test_the_dialog_shows_every_licence_and_the_tick(settings: Any) -> None:
    shown: list[str] = []

    class Layout:
        def column(self, **_: Any) -> Layout:
            return self

        def label(self, text: str) -> None:
            shown.append(text)

        def separator(self) -> None:
            pass

        def prop(self, _data: Any, name: str) -> None:
            shown.append(name)

    class Dialog:
        layout = Layout()

    operators.HANDMOCAP_OT_set_up_wilor.draw(Dialog(), bpy.context)
    text = " ".join(shown)
    assert all(licence.address in text and licence.part in text for licence in WILOR_LICENCES)
    assert shown[-1] == "accept"
