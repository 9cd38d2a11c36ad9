"""Wrists whose source is chosen for some frames."""

from __future__ import annotations

import numpy as np
import pytest

from addon_tests.core.cleanup.test_wrist import REST, joint, made_up_shot
from handmocap_addon.core.cleanup.corrected_wrists import with_corrected_wrists
from handmocap_addon.core.cleanup.corrections import NotSeen, Rows, WristFrom
from handmocap_addon.core.cleanup.wrist import WristSettings, with_wrists
from handmocap_addon.core.cleanup.wrist_source import WristSource

COUNT = 60
SHOT = made_up_shot(3, COUNT, smooth=True)
BODY = SHOT.stiff()


def corrected(settings: WristSettings, *corrections) -> np.ndarray:
    return with_corrected_wrists(BODY, SHOT.tracks, SHOT.time, REST, settings, corrections).body_quat_wxyz


def plain(source: WristSource, **options) -> np.ndarray:
    return with_wrists(BODY, SHOT.tracks, SHOT.time, REST, WristSettings(source, **options)).body_quat_wxyz


def test_without_a_choice_nothing_changes():
    np.testing.assert_array_equal(corrected(WristSettings()), BODY.body_quat_wxyz)
    np.testing.assert_array_equal(
        corrected(WristSettings(WristSource.HAND), NotSeen(Rows(0, 5), "left")), plain(WristSource.HAND)
    )


@pytest.mark.parametrize("share", [0.0, 0.5])
@pytest.mark.parametrize(("base", "chosen"), [(WristSource.BODY, WristSource.HAND), (WristSource.HAND, WristSource.BODY)])
def test_the_chosen_source_is_exact_on_its_rows_and_eases_beside_them(base, chosen, share):
    settings = WristSettings(base, forearm_twist_share=share)
    result = corrected(settings, WristFrom(Rows(25, 34), "left", chosen))
    wanted, otherwise = plain(chosen, forearm_twist_share=share), plain(base, forearm_twist_share=share)
    for name in ("left_wrist", "left_elbow"):
        np.testing.assert_array_equal(result[25:35, joint(name)], wanted[25:35, joint(name)])
        np.testing.assert_array_equal(result[:15, joint(name)], otherwise[:15, joint(name)])
        np.testing.assert_array_equal(result[45:, joint(name)], otherwise[45:, joint(name)])
    wrist = joint("left_wrist")
    assert not np.allclose(result[22, wrist], otherwise[22, wrist]) and not np.allclose(result[22, wrist], wanted[22, wrist])
    others = [number for number in range(21) if number not in (wrist, joint("left_elbow"))]
    np.testing.assert_array_equal(result[:, others], otherwise[:, others])
