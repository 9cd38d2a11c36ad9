"""How long an estimate holds up Blender's window: `blender --python addon_tests/bench/main_thread_stall.py -- --clip FILE`.

Needs a window and the installed extension with its estimator set up. A timer asks to be called every 5 ms; the time between
two calls is what an artist waits at worst for anything he does. It is measured with the clip's body in the camera's view and
the panel open: without a job; without one while the sidebar is redrawn four times a second, which is what this window and this
machine take for a picture; and from the press of Estimate to its end. The time inside this extension's own code
(its timer, its panels, its operators and what they ask) is measured beside it, since a slow picture or a busy machine is not
its doing. Prints a table, and writes it as JSON with --out; then Blender quits, unless --stay.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np

_TICK_SECONDS = 0.005
_LONG_SECONDS = 0.05


class Stopwatch:
    """The calls of this timer, and the calls into the extension, each with its beginning and end."""

    def __init__(self) -> None:
        self.ticks: list[float] = []
        self.calls: list[tuple[str, float, float]] = []

    def run(self, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        begin = time.perf_counter()
        try:
            return function(*arguments)
        finally:
            self.calls.append((name, begin, time.perf_counter()))

    def wrapped(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        # Blender counts the arguments of what it calls, so they must be named.
        def timed(self_or_cls: Any, context: Any) -> Any:
            return self.run(name, method, self_or_cls, context)

        return timed

    def watch(self, package: str) -> None:
        """Put a watch around everything that Blender's main thread calls in the extension."""
        modules: dict[str, ModuleType] = {
            name.removeprefix(f"{package}."): module
            for name, module in sys.modules.items()
            if name.startswith(f"{package}.ui.")
        }
        jobs: Any = modules["ui.common.panel_jobs"]
        jobs._tick = functools.partial(self.run, "timer", jobs._tick)
        for cls in modules["ui.registration"].CLASSES:
            if issubclass(cls, bpy.types.Panel):
                cls.draw = self.wrapped("panels", cls.draw)
            elif issubclass(cls, bpy.types.Operator):
                if "poll" in vars(cls):
                    cls.poll = classmethod(self.wrapped("polls", cls.poll.__func__))
                cls.execute = self.wrapped(cls.bl_idname, cls.execute)


def summary(seconds: np.ndarray) -> dict[str, float]:
    """Of some times, in milliseconds."""
    milliseconds = seconds * 1000 if len(seconds) else np.zeros(1)
    return {
        "count": len(seconds),
        "median_ms": round(float(np.median(milliseconds)), 2),
        "p95_ms": round(float(np.percentile(milliseconds, 95)), 2),
        "worst_ms": round(float(milliseconds.max()), 2),
    }


def phase_summary(watch: Stopwatch, begin: float, end: float) -> dict[str, Any]:
    """What the window and the extension did between two moments."""
    ticks = np.array([tick for tick in watch.ticks if begin <= tick <= end])
    calls = [call for call in watch.calls if begin <= call[1] <= end]
    own = {name: summary(np.array([last - first for kind, first, last in calls if kind == name]))
           for name in sorted({name for name, _, _ in calls})}  # fmt: skip
    gaps = np.diff(ticks)
    # An operator that draws or polls within itself would count twice; none does.
    owned = np.array([sum(b - a for _, a, b in calls if first <= a < last) for first, last in itertools.pairwise(ticks)])
    longest = [
        {"at_s": round(ticks[row] - begin, 2), "ms": round(gaps[row] * 1000, 1), "ours_ms": round(owned[row] * 1000, 1)}
        for row in np.argsort(gaps)[::-1][:5]
    ]
    return {
        "seconds": round(end - begin, 2),
        "longest_gaps": longest,
        "gaps": summary(gaps),
        "gaps_over_50_ms": int((gaps > _LONG_SECONDS).sum()),
        "own_time_within_one_gap": summary(owned[owned > 0]),
        "own_share_percent": round(100 * float(owned.sum()) / (end - begin), 2),
        "own": own,
    }


