from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from handmocap_addon.core.errors import HandPosesFileError
from handmocap_addon.core.files.archive_identity import archive_identity
from handmocap_addon.core.hands.hands_summary import read_hands_summary


def _hands(path: Path, left: int, right: int, **meta: object) -> Path:
    seen = {"left_detected": np.arange(9) < left, "right_detected": np.arange(9) < right}
    np.savez(path, **seen, **({"meta": np.array(json.dumps(meta))} if meta else {}))
    return path


@pytest.mark.parametrize(
    ("left", "right", "sentence"),
    [
        (9, 9, "Both on all 9 frames"),
        (9, 6, "Left 9, right 6 of 9"),
        (7, 6, "Left 7, right 6 of 9"),
        (0, 9, "Left never, right 9 of 9"),
        (0, 0, "No hand seen on 9 frames"),
    ],
)
def test_a_line_about_the_hands(left: int, right: int, sentence: str, tmp_path: Path) -> None:
    assert read_hands_summary(_hands(tmp_path / "hands.npz", left, right)).sentence() == sentence


def test_what_the_file_says_about_clip_and_estimator(tmp_path: Path) -> None:
    summary = read_hands_summary(_hands(tmp_path / "a.npz", 1, 1, clip={"name": "a.mp4"}, estimator="mediapipe"))
    assert (summary.clip_name, summary.estimator) == ("a.mp4", "mediapipe")
    summary = read_hands_summary(_hands(tmp_path / "b.npz", 1, 1, clip=["?"], estimator=7))
    assert (summary.clip_name, summary.estimator) == ("", "")


@pytest.mark.parametrize("content", [b"", b"PK damaged"])
def test_a_damaged_file_is_one_sentence(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "hands.npz"
    path.write_bytes(content)
    with pytest.raises(HandPosesFileError, match=r"hands\.npz cannot be read"):
        read_hands_summary(path)
    assert archive_identity(path) == ""


def test_a_copy_is_the_same_and_other_hands_are_not(tmp_path: Path) -> None:
    first = _hands(tmp_path / "first.npz", 3, 4)
    copy = shutil.copy(first, tmp_path / "copy.npz")
    assert archive_identity(Path(copy)) == archive_identity(first) != ""
    assert archive_identity(_hands(tmp_path / "other.npz", 3, 5)) != archive_identity(first)
    assert archive_identity(tmp_path / "none.npz") == ""
