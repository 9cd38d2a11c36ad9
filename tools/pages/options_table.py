"""The tables of every option, as the parsers have them, for docs/pipelines.md and docs/wilor.md.

    python3 -m tools.pages.options_table [--check]

--check writes nothing and exits with 1 where a page says something else. Standard library only.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from handmocap_addon.blender.shot.arguments import batch_parser
from handmocap_addon.set_up.wilor_plan import add_wilor_options
from handmocap_addon.worker.command_line import worker_parser
from tools.pages.regions import regions, table, write_region

# The order in which people meet them.
_COMMANDS: Final = ("run", "estimate", "apply", "retarget", "bake", "export")


@dataclass(frozen=True)
class Option:
    """As `--help` shows it."""

    names: str  # with what it takes
    explanation: str


def options_of(parser: argparse.ArgumentParser) -> Iterator[Option]:
    """What a person may write behind a command."""
    for action in parser._actions:
        if action.option_strings and not isinstance(action, argparse._HelpAction) and action.help != argparse.SUPPRESS:
            yield Option(_names(action), _explanation(action))


def commands() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command that works on a shot."""
    subparsers = {**_commands_of(batch_parser()), **{"estimate": _commands_of(worker_parser())["estimate"]}}
    return {name: subparsers[name] for name in _COMMANDS}


def tables() -> dict[str, str]:
    """The text of each region by its name."""
    takers: dict[Option, list[str]] = {}
    for name, parser in commands().items():
        for option in options_of(parser):
            takers.setdefault(option, []).append(name)
    rows = [(f"`{option.names}`", ", ".join(names), option.explanation) for option, names in takers.items()]
    set_up = argparse.ArgumentParser(add_help=False)
    add_wilor_options(set_up)
    return {
        "options": table(("option", "of", "what"), rows),
        "set-up options": table(
            ("option", "what"), [(f"`{option.names}`", option.explanation) for option in options_of(set_up)]
        ),
    }


def _commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    (action,) = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    return dict(action.choices)


def _names(action: argparse.Action) -> str:
    names = ", ".join(action.option_strings)
    if action.nargs == 0 or isinstance(action, argparse.BooleanOptionalAction):
        return names
    takes = str(action.metavar) if action.metavar else _what_it_takes(action)
    return f"{names} {takes}" + (f" [{takes} …]" if action.nargs == "+" else "")


def _what_it_takes(action: argparse.Action) -> str:
    if action.choices is not None:
        return "{" + ",".join(map(str, action.choices)) + "}"
    return "PATH" if action.type is Path else action.dest.upper()


def _explanation(action: argparse.Action) -> str:
    text = re.sub(r"%\((\w+)\)s", lambda found: str(getattr(action, found[1])), action.help or "").replace("%%", "%")
    said = [" ".join(text.split())] if text else []
    if action.required:
        said.append("always needed")
    elif isinstance(action.default, (str, int, float)) and not isinstance(action.default, bool) and "default" not in text:
        said += [f"default {action.default}"] if str(action.default) else []
    return re.sub(r"([|*_<>])", r"\\\1", "; ".join(said)) or "-"


def main() -> int:
    """Write the pages, or compare."""
    parser = argparse.ArgumentParser(allow_abbrev=False, description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where something differs")
    options = parser.parse_args()
    found = {region.name: region.text for region in regions()}
    wanted = tables()
    if not options.check:
        for name, text in wanted.items():
            write_region(name, text)
    return 1 if options.check and any(found[name] != text for name, text in wanted.items()) else 0


if __name__ == "__main__":
    sys.exit(main())
