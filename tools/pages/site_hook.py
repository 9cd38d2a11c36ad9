"""Gives the site the pages that lie outside docs/, with links as they are on the disk. properdocs.yml names this file."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any, Final

from properdocs.structure.files import File

REPOSITORY: Final = Path(__file__).resolve().parents[2]
# Where a page of the repository stands in the site.
_OUTSIDE: Final = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "demo/README.md": "demo-clip.md",
    "benchmark/README.md": "benchmark-clips.md",
}
_LINK: Final = re.compile(r"(\]\()([^)\s#:]+)(?=[)#])")


def on_files(files: Any, *, config: Any) -> Any:
    """Add them."""
    for source, target in _OUTSIDE.items():
        files.append(File.generated(config, target, content=(REPOSITORY / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Links between files of the repository become links between pages of the site."""
    sources = {target: source for source, target in _OUTSIDE.items()}
    folder = posixpath.dirname(sources.get(page.file.src_uri, f"docs/{page.file.src_uri}"))

    def in_site(found: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(folder, found[2]))
        return found[1] + _OUTSIDE.get(path, path.removeprefix("docs/"))

    return _LINK.sub(in_site, markdown)
