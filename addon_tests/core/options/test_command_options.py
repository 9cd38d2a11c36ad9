from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from handmocap_addon.core.errors import BadUsageError
from handmocap_addon.core.options.command_options import OptionParser, named_file


def parser() -> OptionParser:
    parser = OptionParser(prog="tool")
    one = parser.add_subparsers(dest="command", parser_class=OptionParser).add_parser("one")
    one.add_argument("--estimator")
    one.add_argument("--out")
    return parser


def test_options_go_by_their_whole_names_in_commands_too():
    assert parser().parse_args(["one", "--estimator", "wilor"]).estimator == "wilor"
    for shortened in ("--estim", "--e", "--ou"):
        with pytest.raises(BadUsageError, match="unrecognized arguments") as caught:
            parser().parse_args(["one", shortened, "wilor"])
        assert "--help" in caught.value.hint


def test_a_file_to_write_ends_as_one_of_its_kind():
    path_of = named_file(".usdc", ".usda")
    assert path_of("shots/Body.USDA") == Path("shots/Body.USDA")
    for slip in ("body", "body.", "body.usd", ".usda", "shots.usdc/body"):
        with pytest.raises(argparse.ArgumentTypeError, match="does not end in .usdc or .usda"):
            path_of(slip)


def test_a_slip_is_named_before_what_lacks_because_of_it():
    needy = OptionParser(prog="tool")
    needy.add_subparsers(dest="command", parser_class=OptionParser).add_parser("one").add_argument("--out", required=True)
    for slip in (["--outt", "a"], ["--outt=a"], ["x", "--ou"]):
        with pytest.raises(BadUsageError, match="unrecognized arguments: --ou"):
            needy.parse_args(["one", *slip])
    for words in ([], ["-5"], ["--", "--outt"]):
        with pytest.raises(BadUsageError, match="required: --out"):
            needy.parse_args(["one", *words])
