from __future__ import annotations

import json
import tracemalloc
from dataclasses import fields
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from handmocap_addon.core.errors import ExitCode, HandPosesFileError, OutputError
from handmocap_addon.core.hands.hand_poses import HandPoses, HandTrack
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses, write_hand_poses
from handmocap_addon.core.skeleton import SIDES

FRAME_COUNT = 7
META = {"clip": {"name": "Tänzer.mp4", "fps": [30000, 1001]}, "estimator": "made up", "settings": {"confidence": 0.3}}


def random_track(seed: int, frame_count: int = FRAME_COUNT) -> HandTrack:
    random = np.random.default_rng(seed)
    values = {}
    for field in fields(HandTrack):
        shape = getattr(HandTrack.empty(frame_count), field.name).shape
        values[field.name] = random.normal(size=shape).astype(np.float32)
    values["detected"] = random.random(frame_count) < 0.6
    return HandTrack(**values)


@pytest.fixture
def poses() -> HandPoses:
    times = np.arange(FRAME_COUNT) * 1001 / 30000
    return HandPoses(random_track(1), random_track(2), np.arange(FRAME_COUNT) + 100, times, META)


@pytest.fixture
def minimal() -> dict[str, np.ndarray]:
    """What another pipeline writes."""
    random = np.random.default_rng(5)
    return {
        "left_hand_pose": random.normal(size=(FRAME_COUNT, 45)).astype(np.float32),
        "right_hand_pose": random.normal(size=(FRAME_COUNT, 45)).astype(np.float32),
        "left_detected": np.ones(FRAME_COUNT, bool),
        "right_detected": np.arange(FRAME_COUNT) % 2 == 0,
    }


def refusal(folder: Path, arrays: dict[str, np.ndarray]) -> HandPosesFileError:
    path = folder / "hand_poses.npz"
    np.savez(path, **arrays)
    return refusal_of(path)


def refusal_of(path: Path) -> HandPosesFileError:
    with pytest.raises(HandPosesFileError) as caught:
        read_hand_poses(path)
    assert caught.value.exit_code == ExitCode.BAD_INPUT
    assert caught.value.hint
    assert path.name in caught.value.message
    return caught.value


def test_a_round_trip_changes_no_bit(tmp_path, poses):
    path = tmp_path / "hand_poses.npz"
    write_hand_poses(path, poses)
    read = read_hand_poses(path)
    for side in SIDES:
        for field in fields(HandTrack):
            written, back = getattr(poses.track(side), field.name), getattr(read.track(side), field.name)
            assert back.dtype == written.dtype
            assert back.tobytes() == written.tobytes(), f"{side} {field.name}"
    assert read.frame_time.tobytes() == poses.frame_time.tobytes()
    assert read.frame_index.tolist() == poses.frame_index.tolist()
    assert {key: read.meta[key] for key in META} == META
    assert read.meta["schema_version"] == 1


def test_the_rate_comes_back_as_an_exact_fraction(tmp_path, poses):
    write_hand_poses(tmp_path / "hand_poses.npz", poses)
    assert read_hand_poses(tmp_path / "hand_poses.npz").frames_per_second() == Fraction(30000, 1001)


def test_the_file_has_the_keys_shapes_and_types_of_the_contract(tmp_path, poses):
    write_hand_poses(tmp_path / "hand_poses.npz", poses)
    contract = {"frame_index": ((7,), "<i8"), "frame_time": ((7,), "<f8")}
    for side in SIDES:
        contract |= {
            f"{side}_hand_pose": ((7, 45), "<f4"),
            f"{side}_detected": ((7,), "|b1"),
            f"{side}_score": ((7,), "<f4"),
            f"{side}_detector_score": ((7,), "<f4"),
            f"{side}_bbox": ((7, 4), "<f4"),
            f"{side}_keypoints_2d": ((7, 21, 2), "<f4"),
            f"{side}_keypoints_3d": ((7, 21, 3), "<f4"),
            f"{side}_global_orient": ((7, 3), "<f4"),
            f"{side}_betas": ((7, 10), "<f4"),
        }
    with np.load(tmp_path / "hand_poses.npz", allow_pickle=False) as archive:
        found = {key: (archive[key].shape, archive[key].dtype.str) for key in archive.files if key != "meta"}
        meta = json.loads(str(archive["meta"]))
        assert archive["meta"].shape == ()
    assert found == contract
    assert meta["clip"]["name"] == "Tänzer.mp4"


def test_the_file_has_the_name_that_was_asked_for(tmp_path, poses):
    write_hand_poses(tmp_path / "hands", poses)
    assert [path.name for path in tmp_path.iterdir()] == ["hands"]
    assert read_hand_poses(tmp_path / "hands").frame_count == FRAME_COUNT


def test_without_times_the_file_has_none(tmp_path, poses):
    write_hand_poses(tmp_path / "hand_poses.npz", HandPoses(poses.left, poses.right, poses.frame_index, None, {}))
    assert read_hand_poses(tmp_path / "hand_poses.npz").frame_time is None


