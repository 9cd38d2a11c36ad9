"""Parts of the pages that a program writes: from `<!-- table: NAME, written by: COMMAND -->` to `<!-- end of table -->`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[2]
PAGES: Final = REPOSITORY / "docs"

_REGION: Final = re.compile(
    r"(?P<head><!-- table: (?P<name>[a-z -]+), written by: (?P<command>[^\n]+?) -->\n)"
    r"(?P<text>.*?)(?P<tail><!-- end of table -->)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Region:
    """One such part of a page."""

    page: Path
    name: str
    command: str
    text: str


def regions() -> list[Region]:
    """Of all pages."""
    return [
        Region(page, found["name"], found["command"], found["text"].strip())
        for page in sorted(PAGES.glob("*.md"))
        for found in _REGION.finditer(page.read_text(encoding="utf-8"))
    ]


def with_region(page: str, name: str, text: str) -> str:
    """A page's text with another text in a region.

    Raises:
        ValueError: it has no region of this name.
    """
    if all(found["name"] != name for found in _REGION.finditer(page)):
        raise ValueError(f"There is no region {name!r}")
    return _REGION.sub(
        lambda found: f"{found['head']}\n{text}\n\n{found['tail']}" if found["name"] == name else found[0], page
    )


def write_region(name: str, text: str) -> None:
    """Write a text into the region of this name, in whichever page has it.

    Raises:
        ValueError: none has it.
    """
    pages = {region.page for region in regions() if region.name == name}
    if not pages:
        raise ValueError(f"There is no region {name!r}")
    for page in pages:
        before = page.read_text(encoding="utf-8")
        after = with_region(before, name, text)
        if after != before:
            page.write_text(after, encoding="utf-8")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])
