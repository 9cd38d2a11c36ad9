"""Holds in Blender's real window that the panel says what is so: by mouse and keyboard, with pictures before and after.

    python3 -m addon_tests.window.truths --zip dist/handmocap-0.1.0.zip --environments DIR --out DIR [--only NAME …]

A line for each check, passed or failed, and a picture of each step in --out: `pose-tools` (what a tool keys is seen without scrubbing), `undo` (its
line goes with Ctrl-Z), `redo-panel` (it shows what was done), `refusals` (no range), `read-only` (a clip on a read-only mount, as root), `no-body`,
`moved` (the project's folder was renamed), `scene-kept` (Apply leaves an animated scene), `keys-in-the-way`
(another program's), `lone-bone`, `failed-set-up`. Needs what `walk.py` needs.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from addon_tests.window.blender_window import Profile, install
from addon_tests.window.directed import Directed, changed_pixels, directed_window
from addon_tests.window.screen import Box, Screen, new_screen
from handmocap_addon.set_up.environments import REQUIREMENTS
from handmocap_addon.set_up.stamps import pins_hash, write_stamp

REPOSITORY = Path(__file__).resolve().parents[2]
_SEEN, _STILL = 2000, 600  # pixels: a hand that moves changes tens of thousands
_HAND = """
armature = bpy.context.scene.handmocap.armature
for each in bpy.context.selected_objects: each.select_set(False)
armature.select_set(True)
bpy.context.view_layer.objects.active = armature
bpy.context.scene.frame_set(26)
bpy.ops.object.mode_set(mode="POSE")
fingers = ("index", "middle", "ring", "pinky", "thumb")
for bone in armature.pose.bones:
    holder = bone if hasattr(bone, "select") else bone.bone
    holder.select = bone.name.startswith("right_") and any(name in bone.name for name in fingers)
