"""A bake's options on the command line."""

from __future__ import annotations

import argparse
import re
from fractions import Fraction

from ...core.bake.options import GEOMETRIES, OVER_ORIGIN, PARTS, UNITS, UP_AXES, BakeOptions
from ...core.bake.presets import BAKE_PRESETS, PRESETS


def add_bake_arguments(command: argparse.ArgumentParser) -> None:
    """What `bake_options` reads. What is not given is the preset's, else the default."""
    group = command.add_argument_group("what is baked, and how")
    group.add_argument("--preset", choices=PRESETS, help="unit, axis and normals as this program wants them")
    group.add_argument("--geometry", choices=GEOMETRIES, help="default skinned; skeleton is for USD alone")
    group.add_argument("--parts", type=_parts, metavar="PART,…", help=f"of {', '.join(PARTS)}; default body")
    group.add_argument("--apart", action="store_true", default=None, help="a file for each part")
    group.add_argument("--range", type=_range, metavar="FIRST-LAST", help="frames of the timeline; default the scene's")
    group.add_argument("--handles", type=int, metavar="FRAMES", help="frames before and after the range")
    group.add_argument("--samples", type=int, metavar="N", help="samples a frame, for motion blur; default 1")
    group.add_argument(
        "--shutter", type=_shutter, metavar="OPEN,CLOSE", help="where the samples of a frame lie; default 0,1"
    )
    group.add_argument("--unit", choices=UNITS, help="default metres")
    group.add_argument("--up", dest="up_axis", choices=UP_AXES, help="default y in Alembic and z in USD")
    group.add_argument("--normals", action=argparse.BooleanOptionalAction, help="default off")
    group.add_argument("--uvs", action=argparse.BooleanOptionalAction, help="default on")
    group.add_argument(
        "--bake-fps", dest="frame_rate", type=_rate, metavar="FPS", help="such as 24000/1001; default the scene's"
    )
    group.add_argument(
        "--offset", type=_offset, metavar="X,Y,Z", help=f"metres by which all is moved, or {OVER_ORIGIN}; --offset=-1,0,0"
    )


def bake_options(chosen: argparse.Namespace) -> BakeOptions:
    """What was asked for.

    Raises:
        BadUsageError: as `BakeOptions`.
    """
    options = BakeOptions()
    if chosen.preset is not None:
        options = BAKE_PRESETS[chosen.preset].applied_to(options)
    names = ("geometry", "parts", "apart", "handles", "samples", "shutter", "unit", "up_axis", "normals", "uvs")
    values = {name: getattr(chosen, name) for name in (*names, "frame_rate", "offset")}
    if chosen.range is not None:
        values["first_frame"], values["last_frame"] = chosen.range
    return BakeOptions(**{**vars(options), **{name: value for name, value in values.items() if value is not None}})


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _range(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(-?\d+)(?:-(-?\d+))?", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text} is no range such as 10-50")
    return int(found[1]), int(found[2] or found[1])


def _numbers(text: str, count: int) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != count:
        raise argparse.ArgumentTypeError(f"{text} is not {count} numbers with commas between")
    return numbers


def _shutter(text: str) -> tuple[float, ...]:
    return _numbers(text, 2)


def _offset(text: str) -> tuple[float, ...] | str:
    return text if text == OVER_ORIGIN else _numbers(text, 3)


def _rate(text: str) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise argparse.ArgumentTypeError(f"{text} is no frame rate") from error
