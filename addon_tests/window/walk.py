"""Walks from a fresh profile to a baked file in Blender's real window, by mouse and keyboard alone, and takes a picture at each step.

    python3 addon_tests/window/walk.py --clip demo/clip.mp4 --zip dist/handmocap-0.1.0.zip --environments DIR --out DIR [--variant NAME …]

Each variant begins from nothing: `plain`; `offline` (no permission to go online, nothing set up); `no-environment` (nothing set up, allowed to go
online: the set-up is part of the walk); `no-hands` (a clip without hands); `cancel`, `kill` and `reload` in the middle of the estimate: Cancel is
clicked, the worker is killed, the file is opened again. Clicks and seconds go into `walks.json`. What is told of Blender's inside is read
by an observer that changes nothing.

Needs Blender 5.2, an X server's programs and Tesseract: see `screen.py`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from addon_tests.window.blender_window import BlenderWindow, Profile, install, open_window, save_start_file
from addon_tests.window.screen import Box, Screen, new_screen

_SETTLES = 1.0  # seconds that a window takes for a new picture, without a graphics card
_ESTIMATE_SECONDS, _BAKE_SECONDS, _SET_UP_SECONDS = 600, 600, 1200


@dataclass
class Step:
    """One picture of a walk."""

    what: str
    picture: str
    clicks: int
    seconds: float


@dataclass
class Walk:
    """The walk of one variant, as it goes."""

    variant: str
    folder: Path
    window: BlenderWindow
    clip: Path
    started: float = field(default_factory=time.monotonic)
    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def screen(self) -> Screen:
        return self.window.screen

    def sidebar(self) -> Box:
        return Box(*self.window.state()["sidebar"])

    def step(self, what: str) -> None:
        time.sleep(_SETTLES)
        name = f"{self.variant}-{len(self.steps):02}-{what.replace(' ', '-')}.png"
        self.screen.picture(self.folder / name)
        self.steps.append(Step(what, name, self.screen.clicks, round(time.monotonic() - self.started, 1)))

    def press(self, button: str) -> None:
        """Click on a button of the sidebar by what it reads."""
        self.screen.click_on(button, self.sidebar(), aside=0.15)
        # The pointer on a button hides letters of what is read next.
        self.screen.point_at(self.screen.width // 3, self.screen.height // 2)

    def sees(self, text: str, seconds: float = 20.0) -> None:
        """Hold it against the walk if the sidebar does not read this."""
        self.screen.wait_for(text, self.sidebar(), seconds)

    def said(self, stage: str) -> list[Any]:
        return list(self.window.state()["said"].get(stage, [None, ""]))

    def open_tab(self) -> None:
        width, height = self.screen.width, self.screen.height
        self.screen.point_at(width // 3, height // 2)
        self.screen.key("n")
        self.window.wait_until("the sidebar", lambda state: state["sidebar"][2] > 100, 20)
        time.sleep(_SETTLES)
        # The tabs' names stand upright; the extension's is found by trying them from the lowest.
        left, top, wide, tall = self.window.state()["sidebar"]
        for y in range(top + tall - 60, top, -35):
            self.screen.click(left + wide - 8, y)
            self.screen.clicks -= 1  # opening the tab once is not part of the way from clip to bake
            # A second click on a tab would close the sidebar, and a busy machine tells late which one is open.
            with contextlib.suppress(TimeoutError):
                self.window.wait_until("the tab", lambda state: state["tab"].lower() == "handmocap", 3)
                break
        else:
            raise LookupError("the sidebar has no tab of handmocap")
        self.screen.point_at(width // 3, height // 2)

    def choose_clip(self) -> None:
        self.press("Choose Clip")
        time.sleep(2 * _SETTLES)
        self.step("file browser")
        self.screen.click_on(self.clip.name)
        time.sleep(_SETTLES)
        self.screen.click_on(
            "Choose", Box(self.screen.width // 2, self.screen.height // 2, self.screen.width // 2, self.screen.height // 2)
        )
        self.window.wait_until("the clip's field", lambda state: bool(state["clip"]), 20)
        self.step("clip chosen")

    def estimate(self) -> None:
        self.press("Estimate Hands")
        self.window.wait_until("a running estimate", lambda state: "hands" in state["running"], 20)

    def see_progress(self) -> None:
        self.window.wait_until(
            "progress", lambda state: (state["running"].get("hands", {}).get("fraction") or 0.0) > 0.2, 120
        )

    def wait_for_hands(self) -> None:
        self.window.wait_until("the end of the estimate", lambda state: "hands" not in state["running"], _ESTIMATE_SECONDS)
        self.step("hands estimated")

    def put_on_body(self) -> None:
        self.press("Put on Body")
        self.window.wait_until("keys on a body", lambda state: state["keys"] > 0, 120)
        self.step("on the body")

    def bake(self) -> None:
        self.press("Bake")
        self.window.wait_until("a running bake", lambda state: "bake" in state["running"] or "bake" in state["said"], 60)
        self.step("baking")
        self.window.wait_until("the end of the bake", lambda state: "bake" not in state["running"], _BAKE_SECONDS)
        self.step("baked")
        ok, sentence = self.said("bake")
        if not ok:
            raise AssertionError(f"the bake failed: {sentence}")
        self.notes.append(sentence)

    def to_the_end(self) -> None:
        self.put_on_body()
        self.bake()


def plain(walk: Walk) -> None:
    walk.choose_clip()
    walk.estimate()
    walk.see_progress()
    walk.step("estimating")
    walk.wait_for_hands()
    walk.to_the_end()


def offline(walk: Walk) -> None:
    walk.choose_clip()
    walk.press("Set Up Hand Estimator")
    walk.step("set up refused")
    if walk.window.state()["running"]:
        raise AssertionError("something was started without the permission to go online")
    walk.sees("Allow Online Access", 5)


def no_environment(walk: Walk) -> None:
    walk.choose_clip()
    walk.press("Set Up Hand Estimator")
    walk.window.wait_until("a running set-up", lambda state: bool(state["running"]), 30)
    walk.step("setting up")
    walk.window.wait_until("the end of the set-up", lambda state: not state["running"], _SET_UP_SECONDS)
    walk.step("set up")
    walk.estimate()
    walk.wait_for_hands()
    walk.put_on_body()


def no_hands(walk: Walk) -> None:
    walk.choose_clip()
    walk.estimate()
    walk.wait_for_hands()
    ok, sentence = walk.said("hands")
    if ok:
        raise AssertionError(f"a clip without hands was taken as done: {sentence}")
    walk.notes.append(sentence)


def cancel(walk: Walk) -> None:
    walk.choose_clip()
    # Reading takes longer than the estimate, so where the progress bar with its X will stand is read before.
    left, _, wide, _ = walk.window.state()["sidebar"]
    labels = [word.box for word in walk.screen.words(walk.sidebar()) if word.text == "Hands" and word.box.left < left + 100]
    row = min(box.middle[1] for box in labels)
    walk.estimate()
    walk.see_progress()
    walk.screen.click(left + wide - 48, row)
    clicked = time.monotonic()
    walk.window.wait_until("the end of the job", lambda state: "hands" not in state["running"], 5)
    walk.notes.append(f"gone {time.monotonic() - clicked:.1f} s after the click: {walk.said('hands')[1]}")
    walk.step("cancelled")
    walk.estimate()
    walk.wait_for_hands()
    walk.to_the_end()


def kill(walk: Walk) -> None:
    walk.choose_clip()
    walk.estimate()
    walk.see_progress()
    os.kill(_worker_of(walk.window.state()["pid"]), signal.SIGKILL)
    walk.wait_for_hands()
    ok, sentence = walk.said("hands")
    if ok:
        raise AssertionError(f"a killed worker was taken as done: {sentence}")
    walk.notes.append(sentence)
    walk.estimate()
    walk.wait_for_hands()
    walk.to_the_end()


def reload(walk: Walk) -> None:
    walk.choose_clip()
    screen = walk.screen
    screen.point_at(screen.width // 3, screen.height // 2)
    screen.key("ctrl+s")
    time.sleep(2 * _SETTLES)
    # Reading takes longer than the estimate, so where the menu's entry will be is read before.
    menu = screen.wait_for("File", Box(0, 0, screen.width // 4, 60))
    screen.click(*menu.middle)
    time.sleep(_SETTLES)
    revert = screen.wait_for("Revert", Box(0, 0, screen.width // 4, screen.height))
    screen.key("Escape")
    walk.estimate()
    screen.click(*menu.middle)
    time.sleep(0.3)
    screen.click(*revert.middle)
    time.sleep(0.5)
    walk.step("opening again")
    screen.key("Return")  # a changed file is asked about
    time.sleep(2 * _SETTLES)
    if not walk.window.state()["tab"]:
        walk.open_tab()
    walk.step("opened again")
    walk.wait_for_hands()
    walk.window.wait_until("the hands' field", lambda state: bool(state["hand_poses"]), 20)
    walk.to_the_end()


VARIANTS: dict[str, Callable[[Walk], None]] = {
    "plain": plain,
    "offline": offline,
    "no-environment": no_environment,
    "no-hands": no_hands,
    "cancel": cancel,
    "kill": kill,
    "reload": reload,
}
_WITHOUT_ENVIRONMENT = ("offline", "no-environment")


def _worker_of(pid: int) -> int:
    """The process that estimates, among the children of Blender."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue  # it has just ended
        if parent == pid and b"worker" in command:
            return int(folder.name)
    raise LookupError("no process estimates")


