from __future__ import annotations

import sys
from pathlib import Path

import pytest

from handmocap_addon.core.files.atomic_files import write_json
from handmocap_addon.core.files.replaced_files import FilesBefore, links_among


def test_only_files_that_are_new_or_other_ones_count(tmp_path: Path) -> None:
    names = ["old", "replaced", "new", "never"]
    old, replaced, new, never = paths = [tmp_path / f"{name}.json" for name in names]
    write_json(old, {"value": 1})
    write_json(replaced, {"value": 1})
    before = FilesBefore(paths)
    assert before.cancelled().sentence() == "Cancelled; nothing was changed"
    write_json(replaced, {"value": 2})
    write_json(new, {"value": 1})
    assert before.replaced() == [replaced, new]
    assert before.cancelled().sentence() == "Cancelled; finished before that and kept: replaced.json, new.json"
    assert old.exists()
    assert not never.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="links of POSIX")
def test_a_link_in_the_place_of_a_result_is_replaced_and_said(tmp_path: Path) -> None:
    """Its name may be known to others, and what it leads to may be an earlier version, or a store of files that never change."""
    kept, link, plain, lost = (tmp_path / name for name in ("kept.json", "report.json", "plain.json", "lost.json"))
    kept.write_text("kept", encoding="utf-8")
    plain.write_text("plain", encoding="utf-8")
    link.symlink_to(kept)
    lost.symlink_to(tmp_path / "nowhere")
    said = links_among([link, plain, lost, tmp_path / "new.json"])
    assert said == [
        f"{link} was a link to {kept}, which stays as it is: the result takes the link's own place",
        f"{lost} was a link to {tmp_path / 'nowhere'}, which stays as it is: the result takes the link's own place",
    ]
    write_json(link, {})
    assert not link.is_symlink()
    assert kept.read_text(encoding="utf-8") == "kept"
