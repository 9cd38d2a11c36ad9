"""What is said of a job in the status bar and at its end. The window itself is looked at by hand: bpy has none."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest

import handmocap_addon
from addon_tests.blender.processes import wait_until
from handmocap_addon.blender.jobs.child_job import ChildJob
from handmocap_addon.core.job_protocol import JobEvent
from handmocap_addon.ui.common import announcements, panel_jobs, status_bar

_PROGRESS = JobEvent("progress", {"stage": "Estimating", "done": 3, "total": 10, "fps": 31.2, "eta_s": 260.0}).line()


class Layout:
    """Writes down what is drawn."""

    def __init__(self, drawn: list[str]) -> None:
        self._drawn = drawn
        self.ui_units_x = 0.0

    def row(self, align: bool = False) -> Layout:
        return self

    def label(self, text: str = "", icon: str = "") -> None:
        self._drawn.append(text)

    def progress(self, factor: float, text: str) -> None:
        self._drawn.append(text)

    def operator(self, name: str, text: str = "", icon: str = "") -> Any:
        self._drawn.append(name)
        return SimpleNamespace()


def _drawn_in_status_bar() -> list[str]:
    drawn: list[str] = []
    status_bar._draw(SimpleNamespace(layout=Layout(drawn)), bpy.context)
    return drawn


@pytest.fixture
def said(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[announcements.Announcement]:
    """What would be announced in a window."""
    heard: list[announcements.Announcement] = []
    monkeypatch.setattr(announcements, "announce", heard.append)
    return heard


def _run(tmp_path: Path, code: str, cancels: bool = False) -> None:
    job = ChildJob([sys.executable, "-c", code], tmp_path / "job.log")
    panel_jobs._running["hands"] = panel_jobs._Entry(job, job, lambda result: f"{result['frames']} frames", title="Estimate")
    if cancels:
        panel_jobs.cancel("hands")
    assert wait_until(lambda: panel_jobs._tick() is None)


def test_a_running_job_stands_in_the_status_bar_with_its_time_left_and_cancel(settings: Any, tmp_path: Path) -> None:
    assert _drawn_in_status_bar() == []
    job = ChildJob([sys.executable, "-c", f"print('''{_PROGRESS}''', flush=True); input()"], tmp_path / "job.log")
    panel_jobs._running["hands"] = panel_jobs._Entry(job, job, lambda _result: "", title="Estimate")
    assert wait_until(lambda: job.progress is not None)
    assert _drawn_in_status_bar() == ["Estimate: Estimating, 31 fps", "30 %, 4 min left", "handmocap.cancel_job"]
    panel_jobs.cancel("hands")
    assert "Cancelling" in _drawn_in_status_bar()
    assert wait_until(lambda: not job.poll())


def test_the_end_of_a_job_is_announced(said: list[announcements.Announcement], tmp_path: Path) -> None:
    _run(tmp_path, """print('{"event": "result", "frames": 96}')""")
    (end,) = said
    assert (end.level, end.title, end.sentence) == ("INFO", "Estimate", "96 frames")


def test_a_failure_is_an_error_with_its_next_step(said: list[announcements.Announcement], tmp_path: Path) -> None:
    _run(
        tmp_path,
        """print('{"event": "error", "code": "clip", "message": "There is no clip", "hint": "choose it"}'); exit(3)""",
    )
    assert [(end.level, end.sentence) for end in said] == [("ERROR", "There is no clip: choose it")]


def test_a_failure_stays_in_the_status_bar_until_it_is_dismissed_or_run_again(settings: Any, tmp_path: Path) -> None:
    failed = ["Hands failed", "handmocap.open_log", "handmocap.dismiss_failure"]
    _run(tmp_path, "exit(3)")
    assert _drawn_in_status_bar() == failed
    assert bpy.ops.handmocap.dismiss_failure(stage="hands") == {"FINISHED"}
    assert _drawn_in_status_bar() == []
    said = panel_jobs.status("hands")
    assert said is not None and "exit 3" in said.sentence
    _run(tmp_path, "exit(3)")
    assert _drawn_in_status_bar() == failed
    _run(tmp_path, "input()", cancels=True)
    assert _drawn_in_status_bar() == []


def test_a_cancelled_job_is_no_error(said: list[announcements.Announcement], tmp_path: Path) -> None:
    _run(tmp_path, "input()", cancels=True)
    assert [end.level for end in said] == ["WARNING"]
    status = panel_jobs.status("hands")
    assert status is not None
    assert status.is_cancelled


def test_without_a_window_nothing_waits_to_be_said(settings: Any) -> None:
    announcements.announce(announcements.Announcement("ERROR", "Estimate", "failed"))
    assert not announcements._waiting
    assert not bpy.app.timers.is_registered(announcements._say_next)


def test_the_log_becomes_one_text_that_is_renewed(settings: Any, tmp_path: Path) -> None:
    log = tmp_path / "estimate.log"
    for content in ("first", "second"):
        log.write_text(content, encoding="utf-8")
        assert bpy.ops.handmocap.open_log(filepath=str(log)) == {"FINISHED"}
    assert [text.as_string() for text in bpy.data.texts if "estimate" in text.name] == ["second"]
    log.unlink()
    with pytest.raises(RuntimeError, match="cannot be opened"):
        bpy.ops.handmocap.open_log(filepath=str(log))


def test_switching_off_takes_the_drawing_out_of_the_status_bar(settings: Any) -> None:
    assert status_bar._draw in bpy.types.STATUSBAR_HT_header.draw._draw_funcs
    handmocap_addon.unregister()
    assert status_bar._draw not in bpy.types.STATUSBAR_HT_header.draw._draw_funcs
    handmocap_addon.register()
