"""What the panel asks the worker for."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import bpy
import pytest

from handmocap_addon.ui.hands import operators, panel

OPTIONS = {"--model", "--detector-size", "--batch", "--frames", "--side", "--afresh"}


@pytest.fixture
def clip(settings: Any, tmp_path: Path) -> Path:
    settings.clip = str(tmp_path / "clip.mp4")
    return tmp_path / "clip.mp4"


def _options(settings: Any, estimator: str) -> dict[str, str]:
    arguments = settings.estimate_request(Path("hands.npz"), estimator, Path("weights")).arguments()
    return {name: value for name, value in itertools.pairwise([*arguments, ""]) if name.startswith("--")}


def test_by_itself_it_asks_for_both_hands_of_the_whole_clip(settings: Any, clip: Path) -> None:
    options = _options(settings, "mediapipe")
    assert not OPTIONS & set(options)
    assert options["--clip"] == str(clip)
    assert options["--out"] == "hands.npz"


def test_a_range_and_a_side_and_again(settings: Any, clip: Path) -> None:
    settings.frames, settings.first_frame, settings.last_frame = "RANGE", 12, 40
    settings.sides, settings.afresh = "RIGHT", True
    options = _options(settings, "mediapipe")
    assert options["--frames"] == "12-40"
    assert options["--side"] == "right"
    assert "--afresh" in options
    settings.frames, settings.sides, settings.afresh = "ALL", "BOTH", False
    assert not OPTIONS & set(_options(settings, "mediapipe"))


def test_wilor_s_own_choices_go_to_wilor_alone(settings: Any, clip: Path) -> None:
    settings.detector_size, settings.batch = 1280, 12
    options = _options(settings, "wilor")
    assert (options["--model"], options["--detector-size"], options["--batch"]) == ("weights", "1280", "12")
    assert not OPTIONS & set(_options(settings, "mediapipe"))
    settings.batch = 0
    assert "--batch" not in _options(settings, "wilor")


def test_the_detector_works_as_large_as_wilor_has_it(settings: Any, clip: Path) -> None:
    from handmocap_addon.worker.estimators.wilor_settings import WilorSettings

    assert settings.detector_size == WilorSettings().imgsz


def test_estimate_asks_for_what_the_panel_says(
    settings: Any, clip: Path, worker_python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def note(_folder: Path, arguments: list[str], _estimator: str) -> list[str]:
        asked.append(arguments)
        return [str(worker_python), "-c", "import sys; sys.exit(3)"]

    monkeypatch.setattr(operators, "worker_command", note)
    settings.frames, settings.first_frame, settings.last_frame, settings.sides = "RANGE", 3, 5, "LEFT"
    with pytest.raises(RuntimeError):
        bpy.ops.handmocap.estimate()
    assert asked[0][asked[0].index("--frames") + 1] == "3-5"
    assert asked[0][asked[0].index("--side") + 1] == "left"


def test_a_range_that_ends_before_it_begins_greys_the_button_out(settings: Any, clip: Path, worker_python: Path) -> None:
    settings.frames, settings.first_frame, settings.last_frame = "RANGE", 9, 3
    with pytest.raises(RuntimeError, match="The range of frames ends before it begins"):
        bpy.ops.handmocap.estimate()
    settings.frames = "ALL"
    assert bpy.ops.handmocap.estimate.poll()


class NotingLayout:
    """Notes the fields that a panel shows."""

    def __init__(self) -> None:
        self.fields: list[str] = []

    def prop(self, _settings: Any, name: str, **_: Any) -> None:
        self.fields.append(name)

    def row(self, **_: Any) -> NotingLayout:
        return self

    column = row

    def operator(self, *_: Any, **__: Any) -> None:
        pass

    def label(self, **_: Any) -> None:
        pass

    def panel(self, *_: Any, **__: Any) -> tuple[NotingLayout, NotingLayout]:
        return self, self


class _Drawn:
    def __init__(self) -> None:
        self.layout = NotingLayout()


def _shown() -> set[str]:
    drawn = _Drawn()
    panel.HANDMOCAP_PT_hands.draw(drawn, bpy.context)
    return set(drawn.layout.fields)


def test_the_panel_shows_what_matters_now(settings: Any) -> None:
    assert not {"detector_size", "batch", "first_frame", "last_frame"} & _shown()
    settings.estimator, settings.frames = "wilor", "RANGE"
    assert _shown() >= {"detector_size", "batch", "first_frame", "last_frame", "sides", "afresh"}
