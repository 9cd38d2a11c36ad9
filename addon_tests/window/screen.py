"""A screen of its own (Xvfb), the mouse and keyboard on it (xdotool), pictures of it (ImageMagick) and their words (Tesseract).

The words are how a walk finds a button: as a person does, by reading. Needs the Debian packages `xvfb xdotool openbox
imagemagick tesseract-ocr`.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Blender's letters are some 11 pixels high, Tesseract wants 30 and black on white.
_ENLARGED = 3
_LEAST_CONFIDENCE = 25.0
_WHITE = "45%"  # of a picture with black and white exchanged


@dataclass(frozen=True)
class Box:
    """A part of the screen, pixels from its top left corner."""

    left: int
    top: int
    width: int
    height: int

    @property
    def middle(self) -> tuple[int, int]:
        return self.left + self.width // 2, self.top + self.height // 2

    def around(self, other: Box) -> Box:
        left, top = min(self.left, other.left), min(self.top, other.top)
        right = max(self.left + self.width, other.left + other.width)
        return Box(left, top, right - left, max(self.top + self.height, other.top + other.height) - top)


@dataclass(frozen=True)
class Word:
    """One word that was read, and where."""

    text: str
    box: Box


class Screen:
    """One X screen and what a hand does on it."""

    def __init__(self, width: int, height: int, display: str) -> None:
        self.width, self.height = width, height
        self.environment = {**os.environ, "DISPLAY": display}
        self.clicks = 0

    def picture(self, path: Path) -> Path:
        subprocess.run(["import", "-window", "root", str(path)], env=self.environment, check=True)
        return path

    def words(self, where: Box | None = None, only_white: bool = False) -> list[Word]:
        """What can be read on (a part of) the screen, line by line from the top. `only_white` reads values, also on blue fields, without labels."""
        where = where or Box(0, 0, self.width, self.height)
        with tempfile.TemporaryDirectory() as folder:
            taken = self.picture(Path(folder) / "screen.png")
            enlarged = Path(folder) / "enlarged.png"
            crop = f"{where.width}x{where.height}+{where.left}+{where.top}"
            grey = ["-colorspace", "Gray", "-resize", f"{_ENLARGED * 100}%", "-negate"]
            grey += ["-threshold", _WHITE] if only_white else []
            subprocess.run(["convert", str(taken), "-crop", crop, "+repage", *grey, str(enlarged)], check=True)
            command = ["tesseract", str(enlarged), "-", "--psm", "11", "tsv"]
            table = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        rows = csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE)
        return [_word(row, where) for row in rows if row["text"].strip() and float(row["conf"]) >= _LEAST_CONFIDENCE]

    def find(self, text: str, where: Box | None = None, aside: float = 0.5) -> Box | None:
        """Where these words stand one after the other on a line. Of several places the one nearest to the upright middle of the part that was
        looked at: there buttons have their words, labels have theirs at the left. `aside` is how far from the middle, as a share of the width."""
        where = where or Box(0, 0, self.width, self.height)
        wanted = [letters(word) for word in text.split()]
        read = self.words(where)
        found = []
        for start in range(len(read) - len(wanted) + 1):
            run = read[start : start + len(wanted)]
            if [letters(word.text) for word in run] == wanted and _on_one_line(run):
                box = run[0].box
                for word in run[1:]:
                    box = box.around(word.box)
                found.append(box)
        near = [box for box in found if abs(box.middle[0] - where.middle[0]) <= aside * where.width]
        return min(near, key=lambda box: abs(box.middle[0] - where.middle[0]), default=None)

    def wait_for(self, text: str, where: Box | None = None, seconds: float = 20.0, aside: float = 0.5) -> Box:
        """As `find`, until it is there.

        Raises:
            LookupError: it is not there in time; says what was read instead.
        """
        until = time.monotonic() + seconds
        while True:
            found = self.find(text, where, aside)
            if found is not None:
                return found
            if time.monotonic() > until:
                read = " ".join(word.text for word in self.words(where))
                raise LookupError(f"{text!r} is not on the screen; it reads: {read}")
            time.sleep(0.5)

    def point_at(self, x: int, y: int) -> None:
        # Two moves: Blender looks for what is under the pointer when it moves.
        self._do("mousemove", str(max(x - 3, 0)), str(y), "sleep", "0.2", "mousemove", str(x), str(y), "sleep", "0.2")

    def click(self, x: int, y: int) -> None:
        self.point_at(x, y)
        self._do("click", "1")
        self.clicks += 1

    def double_click(self, x: int, y: int) -> None:
        self.point_at(x, y)
        self._do("click", "--repeat", "2", "--delay", "60", "1")
        self.clicks += 2

    def click_on(self, text: str, where: Box | None = None, seconds: float = 20.0, aside: float = 0.5) -> Box:
        found = self.wait_for(text, where, seconds, aside)
        self.click(*found.middle)
        return found

    def key(self, name: str) -> None:
        self._do("key", name)

    def key_down(self, name: str) -> None:
        self._do("keydown", name)

    def key_up(self, name: str) -> None:
        self._do("keyup", name)

    def type(self, text: str) -> None:
        self._do("type", "--delay", "40", text)

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        self.point_at(*start)
        half = [str((a + b) // 2) for a, b in zip(start, end, strict=True)]
        whole = [str(value) for value in end]
        self._do(
            "mousedown",
            "1",
            "sleep",
            "0.2",
            "mousemove",
            *half,
            "sleep",
            "0.2",
            "mousemove",
            *whole,
            "sleep",
            "0.3",
            "mouseup",
            "1",
        )

    def _do(self, *arguments: str) -> None:
        subprocess.run(["xdotool", *arguments], env=self.environment, check=True)


@contextlib.contextmanager
def new_screen(width: int, height: int) -> Iterator[Screen]:
    """A screen with a window manager, which ends with the block."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as told:
        screen = Screen(width, height, f":{told.readline().strip()}")
    # Blender's second windows (file browser, preferences) come up where a window manager puts them.
    manager = subprocess.Popen(["openbox", "--sm-disable"], env=screen.environment, stderr=subprocess.DEVNULL)
    try:
        yield screen
    finally:
        for process in (manager, server):
            process.terminate()
            process.wait()


def _word(row: dict[str, str], where: Box) -> Word:
    left, top, width, height = (round(int(row[name]) / _ENLARGED) for name in ("left", "top", "width", "height"))
    return Word(row["text"].strip(), Box(where.left + left, where.top + top, width, height))


def letters(text: str) -> str:
    """Letters and digits alone, so that an icon read as a sign, or dots, do not matter."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _on_one_line(words: list[Word]) -> bool:
    middles = [word.box.middle[1] for word in words]
    return max(middles) - min(middles) < 8
