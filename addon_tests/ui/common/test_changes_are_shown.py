"""What a tool keys is seen at once: the pose is evaluated anew and the editors are drawn, without a change of the frame.

That the picture changes is looked at in the real window, by `addon_tests/window/truths.py`; without one, nothing is drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.ui.cleanup_scene import keyed_fingers
from handmocap_addon.blender.curves import curve_changes

FRAME = 24
HERE = {"first": FRAME - 4, "last": FRAME + 4, "sides": {"RIGHT"}}


def _reduced() -> None:
    bpy.ops.handmocap.reduce_keys()


def _posed() -> None:
    bpy.ops.handmocap.blend_to_pose(pose="FIST", **HERE)


def _raw_smoothing() -> None:
    bpy.context.scene.handmocap.smoothing = 0.0


def _slide_live() -> Any:
    bpy.context.scene.handmocap_cleanup.live = True
    bpy.context.scene.handmocap.smoothing = 1.0
    return {"FINISHED"}


def _elsewhere() -> None:
    """Where Hold takes the pose of another frame."""
    bpy.context.scene.frame_set(FRAME)


Call = tuple[Callable[[], None] | None, Callable[[], Any]]
CALLS: dict[str, Call] = {
    "hold": (_elsewhere, lambda: bpy.ops.handmocap.hold(first=FRAME - 10, last=FRAME - 1, sides={"RIGHT"}, ease=6.0)),
    "relax": (None, lambda: bpy.ops.handmocap.relax(**HERE)),
    "blend_to_pose": (None, lambda: bpy.ops.handmocap.blend_to_pose(pose="FIST", **HERE)),
    "copy_from_other_hand": (None, lambda: bpy.ops.handmocap.copy_from_other_hand(**HERE)),
    "mark_not_seen": (None, lambda: bpy.ops.handmocap.mark_not_seen(**HERE)),
    "smooth": (_raw_smoothing, lambda: bpy.ops.handmocap.smooth(strength=1.0, **HERE)),
    "back_to_raw": (_posed, lambda: bpy.ops.handmocap.back_to_raw(also_my_keys=True, **HERE)),
    "shift_hands": (None, lambda: bpy.ops.handmocap.shift_hands(frames=5, sides={"RIGHT"})),
    "swap_sides": (None, lambda: bpy.ops.handmocap.swap_sides(first=1, last=60)),
    "reduce_keys": (None, lambda: bpy.ops.handmocap.reduce_keys()),
    "full_keys": (_reduced, lambda: bpy.ops.handmocap.full_keys()),
    "apply_hands": (_raw_smoothing, lambda: bpy.ops.handmocap.apply_hands()),
    "start_over": (_posed, lambda: bpy.ops.handmocap.start_over(target="RIGHT")),
    "convert_rotation": (None, lambda: bpy.ops.handmocap.convert_rotation(mode="XYZ")),
    "retime": (None, lambda: bpy.ops.handmocap.retime(speed=0.5, around=1)),
    "the live slider": (_raw_smoothing, _slide_live),
}
# These give the same pose in other keys, or nearly so.
SAME_POSE = ("reduce_keys", "full_keys", "convert_rotation")


def _shown(armature: Any) -> np.ndarray:
    """What the viewport has of the right hand on this frame (15, 4, 4)."""
    bpy.context.view_layer.update()
    evaluated = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    bones = [bone for bone in evaluated.pose.bones if bone.name.startswith("right_") and bone.name[-1] in "123"]
    return np.array([bone.matrix_basis for bone in bones])


@pytest.mark.parametrize("name", CALLS)
def test_what_a_tool_keys_is_seen_at_once(name: str, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, call = CALLS[name]
    armature = keyed_fingers(settings, tmp_path)
    bpy.context.scene.frame_set(FRAME)
    if before is not None:
        before()
    bpy.context.scene.frame_set(FRAME)
    shown, drawn = _shown(armature), []
    monkeypatch.setattr(curve_changes, "draw_motion_again", lambda: drawn.append(True))
    assert call() == {"FINISHED"}
    after = _shown(armature)
    bpy.context.scene.frame_set(FRAME)
    assert np.abs(_shown(armature) - after).max() < 1e-5
    assert drawn
    assert name in SAME_POSE or np.abs(after - shown).max() > 1e-3
