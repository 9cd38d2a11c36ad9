"""Whatever fails in an operator, a panel or a handler: a sentence for the artist, the trace in a log, nothing on the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

import handmocap_addon
from addon_tests.ui.cleanup_scene import keyed_fingers
from addon_tests.ui.whole_session import AnyLayout, traces
from handmocap_addon.blender.cleanup.problem_markers import has_markers, remove_markers
from handmocap_addon.blender.cleanup.problems import PROBLEMS_PROPERTY, read_problems
from handmocap_addon.blender.curves import kept_text
from handmocap_addon.core.errors import BadInputError
from handmocap_addon.core.skeleton import SIDES
from handmocap_addon.ui import handlers, registration
from handmocap_addon.ui.apply import body as body_keying
from handmocap_addon.ui.common import guards, panel_jobs, status_bar
from handmocap_addon.ui.hands.operators import HANDMOCAP_OT_estimate
from handmocap_addon.ui.registration import CLASSES

OPERATORS = [cls for cls in CLASSES if issubclass(cls, bpy.types.Operator)]
DRAWN = [cls for cls in CLASSES if issubclass(cls, bpy.types.Panel | bpy.types.UIList | bpy.types.AddonPreferences)]


@pytest.fixture
def log(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(guards, "environment_folder", lambda _context: tmp_path / "environments")
    guards._written.clear()
    return tmp_path / "environments" / "logs" / "panel.log"


def broken(*_arguments: Any, **_named: Any) -> Any:
    raise ZeroDivisionError("nobody foresaw this")


def _broken_method(this: Any, context: Any) -> Any:
    return broken()


@pytest.mark.parametrize("cls", [*OPERATORS, *DRAWN], ids=lambda cls: cls.__name__)
def test_every_function_that_blender_calls_is_guarded(cls: Any, settings: Any) -> None:
    own = [name for name in guards._ANSWERS if any(name in vars(base) for base in cls.__mro__ if base.__module__ != "bpy_types"
                                                    and base.__module__.startswith("handmocap_addon"))]  # fmt: skip
    assert own or cls.__name__.endswith("UL")
    for name in own:
        function = getattr(cls, name)
        assert hasattr(getattr(function, "__func__", function), "is_guarded"), name


def test_what_escapes_from_an_operator_is_a_sentence_with_the_log(
    log: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(body_keying, "add_body_to_scene", broken)
    with pytest.raises(RuntimeError) as caught:  # how a script is told of a report
        bpy.ops.handmocap.add_body()
    said = f"Add Body failed (ZeroDivisionError: nobody foresaw this): see {log}"
    assert said in str(caught.value)
    assert "Traceback" not in str(caught.value)
    status = panel_jobs.status("body")
    assert status is not None and not status.ok and status.sentence == said and status.log_path == log
    assert panel_jobs.failed_stages() == ("body",)
    assert "ZeroDivisionError: nobody foresaw this" in log.read_text(encoding="utf-8")
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_typed_error_that_escapes_is_its_own_sentence(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: Any, **__: Any) -> None:
        raise BadInputError("This is so", "do that")

    monkeypatch.setattr(body_keying, "add_body_to_scene", refuses)
    with pytest.raises(RuntimeError, match="This is so: do that"):
        bpy.ops.handmocap.add_body()
    assert not log.exists()


@pytest.mark.parametrize("cls", [cls for cls in DRAWN if issubclass(cls, bpy.types.Panel)], ids=lambda cls: cls.__name__)
def test_a_panel_that_cannot_be_drawn_shows_one_line(cls: Any, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cls, "draw", guards._guard(cls, "draw", _broken_method))
    panel, layout = type("Drawn", (), {})(), AnyLayout()
    panel.layout = layout
    for _ in range(3):
        cls.draw(panel, bpy.context)
    assert any("nobody foresaw this" in text for text in layout.texts)
    assert log.read_text(encoding="utf-8").count("Traceback") == 1


def test_a_poll_that_fails_greys_a_button_out_and_lets_a_panel_say_why(log: Path) -> None:
    operator = next(cls for cls in OPERATORS if cls.__name__ == "HANDMOCAP_OT_estimate")
    assert guards._guard(operator, "poll", _broken_method)(operator, bpy.context) is False
    assert guards._guard(DRAWN[-1], "poll", _broken_method)(DRAWN[-1], bpy.context) is True


def test_handlers_and_fields_that_fail_are_quiet(
    log: Path, capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(panel_jobs, "fill_in_again", broken)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert "Traceback" not in "".join(capfd.readouterr())
    assert "nobody foresaw this" in log.read_text(encoding="utf-8")


def test_a_log_that_cannot_be_beside_the_environments_is_in_the_session_s_folder(
    settings: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setattr(guards, "environment_folder", lambda _context: tmp_path / "file")
    guards._written.clear()
    try:
        broken()
    except ZeroDivisionError:
        kept = guards.keep_trace()
    assert kept is not None and "nobody foresaw this" in kept.read_text(encoding="utf-8")
    assert kept.parent == Path(bpy.app.tempdir)


@pytest.mark.parametrize("place", ["read-only", "a file", "too long"])
def test_an_estimate_whose_log_has_no_place_is_a_sentence(
    place: str, settings: Any, demo: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    settings.clip = str(demo / "clip.mp4")
    target = {
        "read-only": "/proc/1/mocap",
        "a file": str(tmp_path / "file" / "mocap"),
        "too long": str(tmp_path / ("x" * 300)),
    }[place]
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(RuntimeError) as caught:
        bpy.ops.handmocap.estimate(output=f"{target}/hand_poses.npz")
    assert "cannot be written" in str(caught.value)
    assert "Traceback" not in str(caught.value)
    status = panel_jobs.status("hands")
    assert status is not None and not status.ok and "cannot be written" in status.sentence
    assert not panel_jobs.is_running("hands")


@pytest.mark.parametrize("operator", ["doctor", "measure_cache"])
def test_a_set_up_folder_that_cannot_be_written_is_a_sentence(
    operator: str, settings: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    from handmocap_addon.ui.setup import cache_operators
    from handmocap_addon.ui.setup import operators as setup_operators

    for module in (cache_operators, setup_operators):
        monkeypatch.setattr(module, "environment_folder", lambda _context: tmp_path / "file" / "deeper")
    with pytest.raises(RuntimeError, match="cannot be written"):
        getattr(bpy.ops.handmocap, operator)()


def test_damaged_hands_are_a_sentence_in_every_button_and_panel(settings: Any, demo: Path, tmp_path: Path) -> None:
    hands = tmp_path / "hand_poses.npz"
    np.savez_compressed(hands, **{f"{side}_{key}": value for side in SIDES for key, value in
                                  (("hand_pose", np.random.default_rng(1).normal(size=(90, 45))), ("detected", np.ones(90, bool)))})  # fmt: skip
    content = bytearray(hands.read_bytes())
    for name in (b"left_hand_pose.npy", b"left_detected.npy"):
        middle = content.index(name) + len(name) + 25
        content[middle : middle + 12] = b"\xff" * 12
    hands.write_bytes(content)
    bpy.ops.handmocap.add_body()
    settings.hand_poses = str(hands)
    with pytest.raises(RuntimeError, match="cannot be read as hand poses, it is damaged"):
        bpy.ops.handmocap.apply_hands()
    for cls in [cls for cls in DRAWN if issubclass(cls, bpy.types.Panel)]:
        panel, layout = type("Drawn", (), {})(), AnyLayout()
        panel.layout = layout
        vars(cls)["draw"].__wrapped__(panel, bpy.context)


def test_a_failing_line_of_unregister_leaves_nothing(settings: Any) -> None:
    bpy.app.handlers.save_pre.remove(
        next(handler for handler in bpy.app.handlers.save_pre if "handmocap" in handler.__module__)
    )
    bpy.types.STATUSBAR_HT_header.remove(status_bar._draw)
    bpy.utils.unregister_class(CLASSES[-1])
    handmocap_addon.unregister()
    assert not any(getattr(cls, "is_registered", False) for cls in CLASSES)
    assert not hasattr(bpy.types.Scene, "handmocap") and not hasattr(bpy.types.Scene, "handmocap_cleanup")
    assert not any(handler.__module__.startswith("handmocap_addon") for told, _ in handlers._HANDLERS for handler in told)
    handmocap_addon.register()


@pytest.mark.parametrize("failing", range(0, len(registration._STEPS), 9))
def test_a_failing_line_of_register_takes_back_what_was_done(failing: int, empty_scene: Any, monkeypatch: Any) -> None:
    handmocap_addon.register()
    handmocap_addon.unregister()
    traces()  # Blender makes its types' classes when they are first asked for
    before = traces()
    steps = list(registration._STEPS)
    steps[failing] = (broken, steps[failing][1])
    with monkeypatch.context() as patched:
        patched.setattr(registration, "_STEPS", tuple(steps))
        with pytest.raises(ZeroDivisionError):
            handmocap_addon.register()
    assert traces() == before
    handmocap_addon.register()
    handmocap_addon.unregister()


PROBLEM = {"first": 1, "last": 3, "first_frame": 2.0, "last_frame": 4.0, "side": "left", "finger": "index",
           "reason": "jumps by 40 degrees", "severity": 2.0, "done": True}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (json.dumps([{**PROBLEM, "of a newer version": 5}]), 1),
        (json.dumps([{key: value for key, value in PROBLEM.items() if key != "done"}]), 1),
        (json.dumps([PROBLEM, {"first": 1}, 7, None, {**PROBLEM, "side": "up"}, {**PROBLEM, "severity": "x"},
                     {**PROBLEM, "first_frame": None}, {**PROBLEM, "finger": ["a"]}]), 1),
        ("[" * 100_000, 0), ("{", 0), ("7", 0), (5, 0), ('[{"first_frame": 1e999}]', 0),
    ],
    ids=["newer", "older", "mixed", "deep", "cut", "number as text", "number", "infinite"],
)  # fmt: skip
def test_problems_and_markers_of_another_version_are_read_as_far_as_they_make_sense(
    text: Any, count: int, settings: Any, tmp_path: Path
) -> None:
    armature = keyed_fingers(settings, tmp_path)
    action = armature.animation_data.action
    action[PROBLEMS_PROPERTY] = text
    bpy.context.scene["handmocap_markers"] = text
    assert len(read_problems(armature)) == count
    assert not has_markers(bpy.context.scene)
    remove_markers(bpy.context.scene)
    action["handmocap_made_from"] = text
    action["handmocap_written_keys"] = text
    for cls in [cls for cls in DRAWN if issubclass(cls, bpy.types.Panel)]:
        panel, layout = type("Drawn", (), {})(), AnyLayout()
        panel.layout = layout
        vars(cls)["draw"].__wrapped__(panel, bpy.context)
    action["handmocap_corrections"] = text
    with pytest.raises(RuntimeError, match="corrections in this file are damaged"):
        bpy.ops.handmocap.apply_hands()
    assert HANDMOCAP_OT_estimate.bl_label == "Estimate"


def test_the_log_of_the_panel_has_what_is_said_of_records_that_make_no_sense(
    settings: Any, log: Path, tmp_path: Path
) -> None:
    armature = keyed_fingers(settings, tmp_path)
    kept_text._say.cache_clear()
    armature.animation_data.action[PROBLEMS_PROPERTY] = "["
    for _ in range(2):
        assert read_problems(armature) == []
    assert (
        log.read_text(encoding="utf-8").count("What the file keeps as handmocap_problems makes no sense and is ignored") == 1
    )
