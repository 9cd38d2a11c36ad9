from __future__ import annotations

import itertools
from pathlib import Path

from handmocap_addon.blender.run import RunOptions, estimate_arguments


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
