from __future__ import annotations

import json

import pytest

from handmocap_addon.core.job_protocol import JobEvent, Progress, parse_event

EVENTS = [
    JobEvent("started", {"command": "estimate", "pid": 7}),
    JobEvent("progress", {"stage": "Estimating", "done": 3, "total": 96, "fps": 31.5, "eta_s": 2.9}),
    JobEvent("log", {"message": 'a "quoted" line\nand another'}),
    JobEvent("result", {"path": "/mein Würfel/手/hand_poses.npz", "detected": {"left": 1, "right": 0}}),
    JobEvent("error", {"code": "bad_clip", "message": "There is no clip", "hint": "choose one"}),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind)
def test_a_round_trip(event):
    assert parse_event(event.line()) == event


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind)
def test_an_event_is_one_line_of_json_with_its_kind(event):
    assert "\n" not in event.line()
    assert json.loads(event.line())["event"] == event.kind


@pytest.mark.parametrize("ending", ["\n", "\r\n", "  \n"])
def test_line_endings_do_not_matter(ending):
    assert parse_event(EVENTS[1].line() + ending) == EVENTS[1]


@pytest.mark.parametrize(
    "line",
    ["", "\n", "Downloading 43 %", "{", "[1, 2]", "3", '"started"', "null", "{}", '{"event": "dance"}', '{"event": null}',
     '{"event": ["started"]}', '{"event": {"a": 1}}', '{"kind": "started"}', "I0000 gl_context.cc:344] {", "NaN", "\x00"],
)  # fmt: skip
def test_foreign_lines_are_no_events(line):
    assert parse_event(line) is None


def test_deeply_nested_foreign_lines_do_not_break_the_reader():
    assert parse_event("[" * 100_000) is None


def test_progress_from_its_event():
    progress = Progress.of(EVENTS[1].data)
    assert progress == Progress("Estimating", 3, 96, 31.5, 2.9)
    assert progress.fraction == pytest.approx(3 / 96)
    assert progress.text() == "Estimating 3 of 96, 31.5 fps, 3 s left"


def test_progress_before_anything_is_known():
    progress = Progress.of({"stage": "Estimating", "done": 0, "total": 0, "fps": 0.0, "eta_s": None})
    assert progress.fraction == 0.0
    assert progress.text() == "Estimating 0 of 0"


@pytest.mark.parametrize("value", ['"x"', "null", "{}", "NaN", "1e999", "-1e999", "9" * 400, "9" * 5000, "true"])
@pytest.mark.parametrize("key", ["done", "total", "fps", "eta_s", "stage", "unit"])
def test_a_line_that_says_nonsense_is_no_progress_and_no_failure(key, value):
    said = {"stage": '"a"', "done": "1", "total": "2", "fps": "3.0", "eta_s": "4.0", "unit": '""'} | {key: value}
    event = parse_event('{"event": "progress", ' + ", ".join(f'"{name}": {text}' for name, text in said.items()) + "}")
    if event is None:
        assert value == "9" * 5000
    else:
        progress = Progress.of(event.data)
        assert progress.text() and progress.short_text() and progress.details() is not None
