from __future__ import annotations

import json
from pathlib import Path

import pytest

from handmocap_addon.core.errors import BoneMapError
from handmocap_addon.core.rig.bone_map import (
    MAPPED_JOINTS,
    MIXAMO,
    RIGIFY,
    RIGIFY_META_RIG,
    BoneMap,
    detected_bone_map,
    read_bone_map,
    write_bone_map,
)


@pytest.mark.parametrize("prefix", ["mixamorig:", "mixamorig1:", "mixamorig12_", ""])
def test_a_mixamo_skeleton_is_found_under_any_prefix(prefix: str) -> None:
    names = [prefix + name for name in ("Hips", "LeftHandIndex4", *MIXAMO.bones.values())]
    found = detected_bone_map(names)
    assert found is not None and found.name == "Mixamo"
    assert found.bones["left_pinky2"] == f"{prefix}LeftHandPinky2"
    assert len(found.bones) == 32


def test_a_rigify_rig_is_told_from_its_meta_rig() -> None:
    deforming = [f"DEF-{bone}" for bone in RIGIFY_META_RIG.bones.values()]
    generated = detected_bone_map([*deforming, *RIGIFY.bones.values()])
    assert generated is not None and generated.bones["right_thumb1"] == "thumb.01.R"
    meta_rig = detected_bone_map(RIGIFY_META_RIG.bones.values())
    assert meta_rig is not None and meta_rig.bones["left_wrist"] == "hand.L"
    for_games = detected_bone_map(deforming)
    assert for_games is not None and for_games.bones["left_index1"] == "DEF-f_index.01.L"


def test_of_two_skeletons_the_one_with_more_fingers_is_found() -> None:
    few = ["a:LeftHand", "a:LeftHandIndex1", "a:LeftHandRing1"]
    found = detected_bone_map([*few, *(f"b:{name}" for name in MIXAMO.bones.values())])
    assert found is not None and found.bones["left_wrist"] == "b:LeftHand"
    alone = detected_bone_map(few)
    assert alone is not None and set(alone.bones) == {"left_wrist", "left_index1", "left_ring1"}


@pytest.mark.parametrize("names", [[], ["LeftHand", "LeftHandIndex1", "LeftHandThumb1"], ["hand_l", "index_01_l"]])
def test_without_a_palm_nothing_is_found(names: list[str]) -> None:
    assert detected_bone_map(names) is None


def test_a_saved_map_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "Zoës Figur.json"
    partial = BoneMap("x", {joint: f"Knochen {joint} 手" for joint in MAPPED_JOINTS if "thumb" not in joint})
    write_bone_map(path, partial)
    found = read_bone_map(path)
    assert found.bones == partial.bones
    assert found.name == "Zoës Figur"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no JSON"), ("[" * 100_000, "no JSON"), ("[]", "no bone map"), ('{"bones": {}}', "no bone map"),
        (json.dumps({"schema": "handmocap bone map 1", "bones": {}}), "names no bones"),
        (json.dumps({"schema": "handmocap bone map 1", "bones": {"left_index1": 3}}), "no bone's name at left_index1"),
        (json.dumps({"schema": "handmocap bone map 1", "bones": {"left_index9": "a"}}), "joint left_index9"),
        (json.dumps({"schema": "handmocap bone map 1", "bones": {"left_index1": "a", "left_index2": "a"}}), "gives a to"),
    ],
)  # fmt: skip
def test_a_damaged_map_is_one_sentence(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BoneMapError, match=said) as caught:
        read_bone_map(path)
    assert caught.value.hint
    assert "\n" not in caught.value.sentence()


def test_bytes_that_are_no_text_and_a_missing_file(tmp_path: Path) -> None:
    (tmp_path / "map.json").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "map.json", tmp_path / "none.json", tmp_path):
        with pytest.raises(BoneMapError):
            read_bone_map(path)
