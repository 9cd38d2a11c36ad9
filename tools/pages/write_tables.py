"""Writes the Markdown tables that a bench prints into the pages.

    python -m addon_tests.bench.cleanup | python -m tools.pages.write_tables

A table goes to the region of a page whose table has the same first line. What was read is printed on.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from tools.pages.regions import Region, regions, write_region


def tables_in(lines: Iterable[str]) -> Iterator[list[str]]:
    """The lines of each table: neighbouring lines that begin with a bar."""
    rows: list[str] = []
    for line in [*lines, ""]:
        if line.startswith("|"):
            rows.append(line.rstrip())
        elif rows:
            yield rows
            rows = []


def heading(rows: list[str]) -> tuple[str, ...]:
    """What the columns of a table are called."""
    return tuple(cell.strip() for cell in rows[0].strip("|").split("|"))


def region_of(rows: list[str], pages: Iterable[Region]) -> Region | None:
    """Where a table goes, or None where no page has its like."""
    for region in pages:
        there = next(tables_in(region.text.splitlines()), None)
        if there is not None and heading(there) == heading(rows):
            return region
    return None


def write_tables(text: str) -> list[str]:
    """Write every table of a text that has a region; the regions' names."""
    written = []
    for rows in tables_in(text.splitlines()):
        region = region_of(rows, regions())
        if region is not None:
            write_region(region.name, "\n".join(rows))
            written.append(region.name)
    return written


def main() -> int:
    """Read stdin to its end, then write."""
    text = ""
    for line in sys.stdin:
        print(line, end="", flush=True)
        text += line
    written = write_tables(text)
    print(f"write_tables: {', '.join(written) or 'no page has a table like these'}", file=sys.stderr)
    return 0 if written else 1


if __name__ == "__main__":
    sys.exit(main())
