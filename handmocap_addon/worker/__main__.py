"""Starts the worker by path, `python <folder>/worker estimate …`, or as `python -m handmocap_addon.worker`."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    if "handmocap_addon" not in sys.modules:
        # Python puts this folder first on the path, where our file names would hide the libraries they are named for.
        sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != here]
        sys.path.insert(0, str(here.parent))
        sys.dont_write_bytecode = True  # as `python_command`
        from load_package import load_package

        sys.path.pop(0)
        load_package(here.parent)
    from handmocap_addon.worker.command_line import main

    sys.exit(main())
