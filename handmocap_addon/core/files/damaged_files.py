"""A damaged file of ours that stands where a new one goes: it gets another name, so that nothing in it is lost."""

from __future__ import annotations

import itertools
from pathlib import Path

from .atomic_files import output_error


def aside_of(target: Path, word: str = "damaged") -> Path:
    """Where a damaged file goes, or another that is in the way: the first name of its kind that nothing has yet."""
    names = itertools.chain((word,), (f"{word}-{number}" for number in itertools.count(2)))
    places = (target.with_name(f"{target.stem}.{name}{target.suffix}") for name in names)
    return next(place for place in places if not place.exists())


def put_aside(target: Path, aside: Path) -> None:
    """Give a file another name.

    Raises:
        OutputError: it cannot be moved.
    """
    try:
        target.rename(aside)
    except OSError as error:
        raise output_error(target, error) from error
