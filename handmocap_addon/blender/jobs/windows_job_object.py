"""A Windows job object: processes that the system ends together, at the latest when whoever holds the object is gone.

By the Windows API's documentation of `CreateJobObject` and `JOBOBJECT_EXTENDED_LIMIT_INFORMATION`. Not tried on Windows yet.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from typing import Any

_EXTENDED_LIMIT_INFORMATION = 9  # of JOBOBJECTINFOCLASS
_LIMIT_KILL_ON_JOB_CLOSE = 0x2000


class _BasicLimits(ctypes.Structure):
    _fields_ = (
        ("PerProcessUserTimeLimit", ctypes.c_int64),
        ("PerJobUserTimeLimit", ctypes.c_int64),
        ("LimitFlags", ctypes.c_uint32),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", ctypes.c_uint32),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", ctypes.c_uint32),
        ("SchedulingClass", ctypes.c_uint32),
    )


class ExtendedLimits(ctypes.Structure):
    """`JOBOBJECT_EXTENDED_LIMIT_INFORMATION`."""

    _fields_ = (
        ("BasicLimitInformation", _BasicLimits),
        ("IoInfo", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    )

    @classmethod
    def ending_with_the_holder(cls) -> ExtendedLimits:
        limits = cls()
        limits.BasicLimitInformation.LimitFlags = _LIMIT_KILL_ON_JOB_CLOSE
        return limits


if sys.platform == "win32":

    class JobObject:
        """Holds a process that was just started, and what it starts from now on.

        Where the system refuses (an older one, inside another job), the process alone is ended.
        """

        def __init__(self, process: subprocess.Popen[str]) -> None:
            self._process = process
            self._kernel: Any = ctypes.WinDLL("kernel32", use_last_error=True)
            self._kernel.CreateJobObjectW.restype = ctypes.c_void_p
            self._handle = ctypes.c_void_p(self._kernel.CreateJobObjectW(None, None))
            limits = ExtendedLimits.ending_with_the_holder()
            self._holds = bool(
                self._handle
                and self._kernel.SetInformationJobObject(
                    self._handle, _EXTENDED_LIMIT_INFORMATION, ctypes.byref(limits), ctypes.sizeof(limits)
                )
                and self._kernel.AssignProcessToJobObject(self._handle, ctypes.c_void_p(int(process._handle)))
            )

        def terminate(self) -> None:
            """End all of them at once."""
            if not self._holds or not self._kernel.TerminateJobObject(self._handle, 1):
                self._process.kill()

        def __del__(self) -> None:
            if self._handle:
                self._kernel.CloseHandle(self._handle)
