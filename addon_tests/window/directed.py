"""A window that is set up by a script and worked by mouse and keyboard, and how much of its picture a press changes."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .blender_window import BlenderWindow, Profile, open_window
from .screen import Box, Screen, letters
from .walk import Walk

_DIRECTOR = Path(__file__).with_name("director.py")
_SETTLES = 1.0  # seconds that a window takes for a new picture, without a graphics card
_ANSWER_SECONDS = 180.0
_TAB_SECONDS = 60.0
_READ_SECONDS = 90.0  # reading takes seconds, and on a busy machine tens of them
_MOST_LOOKS = 10
# The part of a pixel's brightness by which it must differ: less is the noise of a software renderer's edges.
_DIFFERENT = "4%"
# The names of the tabs are known once the sidebar has been drawn.
_OPEN_TAB = """
bpy.context.space_data.show_region_ui = True
sidebar = next(region for region in bpy.context.area.regions if region.type == "UI")
try:
    sidebar.active_panel_category = "handmocap"
except (TypeError, AttributeError):
    pass
bpy.context.area.tag_redraw()
answer = sidebar.active_panel_category
"""


@dataclass(frozen=True)
class Directed:
    """A running Blender with a director in it."""

    window: BlenderWindow
    walk: Walk
    orders: Path

    @property
    def screen(self) -> Screen:
        return self.window.screen

    def do(self, order: str) -> Any:
        """What the order leaves in `answer`.

        Raises:
            RuntimeError: it failed in Blender; tells how.
        """
        answer = Path(f"{self.orders}.answer")
        answer.unlink(missing_ok=True)
        part = self.orders.with_suffix(".part")
        part.write_text(order, encoding="utf-8")
        part.replace(self.orders)
        until = time.monotonic() + _ANSWER_SECONDS
        while not answer.is_file():
            if time.monotonic() > until or self.window.process.poll() is not None:
                raise RuntimeError(f"Blender does not answer to: {order}")
            time.sleep(0.05)
        told = json.loads(answer.read_text(encoding="utf-8"))
        if "error" in told:
            raise RuntimeError(told["error"])
        return told["answer"]

    def view(self) -> Box:
        """The 3D view without sidebar and toolbar, the statistics in its corner and its header."""
        left, top, wide, tall = self.do(
            "window, area = bpy.context.window, bpy.context.area\n"
            "answer = [area.x, window.height - area.y - area.height, area.width, area.height]"
        )
        sidebar = self.window.state()["sidebar"]
        right = sidebar[0] if sidebar and sidebar[2] > 1 else left + wide
        return Box(left + 60, top + 120, right - left - 170, tall - 130)

    def open_tab(self) -> None:
        """The extension's tab, without the guess which of the upright names is its: a check begins with it, none is about it."""
        until = time.monotonic() + _TAB_SECONDS
        while self.do(_OPEN_TAB) != "handmocap":
            if time.monotonic() > until:
                raise LookupError("the sidebar has no tab of handmocap")
            time.sleep(_SETTLES)
        self.window.wait_until("the sidebar", lambda state: state["tab"] == "handmocap", _TAB_SECONDS)

    def picture(self, name: str) -> Path:
        """Of the screen when it has stopped changing, with the pointer away from buttons: a press takes seconds without a graphics card."""
        self._leave()
        everything = Box(0, 0, self.screen.width, self.screen.height)
        earlier = self.screen.picture(self.walk.folder / f"{name}.png")
        for _ in range(_MOST_LOOKS):
            time.sleep(2 * _SETTLES)
            later = self.screen.picture(self.walk.folder / f"{name}-later.png")
            is_same = changed_pixels(earlier, later, everything) == 0
            later.replace(earlier)
            if is_same:
                break
        return earlier

    def picture_at(self, frame: int, name: str) -> Path:
        """The picture of another frame; the scene goes back to its own."""
        now = self.do(f"answer = bpy.context.scene.frame_current\nbpy.context.scene.frame_set({frame})")
        picture = self.picture(name)
        self.do(f"bpy.context.scene.frame_set({now})")
        return picture

    def press(self, button: str) -> None:
        """Click on a button of the sidebar by what it reads; also one of two beside each other."""
        self.screen.click_on(button, self.walk.sidebar(), _READ_SECONDS)
        self._leave()

    def undo(self, stage: str) -> None:
        """Ctrl-Z over the 3D view, until the stage's last word has gone with what it told of."""
        self.screen.point_at(self.screen.width // 3, self.screen.height // 2)
        self.screen.key("ctrl+z")
        self.window.wait_until("the line's end", lambda state: stage not in state["said"], 60)

    def _leave(self) -> None:
        """The pointer goes to the empty middle of the status bar; on the window's frame Blender would not know that it has gone."""
        self.screen.point_at(self.screen.width // 3, self.screen.height - 12)

    def open_panel(self, name: str) -> None:
        """Open one panel and close all others, by Ctrl and a click on its header: the lowest place where its name stands."""
        until = time.monotonic() + 60
        while True:
            words = [
                word.box for word in self.screen.words(self.walk.sidebar()) if letters(word.text) == letters(name.split()[0])
            ]
            if words:
                break
            if time.monotonic() > until:
                raise LookupError(f"there is no panel {name}")
        x, y = max(words, key=lambda box: box.top).middle
        self.screen.point_at(x, y)
        self.screen.key_down("ctrl")
        self.screen.click(x, y)
        self.screen.key_up("ctrl")
        self.screen.point_at(self.screen.width // 3, self.screen.height // 2)
        time.sleep(_SETTLES)

    def said(self, stage: str) -> list[Any] | None:
        """Whether a stage's last word was good, and the word; None where it has none."""
        return self.window.state()["said"].get(stage)

    def reads(self, where: Box | None = None) -> str:
        """All words of the sidebar, or of another part of the screen."""
        return " ".join(word.text for word in self.screen.words(where or self.walk.sidebar()))

    def reads_soon(self, *texts: str) -> None:
        """The sidebar reads all of these, also where a line ends in the middle of one.

        Raises:
            LookupError: one is not there in time; says what was read instead.
        """
        until = time.monotonic() + _READ_SECONDS
        while missing := [text for text in texts if text not in (read := self.reads())]:
            if time.monotonic() > until:
                raise LookupError(f"{missing} is not in the sidebar; it reads: {read}")


@contextlib.contextmanager
def directed_window(
    blender: str, profile: Profile, screen: Screen, blend: Path, folder: Path, name: str
) -> Iterator[Directed]:
    """Blender with this file, the tab open and a director inside; pictures go to `folder`."""
    orders = profile.folder / "orders.py"
    for left in (orders, Path(f"{orders}.answer")):
        left.unlink(missing_ok=True)
    log = folder / f"{name}.log"
    with open_window(blender, profile, screen, blend, log, [str(_DIRECTOR), str(orders)]) as window:
        walk = Walk(name, folder, window, blend)
        directed = Directed(window, walk, orders)
        time.sleep(_SETTLES)
        directed.open_tab()
        yield directed


def changed_pixels(first: Path, second: Path, where: Box) -> int:
    """How many pixels of a part of two pictures differ."""
    crop = ["-crop", f"{where.width}x{where.height}+{where.left}+{where.top}", "+repage"]
    difference = ["-compose", "difference", "-composite", "-colorspace", "Gray", "-threshold", _DIFFERENT]
    command = ["convert", "(", str(first), *crop, ")", "(", str(second), *crop, ")", *difference]
    told = subprocess.run([*command, "-format", "%[fx:mean*w*h]", "info:"], check=True, capture_output=True, text=True)
    return round(float(told.stdout))
