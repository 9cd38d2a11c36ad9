"""A short run of the fuzzer over what is kept in a .blend, as in addon_tests/worker/test_fuzz.py."""

from __future__ import annotations

import pytest

from addon_tests.fuzz.blender_readers import READERS
from addon_tests.fuzz.running import run


@pytest.mark.parametrize("name", READERS)
def test_changed_records_are_ignored_or_a_typed_error(name, tmp_path):
    count = run(name, 20, range(60), tmp_path)
    assert not count.faults, "\n".join(count.faults)
    assert count.inputs == 60
