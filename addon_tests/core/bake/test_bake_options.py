from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handmocap_addon.core.bake.options import GEOMETRIES, MOST_SAMPLES, PARTS, UNITS, UP_AXES, BakeOptions
from handmocap_addon.core.errors import BadUsageError
from handmocap_addon.core.files.json_dataclasses import from_json, to_json

numbers = st.floats(-1e6, 1e6)
OPTIONS = st.builds(
    BakeOptions,
    geometry=st.sampled_from(GEOMETRIES),
    parts=st.lists(st.sampled_from(PARTS), min_size=1, unique=True).map(tuple),
    apart=st.booleans(),
    first_frame=st.none() | st.integers(-1000, 0),
    last_frame=st.none() | st.integers(1, 1000),
    handles=st.integers(0, 100),
    piece_frames=st.none() | st.integers(1, 1000),
    samples=st.integers(1, MOST_SAMPLES),
    shutter=st.tuples(st.floats(-1.0, -0.01), st.floats(0.0, 1.0)),
    unit=st.sampled_from(UNITS),
    up_axis=st.none() | st.sampled_from(UP_AXES),
    normals=st.booleans(),
    uvs=st.booleans(),
    frame_rate=st.none() | st.fractions(1, 1000, max_denominator=1001),
    offset=st.none() | st.just("origin") | st.tuples(numbers, numbers, numbers),
)


@given(OPTIONS)
def test_options_come_back_from_json_as_they_were(options: BakeOptions) -> None:
    assert from_json(BakeOptions, json.loads(json.dumps(to_json(options)))) == options


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("geometry", "smooth"),
        ("parts", ()),
        ("parts", ("body", "body")),
        ("parts", ("feet",)),
        ("handles", -1),
        ("piece_frames", 0),
        ("samples", 0),
        ("samples", MOST_SAMPLES + 1),
        ("shutter", (0.5, 0.5)),
        ("shutter", (0.0, 1.5)),
        ("shutter", (float("nan"), 1.0)),
        ("unit", "feet"),
        ("up_axis", "x"),
        ("frame_rate", Fraction(0)),
        ("offset", "floor"),
        ("offset", (1.0, 2.0)),
        ("offset", (1.0, 2.0, float("inf"))),
    ],
)
def test_values_that_cannot_be_followed_are_refused(name: str, value: Any) -> None:
    with pytest.raises(BadUsageError):
        replace(BakeOptions(), **{name: value})


def test_the_range_is_the_scenes_but_for_what_is_given_and_gets_its_handles() -> None:
    assert BakeOptions().frames(1, 20) == (1, 20)
    assert BakeOptions(handles=5).frames(1, 20) == (-4, 25)
    assert BakeOptions(first_frame=3).frames(1, 20) == (3, 20)
    assert BakeOptions(first_frame=30, last_frame=40, handles=1).frames(1, 20) == (29, 41)


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(BadUsageError, match="30-20 ends before"):
        BakeOptions(first_frame=30, last_frame=20)
    with pytest.raises(BadUsageError, match="30-20 ends before"):
        BakeOptions(first_frame=30).frames(1, 20)


def test_parts_apart_have_names_of_their_own() -> None:
    together = BakeOptions(parts=("body", "camera"))
    apart = replace(together, apart=True)
    assert together.files(Path("out/body.abc")) == ((Path("out/body.abc"), ("body", "camera")),)
    assert [path.name for path, _ in apart.files(Path("out/body.abc"))] == ["body.abc", "camera.abc"]
    assert [path.name for path, _ in apart.files(Path("shot.usdc"))] == ["shot_body.usdc", "shot_camera.usdc"]


def test_the_part_stands_where_the_name_says() -> None:
    target = Path("out/v1_{part}_shot.abc")
    several = BakeOptions(parts=("hands", "camera"))
    for options, names in (
        (several, ["v1_body_shot.abc"]),
        (replace(several, apart=True), ["v1_hands_shot.abc", "v1_camera_shot.abc"]),
        (BakeOptions(parts=("camera",)), ["v1_camera_shot.abc"]),
    ):
        assert [path for path, _ in options.files(target)] == [Path("out") / name for name in names]


def test_each_format_has_its_usual_axis_unless_one_is_given() -> None:
    assert (BakeOptions().up_axis_of(".abc"), BakeOptions().up_axis_of(".usdc")) == ("y", "z")
    assert (BakeOptions(up_axis="z").up_axis_of(".abc"), BakeOptions(up_axis="y").up_axis_of(".usd")) == ("z", "y")


def test_pieces_cover_every_frame_once() -> None:
    options = BakeOptions(parts=("body", "hands"), apart=True, piece_frames=4)
    files = options.files_over(Path("out/body.abc"), -1, 8)
    assert [file.path.name for file in files[:3]] == ["body.-001-0002.abc", "body.0003-0006.abc", "body.0007-0008.abc"]
    assert [file.parts for file in files] == [("body",)] * 3 + [("hands",)] * 3
    assert [frame for file in files[3:] for frame in range(file.first_frame, file.last_frame + 1)] == list(range(-1, 9))
    assert [file.path.name for file in replace(options, piece_frames=None).files_over(Path("body.abc"), 1, 8)] == [
        "body.abc",
        "hands.abc",
    ]
