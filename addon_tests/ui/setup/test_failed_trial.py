"""Why an environment is not ready, as long as that is so: the sentence lies beside it, not in the session."""

from __future__ import annotations

import venv
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest

from handmocap_addon.set_up.environments import REQUIREMENTS
from handmocap_addon.set_up.stamps import pins_hash, write_stamp
from handmocap_addon.set_up.trial import FAILED_NAME
from handmocap_addon.ui.common import panel_jobs
from handmocap_addon.ui.setup import panel as setup_panel


class _Layout:
    """Notes the words of labels; everything else is there and does nothing."""

    def __init__(self, words: list[str]) -> None:
        self._words = words

    def label(self, text: str = "", icon: str = "NONE") -> None:
        self._words.append(text)

    def operator(self, _name: str, **_named: Any) -> Any:
        return SimpleNamespace()

    def prop(self, *_arguments: Any, **_named: Any) -> None:
        pass

    def column(self, **_named: Any) -> _Layout:
        return self

    box = row = column


def test_why_a_trial_failed_is_shown_after_another_file_was_opened(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "MediaPipe needs the system library libEGL.so.1: install it with: sudo apt install libegl1"
    environment = tmp_path / "environments" / "worker-python3.11"
    venv.create(environment, with_pip=False)
    write_stamp(environment, pins_hash([REQUIREMENTS / "worker.txt", REQUIREMENTS / "stand_in.txt"]))
    (environment / FAILED_NAME).write_text(said, encoding="utf-8")
    monkeypatch.setenv("HANDMOCAP_ENV", str(environment.parent))

    def shown() -> str:
        words: list[str] = []
        setup_panel.HANDMOCAP_PT_first_steps.draw(SimpleNamespace(layout=_Layout(words)), bpy.context)
        return " ".join(words)

    panel_jobs.set_status("setup", False, said)
    assert shown().count(said) == 1
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert shown().count(said) == 1
    # Another version's packages, of which this version's set-up makes new ones.
    write_stamp(environment, "of another version")
    assert said not in shown()