def copy_shot(clip: Path, shot: Path) -> Path:
    """A folder as on an artist's disk, with the clip and the GVHMR result that lies beside it; returns the clip there.

    The window's file browser opens where the open file is, so that goes there too.
    """
    shot.mkdir(parents=True)
    result = clip.with_name("hmr4d_results.pt")
    if result.is_file():
        shutil.copy(result, shot)
    return Path(shutil.copy(clip, shot))


def _walk(variant: str, options: argparse.Namespace, screen: Screen, place: Path) -> dict[str, Any]:
    environments = place / "environments" if variant in _WITHOUT_ENVIRONMENT else options.environments
    profile = Profile(place / "profile", environments)
    shot = place / "shot"
    clip = copy_shot(options.clip_without_hands if variant == "no-hands" else options.clip, shot)
    install(options.blender, profile, options.zip, online=variant != "offline")
    blend = shot / "shot.blend"
    save_start_file(options.blender, profile, blend)
    log = options.out / f"{variant}.log"
    with open_window(options.blender, profile, screen, blend, log) as window:
        walk = Walk(variant, options.out, window, clip)
        failure = ""
        try:
            walk.step("open file")
            walk.open_tab()
            walk.step("tab")
            screen.clicks = 0
            walk.started = time.monotonic()
            VARIANTS[variant](walk)
        except (AssertionError, LookupError, RuntimeError, TimeoutError) as error:
            failure = f"{type(error).__name__}: {error}"
            walk.step("failed")
        state = window.state()
    files = sorted(f"{path.relative_to(shot)} {path.stat().st_size}" for path in shot.rglob("*") if path.is_file())
    return {
        "variant": variant,
        "failure": failure,
        "clicks": screen.clicks,
        "seconds": round(time.monotonic() - walk.started, 1),
        "notes": walk.notes,
        "steps": [asdict(step) for step in walk.steps],
        "said": state.get("said"),
        "keys": state.get("keys"),
        "files": files,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--clip-without-hands", type=Path, help="for the variant no-hands")
    parser.add_argument("--zip", type=Path, required=True)
    parser.add_argument("--environments", type=Path, required=True, help="finished environments (HANDMOCAP_ENV)")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--variant", action="append", choices=list(VARIANTS), help="default: plain")
    parser.add_argument("--blender", default="blender")
    parser.add_argument("--size", default="1600x900")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    width, height = map(int, options.size.split("x"))
    results = []
    for variant in options.variant or ["plain"]:
        with tempfile.TemporaryDirectory(prefix="walk-") as place, new_screen(width, height) as screen:
            results.append(_walk(variant, options, screen, Path(place)))
        last = results[-1]
        print(
            f"{variant}: {last['failure'] or 'done'}, {last['clicks']} clicks, {last['seconds']} s, {last['notes']}",
            flush=True,
        )
        told = options.out / "walks.json"
        earlier = json.loads(told.read_text()) if told.is_file() else {}
        told.write_text(json.dumps({**earlier, variant: last}, indent=1, ensure_ascii=False))
    return int(any(result["failure"] for result in results))


if __name__ == "__main__":
    sys.exit(main())
