"""What can be said about the branches for other systems without running them there."""

from __future__ import annotations

import ctypes

import pytest

from handmocap_addon.blender.jobs.process_trees import start_options
from handmocap_addon.blender.jobs.windows_job_object import ExtendedLimits


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_a_child_has_a_session_of_its_own(platform: str) -> None:
    assert start_options(platform) == {"start_new_session": True}


def test_on_windows_a_child_has_a_group_of_its_own_and_no_console() -> None:
    # CREATE_NEW_PROCESS_GROUP and CREATE_NO_WINDOW of winbase.h.
    assert start_options("win32") == {"creationflags": 0x08000200}


@pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="the layout of 64-bit systems")
def test_the_limits_of_a_job_object_lie_as_windows_has_them() -> None:
    # By winnt.h: the flags after two 64-bit times, 64 bytes of basic limits, 48 of counters, four sizes.
    limits = ExtendedLimits.ending_with_the_holder()
    assert ctypes.sizeof(limits) == 144
    assert ExtendedLimits.IoInfo.offset == 64
    assert bytes(limits)[16:20] == (0x2000).to_bytes(4, "little")
    assert bytes(limits).count(0) == 143