if bpy.context.space_data.region_3d.view_perspective == "CAMERA": bpy.ops.view3d.view_camera()
bpy.ops.view3d.view_selected()
cleanup = bpy.context.scene.handmocap_cleanup
cleanup.pose, cleanup.use_range, cleanup.first, cleanup.last = "FIST", False, 20, 32
bpy.ops.ed.undo_push(message="set up")  # so that undo and the redo panel go back to this, not to the opened file
"""


class NotSoError(AssertionError):
    """What the panel says, or does not show."""


def holds(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise NotSoError(otherwise)


@dataclass(frozen=True)
class Stage:
    """What the checks share: a profile with the extension, and a shot with hands and body that were put on before."""

    blender: str
    profile: Profile
    shot: Path
    out: Path
    screen: Screen

    @contextlib.contextmanager
    def window(self, name: str, blend: Path | None = None) -> Iterator[Directed]:
        opened = blend or self.shot / "keyed.blend"
        with directed_window(self.blender, self.profile, self.screen, opened, self.out, name) as directed:
            yield directed

    def in_background(self, code: str, blend: Path | None = None) -> None:
        command = [self.blender, "--background", *([str(blend)] if blend else []), "--python-exit-code", "1"]
        command += ["--python-expr", f"import bpy\n{code}"]
        subprocess.run(command, env=self.profile.variables(), check=True, capture_output=True)


def pose_tools(stage: Stage) -> str:
    """Pixels that a press changes, and that scrubbing away and back changes after it."""
    told = []
    presses = ("Blend to Pose", "Copy Other", "Relax", "Hold", "Not Seen", "Offset in Time")
    with stage.window("pose-tools") as window:
        window.do(_HAND)
        window.open_panel("Cleanup")
        view = window.view()
        for name in presses:
            window.do(
                _HAND
                + f"cleanup.use_range, cleanup.first, cleanup.last = {name in ('Relax', 'Hold')}, 10, {26 if name == 'Relax' else 30}"
            )
            label = name.replace(" ", "-")
            elsewhere = window.picture_at(12, f"{label}-0-at-12-before") if name == "Hold" else None
            before = window.picture(f"{label}-1-before")
            window.press(name)
            window.window.wait_until("the tool's line", lambda state: bool(state["said"].get("cleanup")), 120)
            pressed = window.picture(f"{label}-2-pressed")
            window.do("scene = bpy.context.scene; at = scene.frame_current; scene.frame_set(at + 1); scene.frame_set(at)")
            scrubbed = window.picture(f"{label}-3-scrubbed")
            by_press, by_scrub = changed_pixels(before, pressed, view), changed_pixels(pressed, scrubbed, view)
            told.append(f"{name} {by_press} / {by_scrub}")
            holds(by_scrub < _STILL, f"{name}: scrubbing changed {by_scrub} pixels, so the press was not seen; {told}")
            if elsewhere:  # the pose at its own frame stays, so another frame of its range tells
                by_press = changed_pixels(elsewhere, window.picture_at(12, f"{label}-4-at-12-after"), view)
                told[-1] = f"{name} {by_press} at frame 12 of its range / {by_scrub}"
            holds(by_press > _SEEN, f"{name}: the press changed {by_press} pixels; {told}")
            window.undo("cleanup")
    return "pixels changed by the press / by scrubbing: " + ", ".join(told)


def undo(stage: Stage) -> str:
    with stage.window("undo") as window:
        window.do(_HAND)
        window.open_panel("Cleanup")
        window.press("Not Seen")
        window.window.wait_until("the tool's line", lambda state: bool(state["said"].get("cleanup")), 30)
        said = window.said("cleanup")
        window.picture("undo-1-pressed")
        window.undo("cleanup")
        window.picture("undo-2-undone")
    return f"{said} went with Ctrl-Z"


def redo_panel(stage: Stage) -> str:
    with stage.window("redo-panel") as window:
        window.do(_HAND)
        window.open_panel("Cleanup")
        window.press("Blend to Pose")
        window.window.wait_until("the tool's line", lambda state: bool(state["said"].get("cleanup")), 30)
        values = window.do(
            "op = bpy.context.window_manager.operators[-1]\n"
            "answer = [op.bl_idname, op.pose, sorted(op.sides), sorted(op.fingers), op.first, op.last]"
        )
        fingers = ["INDEX", "MIDDLE", "PINKY", "RING", "THUMB"]
        holds(values == ["HANDMOCAP_OT_blend_to_pose", "FIST", ["RIGHT"], fingers, 26, 26], f"the redo panel has {values}")
        view = window.view()
        fist = window.picture("redo-panel-1-pressed")
        window.screen.click(*_last_operation(window).middle)
        window.window.wait_until("the unfolded panel", lambda _state: _last_operation(window).height > 100, 60)
        panel = _last_operation(window)
        window.picture("redo-panel-2-unfolded")
        factor = window.screen.wait_for("Factor", panel, 60)
        read = " ".join(word.text for word in window.screen.words(panel, only_white=True))
        missing = [word for word in ("Fist", "Right", "Thumb", "Pinky", "26") if word.casefold() not in read.casefold()]
        holds(not missing, f"the redo panel does not say {missing}; it reads {read}")
        window.screen.double_click(factor.left + 2 * factor.width + 40, factor.middle[1])
        window.screen.key("ctrl+a")
        window.screen.type("0")
        window.screen.key("Return")
        window.window.wait_until("the changed key", lambda _state: window.do(_FACTOR) == 0.0, 60)
        open_hand = window.picture("redo-panel-3-changed")
        now = window.do("answer = [bpy.context.mode, bpy.context.scene.frame_current]")
        holds(now == ["POSE", 26], f"more than the key has changed: {now}")
        beside = Box(view.left + view.width // 3, view.top, view.width * 2 // 3, view.height)
        changed = changed_pixels(fist, open_hand, beside)
        holds(changed > _SEEN, f"another factor in the redo panel changed {changed} pixels")
    return f"it has {values} and reads so; factor 0 there changed {changed} pixels"


def _last_operation(window: Directed) -> Box:
    """Where Blender has the panel of the last operation, folded or not; its own pixels begin below the window's frame."""
    left, top, wide, tall, height = window.do(_LAST_OPERATION)
    return Box(left, top + window.screen.height - height, wide, tall)


_LAST_OPERATION = """
region = next(region for region in bpy.context.area.regions if region.type == "HUD")
height = bpy.context.window.height
answer = [region.x, height - region.y - region.height, region.width, region.height, height]
"""
_FACTOR = "answer = bpy.context.window_manager.operators[-1].factor"


def refusals(stage: Stage) -> str:
    with stage.window("refusals") as window:
        window.do(_HAND)
        window.open_panel("Cleanup")
        facts = window.do(_STATE.format(stage="cleanup"))
        window.press("Hold")
        window.picture("refusals-1-hold-without-range")
        holds(window.said("cleanup") is None, f"Hold could be pressed: {window.said('cleanup')}")
        window.do("try: bpy.ops.handmocap.hold('INVOKE_DEFAULT')\nexcept RuntimeError: pass")
        window.picture("refusals-2-hold-from-elsewhere")
        after = window.do(_STATE.format(stage="cleanup"))
        holds(after == facts, f"the stage was {facts} and is {after}")
        window.do("bpy.context.scene.handmocap_cleanup.use_range = True; bpy.context.scene.update_tag()")
        window.window.wait_until("the line's end", lambda state: "cleanup" not in state["said"], 30)
    return f"Hold is grey without a range, the stage stays {facts}"


