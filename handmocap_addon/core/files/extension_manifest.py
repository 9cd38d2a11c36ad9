"""What the manifest says, which lies beside the installed package and above the checked-out one."""

from __future__ import annotations

import tomllib
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[2]
_NAME = "blender_manifest.toml"


def extension_version() -> str:
    """Such as `0.1.0`; `unknown` where there is no manifest."""
    return str(_manifest().get("version", "unknown"))


def oldest_blender() -> tuple[int, ...]:
    """The oldest Blender that takes the extension, such as (4, 5, 0); empty where there is no manifest."""
    return tuple(int(part) for part in str(_manifest().get("blender_version_min", "")).split(".") if part)


def _manifest() -> dict[str, object]:
    for folder in (_PACKAGE, _PACKAGE.parent):
        if (folder / _NAME).is_file():
            return tomllib.loads((folder / _NAME).read_text(encoding="utf-8"))
    return {}
