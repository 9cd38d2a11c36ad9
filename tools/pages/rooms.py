"""The table of rooms in docs/architecture.md: what each says of itself.

    python3 -m tools.pages.rooms [--check]

--check writes nothing and exits with 1 where the page says something else. Standard library only.
"""

from __future__ import annotations

import argparse
import ast
import sys
from typing import Final

from tools.pages.regions import REPOSITORY, regions, table, write_region

REGION: Final = "rooms"
_PACKAGE: Final = REPOSITORY / "handmocap_addon"
_RINGS: Final = ("core", "set_up", "worker", "blender", "ui")


def rooms() -> dict[str, str]:
    """By its folder, what the first lines of each room's `__init__.py` say."""
    folders = [file.parent for ring in _RINGS for file in sorted((_PACKAGE / ring).rglob("__init__.py"))]
    return {
        folder.relative_to(_PACKAGE).as_posix(): " ".join(
            (ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or "").split()
        )
        for folder in folders
    }


def page_text() -> str:
    """The table."""
    return table(("room", "what lives there"), [(f"`{folder}`", said) for folder, said in rooms().items()])


def main() -> int:
    """Write the page, or compare."""
    parser = argparse.ArgumentParser(allow_abbrev=False, description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where something differs")
    options = parser.parse_args()
    (found,) = [region.text for region in regions() if region.name == REGION]
    if not options.check:
        write_region(REGION, page_text())
    return 1 if options.check and found != page_text() else 0


if __name__ == "__main__":
    sys.exit(main())