_STATE = """
import importlib
package = next(name for name in bpy.context.preferences.addons.keys() if name.endswith("handmocap"))
state = importlib.import_module(package + ".ui.state.states").state_of(bpy.context, "{stage}")
answer = [state.kind.value, state.text]
"""


def read_only(stage: Stage) -> str:
    """A plate on a read-only mount; as any other user than root, a folder without the right to write."""
    plates = stage.shot.parent / "plates"
    plates.mkdir()
    shutil.copy(stage.shot / "clip.mp4", plates)
    scenes = stage.shot.parent / "scenes"
    scenes.mkdir()
    blend = scenes / "shot.blend"
    stage.in_background(f"bpy.ops.wm.save_as_mainfile(filepath={str(blend)!r})")
    with _without_leave_to_write(plates), stage.window("read-only", blend) as window:
        window.do(f"bpy.context.scene.handmocap.clip = {str(plates / 'clip.mp4')!r}")
        window.picture("read-only-1-before")
        read = window.reads()
        holds("cannot" in read and "written" in read, f"nothing is said before the job starts: {read}")
        window.press("Estimate Hands")
        window.window.wait_until("a running estimate", lambda state: "hands" in state["running"], 30)
        window.window.wait_until("the end of the estimate", lambda state: "hands" not in state["running"], 600)
        window.picture("read-only-2-estimated")
        said = window.said("hands")
        holds(bool(said and said[0]), f"the estimate said {said}")
        there = scenes / "mocap" / "clip" / "hand_poses.npz"
        holds(there.is_file(), f"no hands in {there}")
    return f"said where results go before the estimate; they are in {there.parent.relative_to(stage.shot.parent)}"


@contextlib.contextmanager
def _without_leave_to_write(folder: Path) -> Iterator[None]:
    if os.geteuid() != 0:
        folder.chmod(0o555)
        try:
            yield
        finally:
            folder.chmod(0o755)
        return
    subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def no_body(stage: Stage) -> str:
    folder = stage.shot.parent / "no body"
    folder.mkdir()
    shutil.copy(stage.shot / "clip.mp4", folder)
    shutil.copy(stage.shot / "hand_poses.npz", folder)
    blend = folder / "shot.blend"
    stage.in_background(f"bpy.ops.wm.save_as_mainfile(filepath={str(blend)!r})")
    with stage.window("no-body", blend) as window:
        window.do(f"bpy.context.scene.handmocap.clip = {str(folder / 'clip.mp4')!r}")
        window.press("Put on Body")
        window.window.wait_until("keys", lambda state: state["keys"] > 0, 120)
        window.picture("no-body-1-put-on")
        state = window.do(_STATE.format(stage="body"))
        read = window.reads()
    holds(state[0] == "needs a look" and "no body motion" in state[1], f"the stage Body is {state}")
    holds("pose" in read and "fingers" in read, f"the panel says nothing of the T-pose: {read}")
    return f"Body: {state}"


def moved(stage: Stage) -> str:
    before, after = stage.shot.parent / "project", stage.shot.parent / "project renamed"
    shutil.copytree(stage.shot, before)
    chosen = "; ".join(
        f"bpy.context.scene.handmocap.{name} = {str(before / file)!r}"
        for name, file in (("clip", "clip.mp4"), ("gvhmr", "hmr4d_results.pt"), ("hand_poses", "hand_poses.npz"))
    )
    stage.in_background(f"{chosen}\nbpy.ops.wm.save_mainfile()", before / "keyed.blend")
    before.rename(after)
    with stage.window("moved", after / "keyed.blend") as window:
        window.picture("moved-1-opened")
        states = {name: window.do(_STATE.format(stage=name)) for name in ("source", "hands", "body", "fingers")}
    lost = {name: state for name, state in states.items() if state[0] != "done"}
    holds(not lost, f"lost after the folder was renamed: {lost}")
    return f"{', '.join(states)} are done after the folder was renamed"


