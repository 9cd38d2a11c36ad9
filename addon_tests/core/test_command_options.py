from __future__ import annotations

from pathlib import Path

import pytest

from handmocap_addon.core.command_options import OptionParser, check_options, named_options
from handmocap_addon.core.errors import BadUsageError

SOURCE = """
parser.add_argument("--out", "-o", help="not --this")
other.add_argument("command")
for name in ("--clip", "--gvhmr"):
    group.add_argument(name)
group.add_argument("--normals", action=argparse.BooleanOptionalAction)
"""


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


def test_the_options_of_a_source_are_found_without_running_it(tmp_path: Path):
    (tmp_path / "a.py").write_text(SOURCE, encoding="utf-8")
    assert named_options(tmp_path / "a.py") == {"--out", "--clip", "--gvhmr", "--normals", "--no-normals"}


def test_an_unknown_option_is_refused_and_values_are_not():
    known = ("--out", "--offset")
    check_options(["--out", "-5", "--offset=-1,2", "--help", "-h", "--", "--anything"], known, "tool")
    for slip in ("--ou", "--outt=3", "--of"):
        with pytest.raises(BadUsageError, match=f"unrecognized arguments: {slip.partition('=')[0]}"):
            check_options([slip, "x"], known, "tool")
