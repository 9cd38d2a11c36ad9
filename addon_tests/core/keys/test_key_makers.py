from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from handmocap_addon.core.keys.key_makers import MANY_BONES, Maker, PropertyKeys, frames_in_words, makers_of

WHOLE_CLIP = np.arange(1.0, 97.0)


def _keys(bone: str, frames: object, **kind: bool) -> PropertyKeys:
    of = np.asarray(frames, dtype=np.float64)
    return replace(PropertyKeys(bone, of, 4 * len(of)), **kind)


def _on_bones(count: int, frames: object, **kind: bool) -> dict[str, PropertyKeys]:
    return {f"{number}": _keys(f"bone {number}", frames, **kind) for number in range(count)}


def _maker(found: dict[str, PropertyKeys]) -> Maker:
    (maker,) = set(makers_of(found, list(found)).values())
    return maker


@pytest.mark.parametrize(
    ("bones", "frames", "kind", "maker"),
    [
        (1, [], {}, Maker.NOBODY),
        (1, WHOLE_CLIP, {}, Maker.PROGRAM),
        (1, WHOLE_CLIP[:8], {}, Maker.UNSURE),
        (1, WHOLE_CLIP[:7], {}, Maker.PERSON),
        (MANY_BONES, WHOLE_CLIP[:5], {}, Maker.PROGRAM),
        (MANY_BONES, WHOLE_CLIP[:3], {}, Maker.UNSURE),
        (MANY_BONES, WHOLE_CLIP[:2], {}, Maker.PERSON),
        (30, WHOLE_CLIP / 5.0, {}, Maker.PROGRAM),
        (30, WHOLE_CLIP[::2], {}, Maker.PROGRAM),
        (30, WHOLE_CLIP[::5], {"is_straight": True}, Maker.PROGRAM),
        (30, WHOLE_CLIP[::5], {}, Maker.UNSURE),
        (30, WHOLE_CLIP[::5], {"is_mixed": True}, Maker.PERSON),
        (30, WHOLE_CLIP[::16], {}, Maker.PERSON),
        (30, [1.0, 9.0, 14.0, 40.0, 61.0], {}, Maker.PERSON),
        (30, [1.0], {"is_still": True}, Maker.PERSON),
        (30, [1.0], {"is_still": True, "is_at_rest": True}, Maker.PROGRAM),
        (1, [1.0], {"is_still": True, "is_at_rest": True}, Maker.PERSON),
        (2, [1.0], {"is_sampled": True}, Maker.PROGRAM),
    ],
)
def test_who_made_keys(bones: int, frames: object, kind: dict[str, bool], maker: Maker) -> None:
    assert _maker(_on_bones(bones, frames, **kind)) is maker


def test_what_is_doubtful_goes_with_a_program_that_keyed_most() -> None:
    found = _on_bones(30, WHOLE_CLIP) | {
        "short": _keys("short", WHOLE_CLIP[:8]),
        "still": _keys("still", [1.0], is_still=True),
    }
    assert _maker(found) is Maker.PROGRAM
    posed = found | {"posed": _keys("posed", [1.0, 20.0, 31.0])}
    assert makers_of(posed, list(posed))["posed"] is Maker.PERSON


def test_only_those_in_question_are_company() -> None:
    found = _on_bones(22, WHOLE_CLIP) | {"finger": _keys("finger", WHOLE_CLIP[:8])}
    assert makers_of(found, ["finger"]) == {"finger": Maker.UNSURE}


def test_one_pose_where_a_program_begins_is_doubtful() -> None:
    body = {f"body {number}": _keys(f"body {number}", WHOLE_CLIP) for number in range(22)}
    for frame, maker in ((1.0, Maker.UNSURE), (96.0, Maker.UNSURE), (20.0, Maker.PERSON)):
        fingers = _on_bones(30, [frame], is_still=True)
        assert set(makers_of(body | fingers, list(fingers)).values()) == {maker}


def test_frames_are_named() -> None:
    assert frames_in_words(np.array([4.0])) == "frame 4"
    assert frames_in_words(np.array([9.0, 1.5])) == "frames 1.5 to 9"
