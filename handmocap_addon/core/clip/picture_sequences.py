"""Folders of numbered pictures: which files are the frames of one clip, and at which frame each stands.

The one list of kinds of pictures, and the one way to read a folder, for the worker as for Blender. Numbers are time: what
is missing between the first and the last is a frame without a file.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import ClipError

PICTURE_SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".exr", ".dpx", ".tga", ".jp2", ".j2k", ".j2c")
)
# A minus counts where it cannot be a hyphen: after a separator or at the start of the name.
_NUMBER = re.compile(r"(?:(?<![^._ ])-)?[0-9]+")
_AFTER_VERSION_LETTER = re.compile(r"(?:^|[^A-Za-z])(?:v|ver|version)$", re.IGNORECASE)
# Beyond this many frames without a file for each one with a file, the numbers are something else than time.
_MISSING_FOR_EACH = 20
_MISSING_AT_LEAST = 1000
_NAMED_AT_MOST = 5


@dataclass(frozen=True)
class PictureSequence:
    """The pictures of one clip. Row r stands at number `first_number + r * step`."""

    folder: Path
    pattern: str  # the files' name with # for a number, or as many as its digits where it has leading zeros
    first_number: int
    step: int  # 2 where every second number is there
    files: tuple[Path | None, ...]  # one for each row; None where the number is missing
    others: tuple[str, ...] = ()  # names of pictures that lie about in the folder

    @property
    def present(self) -> list[Path]:
        """The files that are there, in their order."""
        return [file for file in self.files if file is not None]

    @property
    def missing_rows(self) -> list[int]:
        return [row for row, file in enumerate(self.files) if file is None]

    def number_of(self, row: int) -> int:
        return self.first_number + row * self.step


@dataclass(frozen=True)
class _Name:
    """A file's name taken apart: texts around its numbers, which are one fewer."""

    path: Path
    texts: tuple[str, ...]
    numbers: tuple[str, ...]


@dataclass(frozen=True)
class _Group:
    """Files whose names differ in one number alone, at `place` among their numbers."""

    names: tuple[_Name, ...]
    place: int | None  # None: no name has a number

    def pattern(self) -> str:
        name = self.names[0]
        if self.place is None:
            return name.path.name
        digits = [each.numbers[self.place].lstrip("-") for each in self.names]
        padded = any(text.startswith("0") and len(text) > 1 for text in digits)
        marks = "#" * (min(map(len, digits)) if padded else 1)
        numbers = [*name.numbers[: self.place], marks, *name.numbers[self.place + 1 :], ""]
        return "".join(text + number for text, number in zip(name.texts, numbers, strict=True))

    def values(self) -> list[int]:
        assert self.place is not None
        return [int(name.numbers[self.place]) for name in self.names]

    def described(self) -> str:
        if self.place is None or len(self.names) == 1:
            return self.names[0].path.name
        values = self.values()
        return f"{self.pattern()} ({len(values)} pictures, {min(values)} to {max(values)})"


def is_picture(path: Path) -> bool:
    """Whether a file's name is that of a picture."""
    return path.suffix.lower() in PICTURE_SUFFIXES and not path.name.startswith(".")


def picture_sequence(path: Path) -> PictureSequence:
    """The sequence in a folder, or the one that a picture of it belongs to.

    Hidden files, folders, and single pictures beside a sequence (thumbnails, posters) are not frames.

    Raises:
        ClipError: no pictures, several sequences, the same number twice, or names without numbers.
    """
    path = Path(path)
    folder = path if path.is_dir() else path.parent
    groups = _groups(_pictures_in(folder))
    if not groups:
        raise ClipError(f"The folder {folder} holds no images", "choose a video file or a folder of numbered pictures")
    if path != folder:
        chosen = next((group for group in groups if any(name.path.name == path.name for name in group.names)), None)
        if chosen is None:
            raise ClipError(f"{path.name} is no picture that can be read", "choose a video file or a folder of pictures")
    else:
        chosen = _only(folder, groups)
    used = {name.path.name for name in chosen.names}
    others = tuple(sorted(name.path.name for group in groups for name in group.names if name.path.name not in used))
    return _sequence(folder, chosen, others)


