"""Which files a piece of work had replaced when it was stopped. Standard library only."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..errors import CancelledError
from .partial_folder import has_partial_results


class FilesBefore:
    """How files were at a moment. Every write here moves a new file into place, so a replaced one is another file."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._marks = {path: _mark(path) for path in paths}

    def replaced(self) -> list[Path]:
        """Those that are new or other files by now, in their order."""
        return [path for path, mark in self._marks.items() if _mark(path) not in (mark, None)]

    def cancelled(self) -> CancelledError:
        """The sentence for work that was stopped now."""
        replaced = self.replaced()
        if replaced:
            return CancelledError(f"Cancelled; finished before that and kept: {', '.join(path.name for path in replaced)}")
        if any(has_partial_results(path) for path in self._marks):
            return CancelledError("Cancelled; nothing was changed, and the next run goes on from what is estimated already")
        return CancelledError("Cancelled; nothing was changed")


def links_among(targets: Iterable[Path]) -> list[str]:
    """A sentence for each target that is a link: what lies somewhere else is not written to under another name."""
    return [
        f"{path} was a link to {_led_to(path)}, which stays as it is: the result takes the link's own place"
        for path in targets
        if path.is_symlink()
    ]


def _led_to(path: Path) -> Path:
    try:
        return path.readlink()
    except OSError:
        return Path("another place")


def _mark(path: Path) -> tuple[int, int, int] | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_ino, state.st_mtime_ns, state.st_size
