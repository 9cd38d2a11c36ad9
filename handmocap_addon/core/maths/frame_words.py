"""Frames in a sentence for people, who count from 1."""

from __future__ import annotations

from collections.abc import Iterable

_MOST_NAMED = 5


def frames_in_words(rows: Iterable[int]) -> str:
    """`frame 8`, `frames 3 to 5, 9 and 12 …` of row numbers that count from 0 and grow; at most five runs are named."""
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][1] + 1:
            runs[-1][1] = int(row)
        else:
            runs.append([int(row), int(row)])
    texts = [f"{first + 1}" if first == last else f"{first + 1} to {last + 1}" for first, last in runs]
    several = len(runs) != 1 or runs[0][0] != runs[0][1]
    more = f" and {len(texts) - _MOST_NAMED} more places" if len(texts) > _MOST_NAMED else ""
    named = texts[:_MOST_NAMED]
    told = ", ".join(named) if more or len(named) < 2 else f"{', '.join(named[:-1])} and {named[-1]}"
    return f"frame{'s' if several else ''} {told}{more}"
