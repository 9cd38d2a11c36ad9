from __future__ import annotations

import pytest

from handmocap_addon.core.bake.names import DEFAULT_PATTERN, baked_name
from handmocap_addon.core.errors import BadUsageError


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        (DEFAULT_PATTERN, "body"),
        ("{clip}_{part}", "Zoë 手_body"),
        ("{scene}.{part}.v001", "a_b.body.v001"),  # a slash would be a folder
    ],
)
def test_fields_are_filled_in_and_what_no_file_system_takes_is_replaced(pattern: str, name: str) -> None:
    assert baked_name(pattern, clip="Zoë 手", scene="a/b", part="body") == name


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("{clip}", "same for every part"),
        ("{person}_{part}", "not known"),
        ("{part.__class__}", "not known"),
        ("{part!r}", "not known"),
        ("{}{part}", "not known"),
        ("{part", "cannot be filled in"),
        ("out/{part}", "a sign that no file's name may have"),
    ],
)
def test_a_pattern_that_cannot_be_meant_is_a_sentence(pattern: str, reason: str) -> None:
    with pytest.raises(BadUsageError, match=reason):
        baked_name(pattern, clip="a", scene="b", part="body")
