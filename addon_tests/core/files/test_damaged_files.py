"""A damaged file of ours never blocks its folder: it is put aside and named where it says something, and made again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from handmocap_addon.core.clip.proxy_request import ProxyRequest
from handmocap_addon.core.errors import BadInputError, ClipError, HandmocapError
from handmocap_addon.core.files.damaged_files import aside_of, put_aside
from handmocap_addon.core.files.file_hashes import HashMemory
from handmocap_addon.core.files.keyed_arrays import read_keyed_arrays, write_keyed_arrays
from handmocap_addon.core.report import REPORT_NAME, write_failure, write_report
from handmocap_addon.core.rig.bone_map import RIGIFY, read_bone_map, write_bone_map

DAMAGED = {
    "nothing": b"", "cut short": b'{"ok": tr', "zeros": bytes(500), "no text": b"\xff\xfe\x00", "deep": b"[" * 100_000,
    "another kind": b"[1, 2]", "a number": b"7", "digits": b"9" * 5000,
}  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGED)
@pytest.mark.parametrize("has_failed", [True, False])
def test_a_report_is_put_aside_and_the_new_one_says_so(tmp_path: Path, kind: str, has_failed: bool) -> None:
    (tmp_path / REPORT_NAME).write_bytes(DAMAGED[kind])
    if has_failed:
        write_failure(tmp_path, ClipError("no clip"), None)
    else:
        write_report(tmp_path, {"ok": True, "warnings": ["a"]})
    assert (tmp_path / "report.damaged.json").read_bytes() == DAMAGED[kind]
    report = json.loads((tmp_path / REPORT_NAME).read_text(encoding="utf-8"))
    assert report["ok"] is not has_failed
    assert report["warnings"][-1] == "report.json could not be read and was put aside as report.damaged.json"


def test_a_whole_report_is_replaced_and_nothing_is_put_aside(tmp_path: Path) -> None:
    for number in range(2):
        write_report(tmp_path, {"ok": True, "number": number})
    assert [path.name for path in tmp_path.iterdir()] == [REPORT_NAME]


def test_what_was_put_aside_before_stays(tmp_path: Path) -> None:
    for content in (b"one", b"two", b"three"):
        path = tmp_path / "hand_poses.npz"
        path.write_bytes(content)
        put_aside(path, aside_of(path))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "hand_poses.damaged-2.npz", "hand_poses.damaged-3.npz", "hand_poses.damaged.npz"
    ]  # fmt: skip
    assert (tmp_path / "hand_poses.damaged.npz").read_bytes() == b"one"


@pytest.mark.parametrize("kind", DAMAGED)
def test_slices_and_notes_are_made_again(tmp_path: Path, kind: str) -> None:
    part, notes, clip = tmp_path / "first.slice", tmp_path / "hashes.json", tmp_path / "a.bin"
    for path in (part, notes):
        path.write_bytes(DAMAGED[kind])
    clip.write_bytes(b"a")
    assert read_keyed_arrays(part, "key") is None
    write_keyed_arrays(part, "key", {"a": np.arange(3)})
    again = read_keyed_arrays(part, "key")
    assert again is not None and again["a"].tolist() == [0, 1, 2]
    assert HashMemory(notes).sha256_of(clip) == HashMemory(tmp_path / "none.json").sha256_of(clip)
    assert list(json.loads(notes.read_text(encoding="utf-8"))) == [str(clip)]


@pytest.mark.parametrize("kind", DAMAGED)
def test_what_a_person_chooses_is_a_sentence_and_can_be_written_again(tmp_path: Path, kind: str) -> None:
    request, bones = tmp_path / "request.json", tmp_path / "map.json"
    for path in (request, bones):
        path.write_bytes(DAMAGED[kind])
    with pytest.raises(BadInputError):
        ProxyRequest.read(request)
    with pytest.raises(HandmocapError):
        read_bone_map(bones)
    write_bone_map(bones, RIGIFY)
    assert read_bone_map(bones).bones == RIGIFY.bones
