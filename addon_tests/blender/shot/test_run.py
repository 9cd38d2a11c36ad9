from __future__ import annotations

import itertools
from pathlib import Path

from handmocap_addon.blender.shot.run import RunOptions, estimate_arguments


def _values(arguments: list[str], option: str) -> list[str]:
    return [value for name, value in itertools.pairwise(arguments) if name == option]


def test_the_worker_is_told_of_every_body() -> None:
    options = RunOptions(
        Path("a.mp4"), Path("out"), Path("env"), gvhmr=Path("a.pt"), other_gvhmr=(Path("b.pt"), Path("c.pt"))
    )
    arguments = estimate_arguments(options)
    assert _values(arguments, "--gvhmr") == ["a.pt"]
    assert _values(arguments, "--other-gvhmr") == ["b.pt", "c.pt"]
    assert _values(arguments, "--out") == [str(Path("out") / "hand_poses.npz")]


def test_without_a_body_the_worker_is_told_of_none() -> None:
    arguments = estimate_arguments(RunOptions(Path("a.mp4"), Path("out"), Path("env")))
    assert not {"--gvhmr", "--other-gvhmr", "--expect-frames"} & set(arguments)


def test_without_a_word_about_it_the_worker_chooses() -> None:
    arguments = estimate_arguments(RunOptions(Path("a.mp4"), Path("out"), Path("env")))
    assert not {"--model", "--detector-size", "--batch", "--frames", "--side", "--afresh"} & set(arguments)


def test_choices_of_a_run_reach_the_worker() -> None:
    options = RunOptions(
        Path("a.mp4"), Path("out"), Path("env"), estimator="wilor", model=Path("weights"), detector_size=1280, batch=8,
        frames=(9, 30), side="left", afresh=True,
    )  # fmt: skip
    arguments = estimate_arguments(options)
    expected = {"--estimator": "wilor", "--model": "weights", "--detector-size": "1280", "--batch": "8", "--frames": "9-30"}
    for option, value in (expected | {"--side": "left"}).items():
        assert _values(arguments, option) == [value]
    assert arguments.count("--afresh") == 1
