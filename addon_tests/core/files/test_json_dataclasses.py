"""Dataclasses come back from JSON as they were; what another version wrote is read as far as it is known, or named."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import pytest

from handmocap_addon.core.errors import BadInputError
from handmocap_addon.core.files.json_dataclasses import from_json, to_json


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True)
class Inner:
    path: Path
    colour: Colour


@dataclass(frozen=True)
class Outer:
    name: str
    count: int
    share: float
    inner: tuple[Inner, ...]
    pair: tuple[int, str]
    place: tuple[float, float, float] | Literal["origin"] | None = None
    rate: Fraction | None = None
    sources: dict[str, Path] = field(default_factory=dict)
    axis: Literal["y", "z"] = "y"
    done: bool = False
    others: Any = None


FULL = Outer(
    "a", 3, 0.1, (Inner(Path("/b"), Colour.RED),), (1, "c"), (0.0, 1.5, -2.0), Fraction(24000, 1001), {"clip": Path("d")},
    "z", True, {"e": [1, None]},
)  # fmt: skip
LEAST = {"name": "a", "count": 3, "share": 1, "inner": [], "pair": [1, "c"]}


@pytest.mark.parametrize("made", [FULL, Outer("", 0, 0.0, (), (0, ""), "origin")])
def test_what_is_written_is_read_as_it_was(made: Outer) -> None:
    read = from_json(Outer, json.loads(json.dumps(to_json(made))))
    assert read == made
    assert type(read.share) is float


def test_what_is_not_known_is_left_out_and_what_may_lack_has_its_default() -> None:
    assert from_json(Outer, {**LEAST, "of_a_newer_version": 1}) == Outer("a", 3, 1.0, (), (1, "c"))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"count": "3"}, "count"),
        ({"count": 3.5}, "count"),
        ({"count": True}, "count"),
        ({"name": None}, "name"),
        ({"share": "0.1"}, "share"),
        ({"share": 10**400}, "share"),
        ({"inner": [{"path": "/b", "colour": "blue"}]}, "colour"),
        ({"inner": [{"path": 3, "colour": "red"}]}, "path"),
        ({"inner": {"path": "/b"}}, "inner"),
        ({"inner": ["/b"]}, "Inner"),
        ({"pair": [1]}, "pair"),
        ({"place": "here"}, "place"),
        ({"place": [1.0, 2.0]}, "place"),
        ({"rate": "1/0"}, "rate"),
        ({"sources": ["d"]}, "sources"),
        ({"axis": "x"}, "axis"),
        ({"done": 1}, "done"),
    ],
)
def test_what_is_of_another_type_is_named(change: dict[str, Any], named: str) -> None:
    with pytest.raises(BadInputError, match=named):
        from_json(Outer, LEAST | change)


@pytest.mark.parametrize("content", [None, [], "text", 3])
def test_what_is_no_dataclass_is_refused(content: Any) -> None:
    with pytest.raises(BadInputError, match="Outer"):
        from_json(Outer, content)


def test_what_a_class_needs_is_named() -> None:
    with pytest.raises(BadInputError, match="pair"):
        from_json(Outer, {name: value for name, value in LEAST.items() if name != "pair"})
