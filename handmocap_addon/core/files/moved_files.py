"""Where a file is after its project was renamed, moved or opened on another system."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

# So far up from the saved file a project is looked through: shot, sequence, project.
_LEVELS = 3


def find_moved(text: str, last_place: str, folder: Path) -> Path | None:
    """The file or folder that a path meant, or None.

    It is looked for at its last known place, then beside the saved file and in the folders above it by as much of its old
    path as is found there: by two names at least in the folders above, so that no stranger of the same name is taken.

    Args:
        text: the path as it was saved, absolute or beginning with `//`, with either system's separators.
        last_place: the absolute path when the file was last saved; "" where not known.
        folder: that of the saved file as it is open now.
    """
    if last_place and Path(last_place).exists():
        return Path(last_place)
    tails = [_parts(each) for each in (text, last_place) if each]
    for level, start in enumerate((folder, *folder.parents[:_LEVELS])):
        for parts in tails:
            for length in range(len(parts), 1 if level else 0, -1):
                candidate = start.joinpath(*parts[-length:])
                if candidate.exists():
                    return candidate
    return None


def _parts(text: str) -> tuple[str, ...]:
    """The names on the way, without drive and steps upwards."""
    is_windows = "\\" in text or text[1:2] == ":"
    path = PureWindowsPath(text) if is_windows else PurePosixPath(text)
    return tuple(part for part in path.parts if part not in (path.anchor, "/", "//", "\\", "..", "."))
