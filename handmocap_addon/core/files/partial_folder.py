"""Where the finished parts of a result lie that is not whole yet. Standard library only."""

from __future__ import annotations

from pathlib import Path

PART_SUFFIX = ".slice"


def partial_folder(target: Path) -> Path:
    """The folder beside a target; it goes when the target is in place."""
    return target.with_name(target.name + ".partial")


def has_partial_results(target: Path) -> bool:
    """Whether a run of this target was stopped after it had finished some part."""
    return any(partial_folder(target).glob("*" + PART_SUFFIX))