def _pictures_in(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            # A link that leads nowhere is a frame that cannot be read, not one that was never there.
            names = [entry.name for entry in entries if entry.is_file() or (entry.is_symlink() and not entry.is_dir())]
    except OSError as error:
        raise ClipError(f"The folder {folder} cannot be read ({error.strerror})", "choose another one") from error
    return [path for path in (folder / name for name in sorted(names)) if is_picture(path)]


def _groups(pictures: Iterable[Path]) -> list[_Group]:
    """Pictures sorted by the texts of their names, then by all numbers but one."""
    alike: dict[tuple[str, ...], list[_Name]] = {}
    for path in pictures:
        stem, suffix = path.name[: -len(path.suffix)], path.suffix
        # The suffix may hold a digit (.jp2), which is no number.
        texts = [*_NUMBER.split(stem)]
        texts[-1] += suffix
        name = _Name(path, tuple(texts), tuple(_NUMBER.findall(stem)))
        alike.setdefault(tuple(text.casefold() for text in texts), []).append(name)
    return [group for names in alike.values() for group in _parted(names)]


def _parted(names: Sequence[_Name]) -> list[_Group]:
    """Names with the same texts, as groups that differ in one number: the one that makes the fewest of them."""
    count = len(names[0].numbers)
    if count == 0:
        return [_Group((name,), None) for name in names]
    frames = [place for place in range(count) if not _AFTER_VERSION_LETTER.search(names[0].texts[place])]
    places = frames or list(range(count))
    varying = [place for place in places if len({name.numbers[place] for name in names}) > 1]

    def by(place: int) -> dict[tuple[str, ...], list[_Name]]:
        parts: dict[tuple[str, ...], list[_Name]] = {}
        for name in names:
            parts.setdefault((*name.numbers[:place], *name.numbers[place + 1 :]), []).append(name)
        return parts

    # From the end, where names usually have the frame's number.
    best = min(reversed(varying or places), key=lambda place: len(by(place)))
    return [_Group(tuple(part), best) for part in by(best).values()]


def _only(folder: Path, groups: Sequence[_Group]) -> _Group:
    sequences = [group for group in groups if len(group.names) > 1]
    if not sequences:
        sequences = [group for group in groups if group.place is not None] or list(groups)
    if len(sequences) == 1:
        return sequences[0]
    if all(len(group.names) == 1 for group in sequences):
        raise ClipError(
            f"The {len(sequences)} pictures in {folder.name} are no sequence, since their names do not differ in one number",
            "number them as 0001, 0002 and so on, or choose a single picture",
        )
    named = [group.described() for group in sorted(sequences, key=lambda group: -len(group.names))]
    if len(named) > _NAMED_AT_MOST:
        named = [*named[:_NAMED_AT_MOST], f"{len(named) - _NAMED_AT_MOST} more"]
    raise ClipError(
        f"The folder {folder.name} holds {len(sequences)} sequences: {', '.join(named[:-1])} and {named[-1]}",
        "choose a picture of the one that is meant instead of the folder",
    )


def _sequence(folder: Path, group: _Group, others: tuple[str, ...]) -> PictureSequence:
    pattern = group.pattern()
    if group.place is None:
        return PictureSequence(folder, pattern, 0, 1, (group.names[0].path,), others)
    by_number: dict[int, Path] = {}
    for number, name in zip(group.values(), group.names, strict=True):
        if number in by_number:
            raise ClipError(
                f"{by_number[number].name} and {name.path.name} in {folder.name} have the same number", "remove one of them"
            )
        by_number[number] = name.path
    numbers = sorted(by_number)
    step = _step(numbers)
    rows = range(numbers[0], numbers[-1] + 1, step)
    if (numbers[-1] - numbers[0]) // step + 1 - len(numbers) > max(_MISSING_AT_LEAST, _MISSING_FOR_EACH * len(numbers)):
        raise ClipError(
            f"The {len(numbers)} pictures {pattern} in {folder.name} are numbered from {numbers[0]} to {numbers[-1]}",
            "number them by frame, one after the other",
        )
    return PictureSequence(folder, pattern, numbers[0], step, tuple(by_number.get(number) for number in rows), others)


def _step(numbers: Sequence[int]) -> int:
    """How far numbers lie apart as a rule, or 1: every second frame is a step, a hole is none."""
    intervals = [after - before for before, after in itertools.pairwise(numbers)]
    if len(intervals) < 2:
        return 1
    smallest = min(intervals)
    often = intervals.count(smallest)
    regular = often >= 2 and 2 * often >= len(intervals)
    return smallest if regular and all(interval % smallest == 0 for interval in intervals) else 1
