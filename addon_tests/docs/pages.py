"""The pages of the repository as tests read them: prose, links, anchors, and the commands in their `sh` blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
README = REPOSITORY / "README.md"

_FENCE = re.compile(
    r"^(?:<!-- not run: (?P<why>[^\n]+) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block; `why_not_run` is what the page says of one that no test can run."""

    page: Path
    language: str
    text: str
    why_not_run: str | None

    @property
    def lines(self) -> list[str]:
        return [line.strip() for line in self.text.splitlines() if line.strip()]


@dataclass(frozen=True)
class Link:
    """A link or picture of a page."""

    page: Path
    text: str
    target: str
    is_picture: bool


def pages() -> list[Path]:
    """README, what lies beside it, docs/, and what the folders of clips say of themselves."""
    return [*sorted(REPOSITORY.glob("*.md")), *sorted(DOCS.glob("*.md")), *sorted(REPOSITORY.glob("*/README.md"))]


def blocks(page: Path) -> list[Block]:
    return [
        Block(page, found["language"], found["text"], found["why"])
        for found in _FENCE.finditer(page.read_text(encoding="utf-8"))
    ]


def prose(page: Path) -> str:
    """A page's text without its fenced blocks and comments."""
    return _COMMENT.sub("", _FENCE.sub("", page.read_text(encoding="utf-8")))


def links(page: Path) -> Iterator[Link]:
    for found in _LINK.finditer(prose(page)):
        yield Link(page, found[2], found[3], bool(found[1]))


def anchors(page: Path) -> set[str]:
    """What a link may name behind `#`, as the places that show Markdown make it of headings."""
    words = (
        re.sub(r"[`*\[\]]|\([^)]*\.md[^)]*\)", "", heading).strip().lower() for heading in _HEADING.findall(prose(page))
    )
    return {re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", heading)) for heading in words}


def sentences(page: Path) -> Iterator[str]:
    """A page's sentences and cells, in plain words."""
    for part in re.split(r"(?<=[.:;])\s|\n\s*\n|\||\n[-*] |\n\d\. ", prose(page)):
        words = " ".join(re.findall(r"[\w°%.,-]+", part))
        if words:
            yield words
