"""Every link of every page leads somewhere; the pages make a site without a warning."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from addon_tests.docs.pages import DOCS, REPOSITORY, anchors, blocks, links, pages
from addon_tests.making.patience import PATIENCE


def test_links_lead_to_files_and_headings_that_are_there() -> None:
    broken = []
    for page in pages():
        for link in links(page):
            if re.match(r"https?://", link.target):
                continue
            path, _, anchor = link.target.partition("#")
            target = (page.parent / path).resolve() if path else page
            if (
                not target.is_file()
                or (anchor and anchor not in anchors(target))
                or target.name not in {each.name for each in target.parent.iterdir()}
                or REPOSITORY not in target.parents
            ):
                broken.append(f"{page.name}: {link.target}")
    assert broken == []


def test_paths_that_pages_name_are_there() -> None:
    """In backticks, from the top of the checkout."""
    tops = {path.name for path in REPOSITORY.iterdir() if path.is_dir() and not path.name.startswith(".")} - {
        "dist",
        "demo-result",
    }
    missing = []
    for page in pages():
        for named in re.findall(r"`([\w./-]+)`", page.read_text(encoding="utf-8")):
            if named.partition("/")[0] in tops and "/" in named and not (REPOSITORY / named).exists():
                missing.append(f"{page.name}: {named}")
    assert missing == []


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "properdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr + done.stdout
    names = {path.name for path in (tmp_path / "site").iterdir()}
    assert {f"{page.stem}.html" for page in DOCS.glob("*.md")} | {"index.html", "changelog.html"} <= names
    for page in DOCS.glob("*.md"):
        shown = (tmp_path / "site" / f"{page.stem}.html").read_text(encoding="utf-8")
        rules = re.findall(r"^\|(?:[ :]*-+[ :]*\|)+$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert shown.count("<table") == len(rules), page.name
        assert shown.count("<pre") == len(blocks(page)), page.name
    start = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert 'href="panel.html"' in start
    assert not re.search(r'(href|src)="docs/', start)