def scene_kept(stage: Stage) -> str:
    """A scene with an animated object of its own, 30 fps to frame 200; then its rate is changed after the keys were made."""
    folder = stage.shot.parent / "lit shot"
    shutil.copytree(stage.shot, folder, ignore=shutil.ignore_patterns("*.blend*"))
    blend = folder / "lit.blend"
    chosen = "; ".join(
        f"bpy.context.scene.handmocap.{name} = {str(folder / file)!r}"
        for name, file in (("clip", "clip.mp4"), ("gvhmr", "hmr4d_results.pt"), ("hand_poses", "hand_poses.npz"))
    )
    stage.in_background(
        "scene = bpy.context.scene; light = bpy.data.objects['Light']\n"
        "light.keyframe_insert('location', frame=1); light.keyframe_insert('location', frame=200)\n"
        "scene.render.fps, scene.render.fps_base, scene.frame_end = 30, 1.0, 200\n"
        f"bpy.data.objects.remove(bpy.data.objects['Cube'])\n{chosen}\nbpy.ops.handmocap.add_body()\n"
        f"bpy.ops.wm.save_as_mainfile(filepath={str(blend)!r})"
    )
    with stage.window("scene-kept", blend) as window:
        before = window.do(_CLOCK)
        keys = 0
        for panel, button in (("Fingers", "Apply Fingers"), ("Body", "Apply Body")):
            window.open_panel(panel)
            window.press(button)
            keys = window.window.wait_until("more keys", lambda state: state["keys"] > keys, 120)["keys"]  # noqa: B023
            after = window.do(_CLOCK)
            holds(after == before, f"{button}: the scene's clock and size were {before} and are {after}")
        window.open_panel("handmocap")
        window.picture("scene-kept-1-applied")
        window.do("bpy.context.scene.render.fps = 60\nfor area in bpy.context.screen.areas: area.tag_redraw()")
        window.reads_soon("the scene 60", "keyed at 30")
        for button in ("Match Scene", "Retime Keys"):
            window.walk.sees(button, 60)
        window.picture("scene-kept-2-another-rate")
        last = window.do(_LAST_KEY)
        window.press("Retime Keys")
        window.window.wait_until("the retimed keys", lambda _state: window.do(_LAST_KEY) > 1.9 * last, 60)
        window.picture("scene-kept-3-keys-retimed")
        window.press("Match Scene")
        matched = window.window.wait_until("the clip's rate", lambda state: state["fps"] < 30, 60)
        window.picture("scene-kept-4-matched")
        # Keys of 30 fps are on whole frames of theirs, so the last is less than one of those before the clip's end.
        end, at = matched["range"][1], window.do(_LAST_KEY)
        kept = 1 + (last - 1) / 30 * matched["fps"]
        holds(end == 96 and abs(at - kept) < 0.01 and end - 1 < at <= end, f"the last key is at {at}, not {kept}, of {end}")
    return f"fps, range and size stay {before}; at 60 fps two buttons, the last key keeps its time, from {last} to {at}"


_CLOCK = """
scene = bpy.context.scene
render = scene.render
answer = [render.fps, render.fps_base, scene.frame_start, scene.frame_end, render.resolution_x, render.resolution_y]
"""
_LAST_KEY = "answer = bpy.context.scene.handmocap.armature.animation_data.action.frame_range[1]"


def keys_in_the_way(stage: Stage) -> str:
    """Keys on every eighth frame of all fingers, which may be a person's: the buttons below the question are read whole."""
    folder = stage.shot.parent / "other keys"
    folder.mkdir()
    shutil.copy(stage.shot / "hand_poses.npz", folder)
    blend = folder / "keyed by others.blend"
    stage.in_background(
        f"bpy.context.scene.handmocap.hand_poses = {str(folder / 'hand_poses.npz')!r}\nbpy.ops.handmocap.add_body()\n"
        f"{_OTHER_KEYS}\nbpy.ops.wm.save_as_mainfile(filepath={str(blend)!r})"
    )
    with stage.window("keys-in-the-way", blend) as window:
        window.open_panel("Fingers")
        window.press("Apply Fingers")
        window.window.wait_until("the question", lambda state: "fingers" in state["said"], 120)
        window.open_panel("handmocap")
        window.picture("keys-in-the-way-1-asked")
        window.walk.sees("Replace 1,440 Keys", 60)
        window.walk.sees("Keep", 60)
        window.press("Replace 1,440 Keys")
        window.window.wait_until("the fingers' keys", lambda state: state["said"]["fingers"][0], 120)
        window.picture("keys-in-the-way-2-replaced")
        said = window.said("fingers")
    return f"Replace 1,440 Keys and Keep are read whole; {said}"


