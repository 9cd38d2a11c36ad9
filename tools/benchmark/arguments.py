"""The options of the benchmark. Standard library only: the front door reads them before it makes anything."""

from __future__ import annotations

from handmocap_addon.core.cleanup.settings import CleanupSettings
from handmocap_addon.core.options.command_options import OptionParser, named_file


def accuracy_parser() -> OptionParser:
    """Of `accuracy.py`."""
    parser = OptionParser(
        prog="handmocap.py benchmark accuracy",
        description="Estimates the clips whose poses are known, from their pictures alone, and says how far off it is.",
    )
    parser.add_argument("--clip", action="append", metavar="NAME", help="only this clip; may be repeated")
    parser.add_argument("--json", type=named_file(".json"), metavar="FILE", help="write every figure here")
    parser.add_argument("--smoothing", type=float, default=CleanupSettings().smoothing, help="strength, 0 to 1")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/accuracy.md; of all clips alone")
    return parser
