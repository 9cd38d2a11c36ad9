"""A short run of the fuzzer; `python -m addon_tests.fuzz` is the long one."""

from __future__ import annotations

import pytest

from addon_tests.fuzz.running import input_of, readers, run

_INPUTS = 12
_SEED = 20


@pytest.mark.parametrize("name", readers())
def test_changed_files_end_in_a_result_or_a_typed_error(name, tmp_path):
    count = run(name, _SEED, range(max(round(_INPUTS * readers()[name].weight), 2)), tmp_path)
    assert not count.faults, "\n".join(count.faults)
    assert count.inputs >= 2


@pytest.mark.parametrize("name", ["hand_poses.npz", "corrections", "mp4"])
def test_a_number_makes_the_same_input_again(name):
    inputs = [input_of(name, _SEED, number) for number in range(4)]
    assert inputs == [input_of(name, _SEED, number) for number in range(4)]
    assert len(set(inputs)) > 1
