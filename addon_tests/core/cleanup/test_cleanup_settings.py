from __future__ import annotations

import pytest

from handmocap_addon.core.cleanup.settings import SMOOTHING_TARGETS, CleanupSettings
from handmocap_addon.core.errors import BadUsageError


def test_a_finger_goes_before_its_hand_and_a_hand_before_all():
    settings = CleanupSettings(smoothing=0.5, smoothing_of=(("left_thumb", 0.9), ("left", 0.2), ("right_index", 0.0)))
    assert settings.finger_smoothing("left") == (0.2, 0.2, 0.2, 0.2, 0.9)
    assert settings.finger_smoothing("right") == (0.0, 0.5, 0.5, 0.5, 0.5)
    assert settings.finger_smoothing(None) == (0.5,) * 5


def test_both_hands_and_all_fingers_can_be_named():
    assert len(SMOOTHING_TARGETS) == 12
    settings = CleanupSettings(smoothing_of=tuple((name, 0.1) for name in SMOOTHING_TARGETS))
    assert settings.finger_smoothing("left") == (0.1,) * 5
    assert hash(settings) == hash(CleanupSettings(smoothing_of=settings.smoothing_of))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"smoothing": 1.5}, "smoothing strength of smoothing is 1.5"),
        ({"smoothing": float("nan")}, "is nan"),
        ({"smoothing_of": (("left_thumb", -0.1),)}, "strength of left_thumb is -0.1"),
        ({"smoothing_of": (("middle", 0.5),)}, "no hand or finger middle"),
        ({"longest_gap": -1.0}, "longest gap is -1 seconds"),
        ({"ease": float("nan")}, "ease is nan seconds"),
        ({"ease": float("inf")}, "ease is inf seconds"),
        ({"longest_gap": float("inf")}, "longest gap is inf seconds"),
        ({"smoothing_of": (("left", 0.0), ("left", 1.0))}, "smoothing of left is given 2 times"),
        ({"lowest_score": 2.0}, "lowest score is 2"),
    ],
)
def test_values_out_of_range_are_one_sentence(options, said):
    with pytest.raises(BadUsageError) as caught:
        CleanupSettings(**options)
    assert said in caught.value.sentence()
