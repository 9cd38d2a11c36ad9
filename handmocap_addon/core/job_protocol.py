"""The lines that a child process prints: one JSON object a line on stdout. Standard library only."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from .files.json_files import JsonError, parsed_json
from .plain_text import plain_json

EventKind = Literal["started", "progress", "log", "result", "error"]
# Set to 1 by a parent whose pipe to the child's stdin stays open as long as it lives; `scripts/batch.py` then ends with it.
END_WITH_STDIN = "HANDMOCAP_END_WITH_STDIN"
_LARGEST = 1e15  # of the numbers on a line; all of them are exact as float


@dataclass(frozen=True)
class JobEvent:
    """One line; `data` is stage, done, total, fps, eta_s for progress, and code, message, hint for error."""

    kind: EventKind
    data: dict[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        return plain_json(json.dumps({"event": self.kind, **self.data}, ensure_ascii=False))


def parse_event(line: str) -> JobEvent | None:
    """The event on a line, or None where a library printed something of its own to stdout."""
    try:
        content = parsed_json(line)
    except JsonError:
        return None
    if not isinstance(content, dict) or content.get("event") not in get_args(EventKind):
        return None
    kind = content.pop("event")
    return JobEvent(kind, content)


@dataclass(frozen=True)
class Progress:
    """A true fraction of a stage, and the seconds that are left at the present speed."""

    stage: str
    done: int
    total: int
    fps: float
    eta_s: float | None
    unit: str = ""  # of done and total, where people can read them: MB

    @property
    def fraction(self) -> float:
        return self.done / self.total if self.total else 0.0

    @staticmethod
    def of(data: dict[str, Any]) -> Progress:
        left = data.get("eta_s")
        return Progress(
            str(data.get("stage", "")),
            int(_number(data.get("done"))),
            int(_number(data.get("total"))),
            _number(data.get("fps")),
            None if left is None else _number(left),
            str(data.get("unit", "")),
        )

    def short_text(self) -> str:
        """For a narrow progress bar: `45 %, 2 s left`."""
        left = "" if self.eta_s is None else f", {_duration(self.eta_s)} left"
        return f"{self.fraction:.0%}{left}".replace("%", " %")

    def details(self) -> str:
        """The stage and what is known of its pace: `Estimating, 31 fps` or `WiLoR's weights, 812 of 2577 MB`."""
        if self.unit:
            return f"{self.stage}, {self.done} of {self.total} {self.unit}"
        return f"{self.stage}, {self.fps:.0f} fps" if round(self.fps) else self.stage

    def text(self) -> str:
        """For a terminal: `Estimating 43 of 96, 31.0 fps, 2 s left`."""
        unit = f" {self.unit}" if self.unit else ""
        parts = [f"{self.stage} {self.done} of {self.total}{unit}"]
        if self.fps:
            parts.append(f"{self.fps:.1f} fps")
        if self.eta_s is not None:
            parts.append(f"{_duration(self.eta_s)} left")
        return ", ".join(parts)


def _number(value: Any) -> float:
    """A number that a line has; 0 where it has something else there."""
    is_number = isinstance(value, int | float) and -_LARGEST < value < _LARGEST
    return float(value) if is_number else 0.0


def _duration(seconds: float) -> str:
    """`45 s`, `3 min`, `2 h 5 min`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