def _largest_view() -> tuple[Any, Any]:
    areas = [(window, area) for window in bpy.context.window_manager.windows for area in window.screen.areas]
    views = [(window, area) for window, area in areas if area.type == "VIEW_3D"]
    return max(views, key=lambda view: view[1].width * view[1].height)


def _press(name: str) -> None:
    window, area = _largest_view()
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        getattr(bpy.ops.handmocap, name)("EXEC_DEFAULT")


class Bench:
    """The steps, a generator that waits some seconds at each `yield` while the window lives on."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._watch = Stopwatch()
        self._steps = self._all_steps()
        self._wake_at = 0.0

    def tick(self) -> float | None:
        now = time.perf_counter()
        self._watch.ticks.append(now)
        if now >= self._wake_at:
            try:
                self._wake_at = now + next(self._steps)
            except StopIteration:
                return None
        return _TICK_SECONDS

    def _all_steps(self) -> Iterator[float]:
        package = next(
            addon.module for addon in bpy.context.preferences.addons if addon.module.rpartition(".")[2] == "handmocap"
        )
        jobs: Any = sys.modules[f"{package}.ui.common.panel_jobs"]
        yield 1.0
        scene = bpy.context.scene
        scene.handmocap.clip = str(self._options.clip)
        _press("add_body")
        if scene.handmocap.gvhmr:
            _press("apply_body")
        _, area = _largest_view()
        view = area.spaces.active
        view.show_region_ui = True
        yield 2.0
        next(region for region in area.regions if region.type == "UI").active_panel_category = "handmocap"
        if scene.camera is not None:
            view.region_3d.view_perspective = "CAMERA"
        self._watch.watch(package)
        yield 5.0  # the first pictures of a view are the slow ones

        quiet = time.perf_counter()
        yield self._options.quiet
        redrawn = time.perf_counter()
        while time.perf_counter() - redrawn < self._options.quiet:
            next(region for region in area.regions if region.type == "UI").tag_redraw()
            yield 0.25
        pressed = time.perf_counter()
        _press("estimate")
        returned = time.perf_counter()
        while jobs.is_running("hands"):
            yield 0.05
        yield 0.3  # the last word is drawn
        ended = time.perf_counter()
        report = {
            "blender": bpy.app.version_string,
            "clip": self._options.clip.name,
            "said": jobs.status("hands").sentence,
            "press_of_estimate_ms": round((returned - pressed) * 1000, 2),
            "without_a_job": phase_summary(self._watch, quiet, redrawn),
            "redraws_alone": phase_summary(self._watch, redrawn, pressed),
            "during_the_estimate": phase_summary(self._watch, pressed, ended),
        }
        _show(report)
        if self._options.out is not None:
            self._options.out.write_text(json.dumps(report, indent=2), encoding="utf-8")
        if not self._options.stay:
            bpy.ops.wm.quit_blender()


def _show(report: dict[str, Any]) -> None:
    print(f"Blender {report['blender']}, {report['clip']}: {report['said']}")
    print("| ms | calls | median | 95th | worst |\n|---|---|---|---|---|")
    rows = []
    for name in ("without_a_job", "redraws_alone", "during_the_estimate"):
        phase = report[name]
        label = name.replace("_", " ")
        rows.append((f"{label}, {phase['seconds']} s: window", phase["gaps"]))
        rows.append((f"{label}: ours within one gap", phase["own_time_within_one_gap"]))
        rows += [(f"{label}: {part}", times) for part, times in phase["own"].items()]
    for label, times in rows:
        print(f"| {label} | {times['count']} | {times['median_ms']} | {times['p95_ms']} | {times['worst_ms']} |")
    for gap in report["during_the_estimate"]["longest_gaps"]:
        print(f"{gap['ms']} ms at {gap['at_s']} s, {gap['ours_ms']} of them ours")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", type=Path, required=True, help="with its hmr4d_results.pt beside it")
    parser.add_argument("--quiet", type=float, default=10.0, help="seconds without a job")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--stay", action="store_true", help="leave Blender open")
    options = parser.parse_args(sys.argv[sys.argv.index("--") + 1 :])
    bpy.app.timers.register(Bench(options).tick, first_interval=1.0)


if __name__ == "__main__":
    main()
