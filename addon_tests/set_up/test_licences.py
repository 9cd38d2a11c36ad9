from __future__ import annotations

import json

import pytest

from handmocap_addon.core.errors import OutputError
from handmocap_addon.set_up.licences import WILOR_LICENCES, Licence, accept, are_accepted

LICENCES = (Licence("a part", "free", "https://example.org"),)


def test_nobody_has_agreed_at_first(tmp_path):
    assert not are_accepted(tmp_path, "wilor", LICENCES)
    assert not are_accepted(tmp_path / "nowhere", "wilor", LICENCES)


def test_a_consent_is_remembered_with_its_time_and_words(tmp_path):
    accept(tmp_path / "new", "wilor", LICENCES)
    assert are_accepted(tmp_path / "new", "wilor", LICENCES)
    (file,) = (tmp_path / "new").glob("*.json")
    said = json.loads(file.read_text(encoding="utf-8"))["wilor"]
    assert said["licences"] == ["a part: free (https://example.org)"]
    assert said["accepted"].startswith("20")


def test_other_words_are_asked_about_again(tmp_path):
    accept(tmp_path, "wilor", LICENCES)
    assert not are_accepted(tmp_path, "wilor", (Licence("a part", "not for work", "https://example.org"),))
    assert not are_accepted(tmp_path, "wilor", (*LICENCES, Licence("another", "free", "https://example.org")))


def test_consents_to_different_things_stand_side_by_side(tmp_path):
    accept(tmp_path, "wilor", LICENCES)
    accept(tmp_path, "other", LICENCES)
    assert are_accepted(tmp_path, "wilor", LICENCES)
    assert are_accepted(tmp_path, "other", LICENCES)


@pytest.mark.parametrize("content", ["", "[]", '{"wilor": 3}', '{"wilor": {}}', "not json"])
def test_a_damaged_note_is_no_consent(tmp_path, content):
    accept(tmp_path, "wilor", LICENCES)
    (file,) = tmp_path.glob("*.json")
    file.write_text(content, encoding="utf-8")
    assert not are_accepted(tmp_path, "wilor", LICENCES)


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        accept(tmp_path / "file", "wilor", LICENCES)


def test_everything_that_limits_a_persons_work_is_named():
    text = " ".join(licence.text() for licence in WILOR_LICENCES)
    for word in ("CC BY-NC-ND", "MANO", "non-commercial", "AGPL-3.0", "smplx", "wilor_mini"):
        assert word in text
