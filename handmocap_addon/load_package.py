"""Loads this package under its own name from wherever it lies.

Blender installs the extension in a folder of its own naming, and child processes start scripts inside it by path. Those
scripts call this first. Standard library only.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

PACKAGE = "handmocap_addon"


def load_package(folder: Path) -> None:
    """Make `import handmocap_addon` mean the package in `folder`."""
    if PACKAGE in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)])
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} holds no {PACKAGE}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = module
    spec.loader.exec_module(module)