def test_a_file_without_the_detectors_own_score_weighs_by_the_score_that_it_has(tmp_path, minimal):
    score = np.linspace(0.2, 0.9, FRAME_COUNT, dtype=np.float32)
    np.savez(tmp_path / "hand_poses.npz", **minimal, left_score=score)
    read = read_hand_poses(tmp_path / "hand_poses.npz")
    np.testing.assert_array_equal(read.left.detector_score, score)
    np.testing.assert_array_equal(read.left.score, score)


def test_the_first_four_rows_alone_load(tmp_path, minimal):
    np.savez(tmp_path / "hand_poses.npz", **minimal)
    read = read_hand_poses(tmp_path / "hand_poses.npz")
    assert read.frame_count == FRAME_COUNT
    np.testing.assert_array_equal(read.left.pose_axis_angle, minimal["left_hand_pose"])
    np.testing.assert_array_equal(read.right.detected, minimal["right_detected"])
    np.testing.assert_array_equal(read.right.score, minimal["right_detected"].astype(float))
    np.testing.assert_array_equal(read.right.detector_score, read.right.score)
    assert read.frame_index.tolist() == list(range(FRAME_COUNT))
    assert read.frame_time is None
    assert read.frames_per_second() is None
    assert read.left.keypoints_3d.shape == (FRAME_COUNT, 21, 3)


@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.int64])
def test_masks_of_other_pipelines_may_be_numbers(tmp_path, minimal, kind):
    np.savez(tmp_path / "hand_poses.npz", **(minimal | {"right_detected": minimal["right_detected"].astype(kind)}))
    read = read_hand_poses(tmp_path / "hand_poses.npz")
    assert read.right.detected.dtype == bool
    np.testing.assert_array_equal(read.right.detected, minimal["right_detected"])


def test_keys_that_nobody_knows_are_left_alone(tmp_path, minimal):
    np.savez(tmp_path / "hand_poses.npz", **minimal, jaw_pose=np.zeros((FRAME_COUNT, 3)))
    assert read_hand_poses(tmp_path / "hand_poses.npz").frame_count == FRAME_COUNT


def test_a_pickle_that_nobody_needs_is_not_loaded(tmp_path, minimal):
    marker = tmp_path / "it-ran"
    touches = np.array(_TouchesWhenUnpickled(str(marker)), dtype=object)
    np.savez(tmp_path / "hand_poses.npz", **minimal, extra=touches)
    assert read_hand_poses(tmp_path / "hand_poses.npz").frame_count == FRAME_COUNT
    refusal(tmp_path, minimal | {"left_score": touches})
    assert not marker.exists()


class _TouchesWhenUnpickled:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


def test_arrays_of_objects_are_refused(tmp_path, minimal):
    refusal(tmp_path, minimal | {"left_hand_pose": np.array([[None] * 45] * FRAME_COUNT, dtype=object)})


@pytest.mark.parametrize("key", ["left_hand_pose", "right_hand_pose", "left_detected", "right_detected"])
def test_a_missing_row_is_named(tmp_path, minimal, key):
    assert f"no {key}" in refusal(tmp_path, {name: value for name, value in minimal.items() if name != key}).message


@pytest.mark.parametrize(
    ("key", "shape"),
    [
        ("left_hand_pose", (FRAME_COUNT, 48)),
        ("left_hand_pose", (FRAME_COUNT, 15, 3)),
        ("left_hand_pose", (FRAME_COUNT - 1, 45)),
        ("right_detected", (FRAME_COUNT, 1)),
        ("right_detected", ()),
        ("left_score", (FRAME_COUNT + 1,)),
        ("right_keypoints_2d", (FRAME_COUNT, 21, 3)),
        ("frame_time", (FRAME_COUNT - 1,)),
        ("frame_index", (FRAME_COUNT, 1)),
    ],
)
def test_another_shape_is_named(tmp_path, minimal, key, shape):
    message = refusal(tmp_path, minimal | {key: np.zeros(shape)}).message
    assert key.removeprefix("right_").removeprefix("left_") in message or "hand_pose" in message


def test_hands_of_different_lengths_are_said(tmp_path, minimal):
    longer = {"right_hand_pose": np.zeros((9, 45)), "right_detected": np.zeros(9, bool)}
    assert "different lengths" in refusal(tmp_path, minimal | longer).message


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("key", ["left_hand_pose", "right_score", "frame_time"])
def test_numbers_that_are_not_finite_are_refused(tmp_path, minimal, key, value):
    array = minimal.get(key, np.zeros(FRAME_COUNT)).copy()
    array[3] = value
    message = refusal(tmp_path, minimal | {key: array}).message
    assert "not finite" in message
    assert key in message


@pytest.mark.parametrize("times", [(0.0, 0.1, 0.1, 0.2, 0.3, 0.4, 0.5), (0.0, 0.1, 0.2, 0.15, 0.3, 0.4, 0.5)])
def test_times_that_do_not_grow_are_refused(tmp_path, minimal, times):
    assert "frame_time" in refusal(tmp_path, minimal | {"frame_time": np.array(times)}).message


