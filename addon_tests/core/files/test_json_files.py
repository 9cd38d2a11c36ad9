"""JSON that is no file, no text, none, too deep, or more than is read of one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from handmocap_addon.core.files import json_files
from handmocap_addon.core.files.json_files import JsonError, parsed_json, read_json

_WRONG = {
    "nothing": b"", "cut short": b'{"a": [1', "no text": b"\xff\xfe{", "deep": b"[" * 200_000, "deep objects": b'{"a":' * 200_000,
    "a number of many digits": b"9" * 5000,
}  # fmt: skip


@pytest.mark.parametrize("name", _WRONG)
def test_what_is_no_json_is_one_typed_error(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(_WRONG[name])
    with pytest.raises(JsonError):
        read_json(path)


def test_what_is_json_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"a": [1, 2.5, null, "\u00f6"]}', encoding="utf-8")
    assert read_json(path) == {"a": [1, 2.5, None, "\u00f6"]}


def test_no_more_is_read_than_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"[" + b" " * 100 + b"]")
    with pytest.raises(JsonError, match="more than"):
        read_json(path, 100)
    assert read_json(path, 102) == []
    monkeypatch.setattr(json_files, "MOST_VALUES", 10)
    for text in ("[" + "1," * 10 + "1]", "[" + "[]," * 6 + "[]]", "[" + "{}," * 6 + "{}]"):
        with pytest.raises(JsonError, match="says more"):
            parsed_json(text)


def test_neither_a_folder_nor_nothing_nor_a_pipe_is_a_file(tmp_path: Path) -> None:
    with pytest.raises(JsonError, match="is no file"):
        read_json(tmp_path)
    with pytest.raises(JsonError, match="is not there"):
        read_json(tmp_path / "a.json")
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "pipe.json")
        with pytest.raises(JsonError, match="is no file"):
            read_json(tmp_path / "pipe.json")
