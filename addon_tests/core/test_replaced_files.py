from __future__ import annotations

from pathlib import Path

from handmocap_addon.core.atomic_files import write_json
from handmocap_addon.core.replaced_files import FilesBefore


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