@pytest.mark.parametrize("text", ["not json", "[1, 2]", "3", ""])
def test_a_damaged_meta_entry_is_said(tmp_path, minimal, text):
    assert "meta" in refusal(tmp_path, minimal | {"meta": np.array(text)}).message


def test_a_meta_entry_of_no_characters_is_said(tmp_path, minimal):
    text = np.frombuffer(b"\x7f\xff\xff\x7f", "U1")
    assert "damaged" in refusal(tmp_path, minimal | {"meta": text}).message


@pytest.mark.parametrize("clip", [3, {"fps": "fast"}, {"fps": [30, 0]}, {"fps": [1, 2, 3]}, {"fps": 29.97}, None, {"fps": [10**400, 1]},
                                  {"fps": [1, 10**400]}, {"fps": [0, 1]}, {"lost_frames": [10**400]}])  # fmt: skip
def test_a_rate_that_is_none_never_breaks_a_reader(tmp_path, minimal, clip):
    np.savez(tmp_path / "hand_poses.npz", **minimal, meta=np.array(json.dumps({"clip": clip})))
    rate = read_hand_poses(tmp_path / "hand_poses.npz").frames_per_second()
    assert rate is None
    assert read_hand_poses(tmp_path / "hand_poses.npz").clip_notes().lost_frames == ()


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04"])
def test_a_file_that_is_no_npz_is_refused(tmp_path, content):
    path = tmp_path / "hand_poses.npz"
    path.write_bytes(content)
    refusal_of(path)


def test_a_single_array_is_refused(tmp_path):
    path = tmp_path / "hand_poses.npz"
    with path.open("wb") as file:
        np.save(file, np.zeros((7, 45)))
    refusal_of(path)


def test_a_file_cut_short_is_refused(tmp_path, poses):
    path = tmp_path / "hand_poses.npz"
    write_hand_poses(path, poses)
    path.write_bytes(path.read_bytes()[:-200])
    refusal_of(path)


def test_a_flipped_byte_is_refused(tmp_path, minimal):
    path = tmp_path / "hand_poses.npz"
    np.savez_compressed(path, **minimal)
    content = bytearray(path.read_bytes())
    content[400] ^= 0xFF
    path.write_bytes(content)
    refusal_of(path)


def test_a_missing_file_is_named(tmp_path):
    assert str(tmp_path) in refusal_of(tmp_path / "hand_poses.npz").message


def test_no_frames_is_a_sentence_of_its_own(tmp_path, minimal):
    assert "no frames" in refusal(tmp_path, {key: value[:0] for key, value in minimal.items()}).message


def test_folders_with_spaces_and_other_letters(tmp_path, poses):
    path = tmp_path / "mein Würfel" / "手 ✋" / "hand_poses.npz"
    write_hand_poses(path, poses)
    assert read_hand_poses(path).frame_count == FRAME_COUNT
    assert [file.name for file in path.parent.iterdir()] == ["hand_poses.npz"]


def test_a_place_that_cannot_be_written_is_an_output_error(tmp_path, poses):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        write_hand_poses(tmp_path / "file" / "hand_poses.npz", poses)


def test_numbers_too_large_for_the_file_s_type_are_refused(tmp_path, minimal):
    huge = minimal["left_hand_pose"].astype(np.float64)
    huge[3] = 1e300
    assert "not finite in left_hand_pose" in refusal(tmp_path, minimal | {"left_hand_pose": huge}).message


@pytest.mark.parametrize("size", ["[1e400, 480]", "[640]", '["wide", 480]', "[0, 480]", f"[640, 1{'0' * 400}]"])
def test_a_picture_size_that_is_none_is_unknown(tmp_path, minimal, size):
    path = tmp_path / "hand_poses.npz"
    np.savez(path, **minimal, meta=np.array(f'{{"clip": {{"size": {size}}}}}'))
    assert read_hand_poses(path).picture_size() is None


def test_more_frames_than_any_clip_has_are_not_read(tmp_path):
    path = tmp_path / "hand_poses.npz"
    rows = np.zeros(1 << 25, bool)
    np.savez_compressed(path, left_detected=rows, right_detected=rows)
    tracemalloc.start()
    with pytest.raises(HandPosesFileError, match="more than the 600000"):
        read_hand_poses(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1 << 24


@pytest.mark.parametrize("meta", ['{"a": ' + "9" * 5000 + "}", "[" * 100_000])
def test_notes_that_json_cannot_take_are_a_sentence(tmp_path, meta):
    path = tmp_path / "hand_poses.npz"
    arrays = {f"{side}_hand_pose": np.zeros((2, 45)) for side in SIDES} | {
        f"{side}_detected": np.ones(2, bool) for side in SIDES
    }
    np.savez(path, meta=np.array(meta), **arrays)
    with pytest.raises(HandPosesFileError, match="damaged meta"):
        read_hand_poses(path)
