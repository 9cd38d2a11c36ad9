"""Imported first by the programs of this folder: modules come from Python and from here, not from a shell's PYTHONPATH.

Pipelines of other programs set it for every Python; what they name like a part of Python's own library would be loaded in
its place. What Python itself loads at its start, such as a `sitecustomize`, has run before anything here can say so.
"""

# ruff: noqa: PTH120 - pathlib is one of the modules that a shell may bring.
import os
import sys

_OF_PYTHON = {os.path.realpath(os.path.dirname(os.__file__))}


def _foreign_folders() -> set[str]:
    """An empty entry is the current folder."""
    named = os.environ.get("PYTHONPATH")
    entries = named.split(os.pathsep) if named else []
    return {os.path.realpath(entry or os.curdir) for entry in entries} - _OF_PYTHON


def _take_out(folders: set[str]) -> None:
    here = os.path.dirname(os.path.realpath(__file__))
    kept = [entry for entry in sys.path if os.path.realpath(entry or os.curdir) not in folders]
    sys.path[:] = [here, *(entry for entry in kept if os.path.realpath(entry or os.curdir) != here)]
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and os.path.realpath(file).startswith(tuple(folder + os.sep for folder in folders)):
            del sys.modules[name]


if not sys.flags.ignore_environment and _foreign_folders():
    _take_out(_foreign_folders())
