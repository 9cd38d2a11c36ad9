"""The accuracy benchmark on three of its clips: what docs/accuracy.md says of fingers, sides and smoothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handmocap_addon.core.errors import BadUsageError
from tools.benchmark import accuracy
from tools.benchmark.measures import ALL_IN_VIEW, EXACT_LANDMARKS, FITTED, RAW, SMOOTHED


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    path: Path = tmp_path_factory.mktemp("benchmark") / "accuracy.json"
    clips = ("fast_fists", "crossing", "second_person")
    assert accuracy.main([*(part for clip in clips for part in ("--clip", clip)), "--json", str(path)]) == 0
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def results(everything: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return everything["hands"]


@pytest.fixture(scope="module")
def bodies(everything: dict[str, list[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    return {result["clip"]: result for result in everything["bodies"]}


def bones(results: list[dict[str, Any]], stage: str) -> np.ndarray:
    """Mean and 95th percentile of every hand (K, 2), degrees."""
    return np.array([result["stages"][stage]["bone_direction_deg"] for result in results])


def test_every_hand_of_every_person_is_there(results):
    named = {(result["clip"], result["person"], result["side"]) for result in results}
    sides = ("left", "right")
    one = {(clip, 0, side) for clip in ("fast_fists", "crossing") for side in sides}
    assert named == one | {("second_person", person, side) for person in (0, 1) for side in sides}


def test_no_hand_is_taken_for_another(results):
    for result in results:
        for counts in (result["counts"], result["counts_without_bodies"]):
            if counts is not None:
                assert counts["swapped"] == 0, result["clip"]
                assert counts["ghosts"] == 0, result["clip"]
                assert counts["measured"] + counts["filled"] + counts["missing"] == counts["in_view"]


def test_fingers_are_within_the_targets_and_half_as_far_off_as_the_landmarks(results):
    smoothed, raw = bones(results, SMOOTHED), bones(results, RAW)
    assert smoothed[:, 0].mean() < 12.0
    assert smoothed[:, 1].mean() < 30.0
    assert smoothed[:, 0].mean() < 0.5 * raw[:, 0].mean()
    # The landmarks really are as bad as that: nothing is measured against itself.
    assert 12.0 < raw[:, 0].mean() < 40.0


def test_every_stage_is_measured_and_what_helps_helps(results):
    assert bones(results, SMOOTHED)[:, 0].mean() < bones(results, FITTED)[:, 0].mean()
    assert bones(results, ALL_IN_VIEW)[:, 0].mean() >= 0.9 * bones(results, SMOOTHED)[:, 0].mean()
    assert bones(results, EXACT_LANDMARKS)[:, 0].max() < 2.0


def test_holds_are_calm_and_fast_fists_stay_fast(results):
    fast = [result for result in results if result["clip"] == "fast_fists"]
    for result in fast:
        assert result["jitter_before"] > 5.0 * result["jitter_after"] > 0.0
        assert abs(result["lag_frames"]) < 0.5
        assert abs(result["smoothing_lag_frames"]) < 0.5
        assert result["smoothing_amplitude_loss"] < 0.05


def test_the_built_in_body_has_its_arms_where_the_known_one_has_them(bodies):
    assert set(bodies) == {"fast_fists", "crossing", "second_person"}
    for result in bodies.values():
        assert result["limb_direction_deg"][0] < 15.0, result["clip"]
        assert result["joints_mm"] < 80.0, result["clip"]
        assert result["backward_bends"] == 0, result["clip"]
        assert result["wrist_percent"] < 3.0, result["clip"]


def test_a_clip_that_is_not_there_is_named(capsys):
    with pytest.raises(BadUsageError, match="no_such_clip"):
        accuracy.main(["--clip", "no_such_clip"])


def test_a_part_of_the_clips_is_not_written_into_the_page():
    with pytest.raises(BadUsageError, match="--write"):
        accuracy.main(["--clip", "crossing", "--write"])
