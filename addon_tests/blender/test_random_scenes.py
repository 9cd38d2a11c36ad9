"""The same forty scenes each time; `python -m addon_tests.bench.random_scenes` looks at others."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from addon_tests.making import random_scenes
from addon_tests.making.random_scenes import curves_of, run_scene

FIRST, COUNT = 1, 40


def test_no_apply_in_forty_scenes_goes_wrong_without_a_word() -> None:
    outcomes = {seed: run_scene(seed) for seed in range(FIRST, FIRST + COUNT)}
    assert not {seed: outcome for seed, outcome in outcomes.items() if outcome.kind == "silent miss"}
    kinds = Counter(outcome.kind for outcome in outcomes.values())
    assert kinds["right"] + kinds["right and said"] >= COUNT // 3
    assert kinds["refused"] and kinds["named"]


def test_keys_that_are_moved_after_the_apply_are_a_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge judges."""
    right = next(seed for seed in range(FIRST, FIRST + COUNT) if run_scene(seed).kind == "right")
    apply_all = random_scenes.apply_all

    def spoiled(armature: Any) -> Any:
        done = apply_all(armature)
        for curve in curves_of(armature):
            if "index2" in curve.data_path.lower() and curve.array_index == 1:
                for point in curve.keyframe_points:
                    point.co[1] += 0.1
                curve.update()
        return done

    monkeypatch.setattr(random_scenes, "apply_all", spoiled)
    assert run_scene(right).kind == "silent miss"
