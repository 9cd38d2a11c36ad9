from __future__ import annotations

import json
from pathlib import Path

import pytest

from addon_tests.end_to_end.commands import batch, contents, sentence_of


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory, demo: Path, worker_python: Path) -> tuple[Path, dict[str, str]]:
    """A folder after two good runs with other settings, and what was in it after the first."""
    out = tmp_path_factory.mktemp("twice")
    command = ["run", "--clip", demo / "clip.mp4", "--no-preview", "--bake", "usd", "--out", out]
    assert batch(*command, "--body-from", "none").returncode == 0
    first = contents(out)
    done = batch(*command, "--gvhmr", demo / "hmr4d_results.pt")
    assert done.returncode == 0, done.stderr
    return out, first


def test_a_second_run_replaces_the_results(twice: tuple[Path, dict[str, str]]) -> None:
    out, first = twice
    second = contents(out)
    assert set(second) == set(first)
    for name in ("scene.blend", "body.usdc", "report.json"):
        assert second[name] != first[name]
    assert json.loads((out / "report.json").read_text(encoding="utf-8"))["gvhmr"].endswith("hmr4d_results.pt")


def test_a_failing_third_run_leaves_every_result_and_keeps_the_last_good_report(
    twice: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    out, _first = twice
    before, good = contents(out), json.loads((out / "report.json").read_text(encoding="utf-8"))
    for attempt in range(2):
        done = batch("run", "--clip", tmp_path / f"missing {attempt}.mp4", "--out", out)
        assert done.returncode == 3
        after = contents(out)
        assert {name: after[name] for name in after if name != "report.json"} == {
            name: before[name] for name in before if name != "report.json"
        }
        report = json.loads((out / "report.json").read_text(encoding="utf-8"))
        assert report["ok"] is False
        assert report["error"]["sentence"] == sentence_of(done)
        assert report["error"]["exit_code"] == 3
        assert report["last_good"] == good
