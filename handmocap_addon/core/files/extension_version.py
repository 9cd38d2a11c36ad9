"""The version in the manifest, which lies beside the installed package and above the checked-out one."""

from __future__ import annotations

import tomllib
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[2]
_NAME = "blender_manifest.toml"


def extension_version() -> str:
    """Such as `0.1.0`; `unknown` where there is no manifest."""
    for folder in (_PACKAGE, _PACKAGE.parent):
        if (folder / _NAME).is_file():
            return str(tomllib.loads((folder / _NAME).read_text(encoding="utf-8"))["version"])
    return "unknown"