_OTHER_KEYS = """
import math
armature = bpy.context.scene.handmocap.armature
fingers = ("index", "middle", "ring", "pinky", "thumb")
for bone in armature.pose.bones:
    if any(finger in bone.name for finger in fingers) and bone.name[-1] in "123":
        bone.rotation_mode = "QUATERNION"
        for frame in range(1, 97, 8):
            bone.rotation_quaternion = (1.0, 0.3 * math.sin(0.2 * frame), 0.0, 0.0)
            bone.keyframe_insert("rotation_quaternion", frame=frame)
"""


def lone_bone(stage: Stage) -> str:
    with stage.window("lone-bone") as window:
        window.do("bpy.ops.object.armature_add()\nbpy.context.scene.handmocap.armature = bpy.context.object")
        window.picture("lone-bone-1-chosen")
        state = window.do(_STATE.format(stage="body"))
    holds(state[0] == "needs a look", f"the stage Body is {state}")
    return f"Body: {state}"


def failed_set_up(stage: Stage) -> str:
    """An environment that is whole and whose trial failed, as where a system library is missing."""
    environments = stage.shot.parent / "broken environments"
    folder = environments / "worker-python3.11"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").touch()
    write_stamp(folder, pins_hash([REQUIREMENTS / "worker.txt", REQUIREMENTS / "stand_in.txt"]))
    (folder / "handmocap-check-failed").write_text("MediaPipe needs the system library libEGL.so.1: install it")
    broken = Stage(stage.blender, Profile(stage.profile.folder, environments), stage.shot, stage.out, stage.screen)
    with broken.window("failed-set-up") as window:
        window.walk.sees("Set Up Hand Estimator", 60)
        window.picture("failed-set-up-1")
        state = window.do(_STATE.format(stage="setup"))
        can_estimate = window.do("answer = bpy.ops.handmocap.estimate.poll()")
    holds(state[0] != "done", f"the stage Set-up is {state}")
    holds(not can_estimate, "Estimate would run in the broken environment")
    return f"Set-up: {state}, Estimate waits"


CHECKS: dict[str, Callable[[Stage], str]] = {
    "pose-tools": pose_tools,
    "undo": undo,
    "redo-panel": redo_panel,
    "refusals": refusals,
    "read-only": read_only,
    "no-body": no_body,
    "moved": moved,
    "scene-kept": scene_kept,
    "keys-in-the-way": keys_in_the_way,
    "lone-bone": lone_bone,
    "failed-set-up": failed_set_up,
}


def _prepared(options: argparse.Namespace, place: Path, screen: Screen) -> Stage:
    shot = place / "shot"
    shot.mkdir()
    for name in ("clip.mp4", "hmr4d_results.pt"):
        shutil.copy(options.clip.with_name(name), shot)
    profile = Profile(place / "profile", options.environments)
    install(options.blender, profile, options.zip, online=True)
    stage = Stage(options.blender, profile, shot, options.out, screen)
    stage.in_background(
        "bpy.data.objects.remove(bpy.data.objects['Cube'])\n"
        f"bpy.ops.wm.save_as_mainfile(filepath={str(shot / 'keyed.blend')!r})\n"
        f"bpy.context.scene.handmocap.clip = {str(shot / 'clip.mp4')!r}\n"
        "bpy.ops.handmocap.estimate()\nbpy.ops.handmocap.put_on_body()\nbpy.ops.wm.save_mainfile()"
    )
    return stage


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, default=REPOSITORY / "demo" / "clip.mp4", help="with its hmr4d_results.pt")
    parser.add_argument("--zip", type=Path, required=True)
    parser.add_argument("--environments", type=Path, required=True, help="finished environments (HANDMOCAP_ENV)")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", action="append", choices=list(CHECKS))
    parser.add_argument("--blender", default="blender")
    parser.add_argument("--size", default="1600x1000")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    width, height = map(int, options.size.split("x"))
    failed = 0
    with tempfile.TemporaryDirectory(prefix="truths-") as place, new_screen(width, height) as screen:
        stage = _prepared(options, Path(place), screen)
        for name in options.only or CHECKS:
            try:
                print(f"pass {name}: {CHECKS[name](stage)}", flush=True)
            except (AssertionError, LookupError, RuntimeError, TimeoutError, OSError) as error:
                failed += 1
                print(f"FAIL {name}: {type(error).__name__}: {error}", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
