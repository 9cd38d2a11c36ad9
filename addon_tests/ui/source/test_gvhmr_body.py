"""GVHMR from the panel: chosen in Body From, run by Estimate before the hands, and put on the body."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest

from addon_tests.making.gvhmr_checkout import behave, runs_of, write_checkout
from addon_tests.ui.hands.test_hands import NotingLayout
from handmocap_addon.blender.rig.body_stillness import moves_body
from handmocap_addon.set_up.gvhmr_checkout import GvhmrCheckout
from handmocap_addon.ui.common import panel_jobs
from handmocap_addon.ui.common import preferences as preferences_module
from handmocap_addon.ui.flow.next_step import next_step
from handmocap_addon.ui.source.panel import HANDMOCAP_PT_source


@pytest.fixture
def chosen(settings: Any, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The preferences of somebody who has named no GVHMR."""
    stand_in = SimpleNamespace(estimator="mediapipe", gvhmr_checkout="", gvhmr_python="")
    monkeypatch.setattr(preferences_module, "preferences", lambda _context: stand_in)
    return stand_in


@pytest.fixture
def checkout(tmp_path: Path, demo: Path, chosen: SimpleNamespace) -> GvhmrCheckout:
    """One that the preferences name, whose result is that of the demo's clip."""
    checkout = write_checkout(tmp_path / "GVHMR")
    shutil.copy(demo / "hmr4d_results.pt", checkout.folder / "double" / "result.pt")
    chosen.gvhmr_checkout, chosen.gvhmr_python = str(checkout.folder), str(checkout.python)
    return checkout


@pytest.fixture
def clip(settings: Any, shot_folder: Path) -> Path:
    settings.clip, settings.body_from = str(shot_folder / "clip.mp4"), "GVHMR"
    return shot_folder / "clip.mp4"


def test_estimate_runs_it_and_the_next_click_puts_it_on_the_body(
    settings: Any, checkout: GvhmrCheckout, clip: Path, worker_python: Path
) -> None:
    settings.steady_camera, settings.focal_mm = True, 26
    assert next_step(bpy.context).operator == "estimate"
    assert bpy.ops.handmocap.next_step() == {"FINISHED"}
    assert runs_of(checkout.folder)[0][-3:] == ["-s", "--f_mm", "26"]
    assert settings.gvhmr_path().name == "hmr4d_results.pt"
    assert settings.gvhmr_path().parent == settings.hand_poses_path().parent
    said = panel_jobs.status("hands")
    assert said is not None and said.ok and said.sentence.endswith("; with GVHMR's body")
    assert said.log_path is not None and "[HMR4D] Predicting" in said.log_path.read_text(encoding="utf-8")
    assert next_step(bpy.context).operator == "put_on_body"
    assert bpy.ops.handmocap.next_step() == {"FINISHED"}
    assert moves_body(settings.armature)
    # Its result is taken again, and made again where it is told of another lens.
    assert bpy.ops.handmocap.estimate() == {"FINISHED"}
    assert len(runs_of(checkout.folder)) == 1
    settings.focal_mm = 50
    assert bpy.ops.handmocap.estimate() == {"FINISHED"}
    assert [run[-1] for run in runs_of(checkout.folder)] == ["26", "50"]


def test_a_failure_is_its_sentence_with_the_log(
    settings: Any, checkout: GvhmrCheckout, clip: Path, worker_python: Path
) -> None:
    behave(checkout.folder, nobody=True)
    with pytest.raises(RuntimeError, match="GVHMR finds nobody in clip.mp4"):
        bpy.ops.handmocap.estimate()
    said = panel_jobs.status("hands")
    assert said is not None and not said.ok
    assert said.log_path is not None and "get_one_track" in said.log_path.read_text(encoding="utf-8")
    assert settings.hand_poses == settings.gvhmr == ""


def test_a_body_that_a_person_chose_is_taken_as_it_is(
    settings: Any, checkout: GvhmrCheckout, clip: Path, demo: Path
) -> None:
    settings.gvhmr = str(demo / "hmr4d_results.pt")
    arguments = settings.estimate_request(Path("hands.npz"), "mediapipe", None).arguments()
    assert arguments[arguments.index("--gvhmr") + 1] == str(demo / "hmr4d_results.pt")
    assert not {"--gvhmr-checkout", "--body-from"} & set(arguments)


def test_where_none_is_named_it_says_how_to_have_it(
    settings: Any, chosen: SimpleNamespace, clip: Path, worker_python: Path
) -> None:
    with pytest.raises(RuntimeError, match="GVHMR is not set up here: choose GVHMR Checkout and GVHMR Python"):
        bpy.ops.handmocap.estimate()
    settings.body_from = "AUTO"
    assert bpy.ops.handmocap.estimate.poll()


class _Drawn:
    def __init__(self) -> None:
        self.layout = NotingLayout()


def _shown() -> set[str]:
    drawn = _Drawn()
    HANDMOCAP_PT_source.draw(drawn, bpy.context)
    return set(drawn.layout.fields)


def test_camera_and_lens_are_shown_where_it_is_chosen(settings: Any, checkout: GvhmrCheckout) -> None:
    assert not {"steady_camera", "focal_mm"} & _shown()
    settings.body_from = "GVHMR"
    assert _shown() >= {"steady_camera", "focal_mm"}
