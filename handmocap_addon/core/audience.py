"""Who reads this process's sentences: a person before the panel, or one before a command line. Standard library only.

A job's child belongs to whoever started it, so it is a variable of the environment, which children inherit.
"""

from __future__ import annotations

import os
from typing import Final

_VARIABLE: Final = "HANDMOCAP_PANEL"


def way_out(button: str, command: str) -> str:
    """What to do, as the reader can: with a button or field of the panel, or with a command or option."""
    return button if os.environ.get(_VARIABLE) == "1" else command


def speak_to_the_panel() -> None:
    """From now on this process and its children speak to a person before the panel."""
    os.environ[_VARIABLE] = "1"


def speak_to_the_command_line() -> None:
    """From now on this process and its children speak to a person before a command line."""
    os.environ.pop(_VARIABLE, None)


def set_up_worker() -> str:
    """How to get the estimator that is embedded."""
    return way_out("press Set Up Hand Estimator in Set-up", "run handmocap.py setup")


def set_up_wilor() -> str:
    """How to get the other one."""
    return way_out("press Set Up WiLoR in Set-up", "run handmocap.py setup --estimator wilor")


def set_up_exporter() -> str:
    """How to get a Blender that exports where the running one cannot."""
    return way_out("press Set Up Exporter in Set-up", "run handmocap.py setup")
