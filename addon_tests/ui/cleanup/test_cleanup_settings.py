"""What the panel's sliders say is what the cleanup gets."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.written_curves import rotation_values
from handmocap_addon.core.cleanup.settings import SMOOTHING_TARGETS, CleanupSettings
from handmocap_addon.ui.fingers.panel import HANDMOCAP_PT_fingers


def test_an_untouched_panel_gives_the_defaults(settings: Any) -> None:
    cleanup = settings.cleanup()
    assert cleanup.smoothing_of == ()
    for name in ("longest_gap", "ease", "smoothing", "lowest_score"):
        assert getattr(cleanup, name) == pytest.approx(getattr(CleanupSettings(), name))


def test_a_finger_gets_its_own_strength_only_where_it_is_ticked(settings: Any) -> None:
    index = SMOOTHING_TARGETS.index("right_thumb")
    settings.own_smoothing[index] = 0.25
    assert settings.cleanup().smoothing_of == ()
    settings.has_own_smoothing[index] = True
    assert settings.cleanup().smoothing_of == (("right_thumb", 0.25),)


def test_apply_follows_the_slider(settings: Any, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    pose = (0.3 + np.radians(2.0) * random.normal(size=(40, 45))).astype("f4")
    hand = {"hand_pose": pose, "detected": np.ones(40, bool)}
    path = tmp_path / "hand_poses.npz"
    np.savez(path, **{f"{side}_{key}": value for side in ("left", "right") for key, value in hand.items()})
    settings.hand_poses = str(path)
    bpy.ops.handmocap.add_body()
    shaking = []
    for strength in (0.0, 0.5):
        settings.smoothing = strength
        assert bpy.ops.handmocap.apply_hands() == {"FINISHED"}
        shaking.append(np.abs(np.diff(rotation_values(settings.armature, "left_index2"), n=3, axis=0)).mean())
    assert shaking[1] < shaking[0] / 5.0


class _Layout:
    """Takes what a panel draws and checks that its fields exist."""

    def __init__(self, settings: Any, closed: bool) -> None:
        self.settings, self.closed, self.drawn = settings, closed, []
        self.enabled = True

    def prop(self, data: Any, name: str, **_options: Any) -> None:
        assert name in data.bl_rna.properties
        self.drawn.append(name)

    def column(self, **_options: Any) -> _Layout:
        return self

    def row(self, **_options: Any) -> _Layout:
        return self

    def label(self, **_options: Any) -> None: ...

    def operator(self, *_arguments: Any, **_options: Any) -> None: ...

    def operator_menu_enum(self, *_arguments: Any, **_options: Any) -> None: ...

    def panel(self, _name: str, default_closed: bool) -> tuple[_Layout, _Layout | None]:
        assert default_closed
        return self, None if self.closed else self


def test_the_panel_stays_short_until_the_fingers_are_opened(settings: Any) -> None:
    for closed, own in ((True, 0), (False, len(SMOOTHING_TARGETS))):
        layout = _Layout(settings, closed)
        panel = SimpleNamespace(layout=layout)
        HANDMOCAP_PT_fingers.draw(panel, bpy.context)
        assert "smoothing" in layout.drawn
        assert closed != ({"longest_gap", "ease", "lowest_score", "reduction_error"} <= set(layout.drawn))
        assert layout.drawn.count("own_smoothing") == layout.drawn.count("has_own_smoothing") == own
