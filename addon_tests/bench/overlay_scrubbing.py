"""How fast the clip scrubs with hands, boxes and strip drawn over it, and without: frames a second of the whole window.

    blender --window-geometry 0 0 1920 1080 --python addon_tests/bench/overlay_scrubbing.py -- --clip FILE [--frames 24] [--rounds 4]

Needs a window, the installed extension, and hand_poses.npz (and for the body hmr4d_results.pt) beside the clip. The 3D viewport
fills the window and looks through the clip's camera, first with the clip alone, then with the body keyed. Overlays
are off and on by turns, from frame to frame. Every frame is set and drawn to its end before the next one. The time in this
extension's own drawing code is measured apart. Prints a table of medians; then Blender quits.
"""

from __future__ import annotations

import argparse
import functools
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

import bpy
import numpy as np


def extension(part: str) -> Any:
    """A module of the extension as it is installed."""
    name = next(addon.module for addon in bpy.context.preferences.addons if addon.module.endswith("handmocap"))
    return sys.modules[f"{name}.ui.overlay.{part}"]


class Stopwatch:
    """Seconds spent in some functions."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*arguments: Any) -> Any:
            begin = time.perf_counter()
            try:
                return function(*arguments)
            finally:
                self.seconds += time.perf_counter() - begin

        return timed


def watched_drawing() -> Stopwatch:
    """Put a watch around what draws and around what is asked of the strip."""
    watch = Stopwatch()
    viewport, strip = extension("viewport"), extension("strip")
    viewport.unregister()
    viewport.draw_viewport = watch.around(viewport.draw_viewport)
    viewport.draw_dope_sheet = watch.around(viewport.draw_dope_sheet)
    strip._place = watch.around(strip._place)
    viewport.register()
    return watch


def show(overlays: bool) -> None:
    shown = bpy.context.scene.handmocap.shown
    shown.hands = shown.boxes = shown.strip = overlays


def draw(frame: int, watch: Stopwatch) -> tuple[float, float]:
    """Milliseconds in which a frame was set and drawn, and those of them in our own code."""
    watch.seconds, begin = 0.0, time.perf_counter()
    bpy.context.scene.frame_set(frame)
    bpy.ops.wm.redraw_timer(type="DRAW_WIN_SWAP", iterations=1)
    return (time.perf_counter() - begin) * 1e3, watch.seconds * 1e3


def measure(name: str, options: argparse.Namespace, watch: Stopwatch) -> None:
    """A line of the table."""
    extension("session").look(bpy.context.scene)
    first = bpy.context.scene.frame_start
    show(True)
    for frame in range(first, first + options.frames):
        draw(frame, watch)  # The clip's pictures come into Blender's cache, shaders are made.
    times: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    for number in range(options.rounds):
        for frame in range(first, first + options.frames):
            # By turns, so that what else the machine does weighs on both alike; each frame comes with both.
            overlays = (frame + number) % 2 == 0
            show(overlays)
            times[overlays].append(draw(frame, watch))
    off, on = (np.median(np.array(times[overlays]), axis=0) for overlays in (False, True))
    line = f"{1e3 / off[0]:.1f} | {1e3 / on[0]:.1f} | {off[0]:.1f} | {on[0]:.1f} | {on[1]:.2f} | {off[1]:.3f}"
    print(f"| {name} | {line} |", flush=True)


def run(options: argparse.Namespace) -> None:
    window = bpy.context.window_manager.windows[0]
    area = max((area for area in window.screen.areas if area.type == "VIEW_3D"), key=lambda area: area.width * area.height)
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    settings, watch = bpy.context.scene.handmocap, watched_drawing()
    settings.clip = options.clip
    with bpy.context.temp_override(window=window, area=area):
        bpy.ops.screen.screen_full_area()
    area = next(area for area in window.screen.areas if area.type == "VIEW_3D")
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.handmocap.add_clip_camera()
        bpy.ops.view3d.view_center_camera()
        print(
            f"Blender {bpy.app.version_string}, window {window.width}x{window.height}, viewport {region.width}x{region.height}, ",
            end="",
        )
        print(f"{options.frames} frames, {options.rounds} rounds")
        print("| scene | fps without | fps with | ms without | ms with | ms in our code | the same, off |")
        print("|---|---|---|---|---|---|---|")
        measure("the clip", options, watch)
        if settings.gvhmr:
            bpy.ops.handmocap.add_body()
            bpy.ops.handmocap.apply_body()
            bpy.ops.handmocap.apply_hands()
            measure("the clip and the keyed body", options, watch)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clip", required=True)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--frames", type=int, default=24)
    options = parser.parse_args(sys.argv[sys.argv.index("--") + 1 :])

    def once() -> None:
        try:
            run(options)
        except Exception:
            traceback.print_exc()
        sys.stdout.flush()
        bpy.ops.wm.quit_blender()

    bpy.context.preferences.view.show_splash = False
    bpy.app.timers.register(once, first_interval=3.0)


if __name__ == "__main__":
    main()
