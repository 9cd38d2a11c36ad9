"""Damaged notes of the set-up: it asks for the consent again, and makes the environment again."""

from __future__ import annotations

from pathlib import Path

import pytest

from handmocap_addon.set_up.licences import _CONSENT_NAME, Licence, accept, are_accepted
from handmocap_addon.set_up.stamps import STAMP_NAME, stamp_of, write_stamp

_DAMAGED = {
    "nothing": b"", "cut short": b'{"pins": "a', "zeros": bytes(500), "no text": b"\xff\xfe\x00", "deep": b"[" * 100_000,
    "another kind": b"[1, 2]", "a number": b"7", "numbers in it": b'{"worker": 7}',
}  # fmt: skip
_LICENCES = (Licence("a part", "some terms", "somewhere"),)


@pytest.mark.parametrize("kind", _DAMAGED)
def test_a_consent_is_asked_for_again(tmp_path: Path, kind: str) -> None:
    (tmp_path / _CONSENT_NAME).write_bytes(_DAMAGED[kind])
    assert not are_accepted(tmp_path, "worker", _LICENCES)
    accept(tmp_path, "worker", _LICENCES)
    assert are_accepted(tmp_path, "worker", _LICENCES)


@pytest.mark.parametrize("kind", _DAMAGED)
def test_an_environment_with_a_damaged_stamp_is_not_finished(tmp_path: Path, kind: str) -> None:
    (tmp_path / STAMP_NAME).write_bytes(_DAMAGED[kind])
    assert stamp_of(tmp_path) is None
    write_stamp(tmp_path, "pins")
    assert stamp_of(tmp_path) == "pins"
