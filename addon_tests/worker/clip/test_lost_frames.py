"""Frames that cannot be read, from the clip to the file: rows without a hand, listed and said, and nothing moved in time."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from addon_tests.making import hostile_clips
from addon_tests.making.truth_seer import DEMO, N, TruthSeer, demo_truth
from handmocap_addon.core.body.gvhmr_file import read_gvhmr_result
from handmocap_addon.core.body.motion import BodyMotion
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.cleanup.clean_hands import clean_hand
from handmocap_addon.core.cleanup.gap_filling import Provenance
from handmocap_addon.core.cleanup.quality import hand_quality
from handmocap_addon.core.cleanup.worth_looking_at import ranges_worth_looking_at
from handmocap_addon.core.errors import ClipError
from handmocap_addon.core.hands.hand_poses import HandPoses
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses
from handmocap_addon.core.rig.hand_skeleton import hand_skeleton
from handmocap_addon.worker.clip.info import ClipInfo
from handmocap_addon.worker.commands.estimate import Person, Request, estimate_clip
from handmocap_addon.worker.commands.frame_range import FrameRange
from handmocap_addon.worker.commands.gvhmr_clip import clip_of_the_results
from handmocap_addon.worker.events import Cancellation, EventWriter
from handmocap_addon.worker.video import probe_clip, read_frames

LOST = [50, 51]


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo clip, each frame by itself, of which two packets are noise."""
    folder = tmp_path_factory.mktemp("damaged")
    pictures = [np.ascontiguousarray(frame.pixels) for frame in read_frames(probe_clip(DEMO / "clip.mp4"), "rgb")]
    hostile_clips.write_pictures(folder / "whole.mp4", pictures, g="1", bf="0")
    hostile_clips.damage_packets(folder / "whole.mp4", LOST, folder / "damaged.mp4")
    return folder / "damaged.mp4"


def estimated(
    clip: ClipInfo, target: Path, motion: BodyMotion | None = None, **asked: Any
) -> tuple[HandPoses, list[dict[str, Any]], TruthSeer]:
    stdout, seer = io.StringIO(), TruthSeer(demo_truth())
    request = Request(clip, load_stand_in_body(), [Person(motion, target)], **asked)
    estimate_clip(request, seer, EventWriter(stdout), Cancellation())
    return read_hand_poses(target), [json.loads(line) for line in stdout.getvalue().splitlines()], seer


def test_rows_of_lost_frames_hold_no_hand_and_are_listed_and_said(damaged, tmp_path):
    motion = read_gvhmr_result(DEMO / "hmr4d_results.pt")
    poses, events, seer = estimated(probe_clip(damaged), tmp_path / "hand_poses.npz", motion)
    assert poses.frame_count == N == motion.frame_count
    for side in ("left", "right"):
        assert np.flatnonzero(~poses.track(side).detected).tolist() == LOST
    assert poses.clip_notes().lost_frames == tuple(LOST)
    assert poses.clip_notes().kind == "video"
    assert poses.frame_time == pytest.approx(np.arange(N) / 24)
    (sentence,) = poses.warnings()
    assert sentence.startswith("2 of 96 frames of damaged.mp4 could not be decoded (frames 51 to 52, from 2.08 s)")
    assert sentence in [event.get("message") for event in events]
    # Nothing is looked for again where nothing is to be seen.
    assert not seer.looked_at
    assert poses.frame_time is not None
    hand = clean_hand(poses.left, poses.frame_time, np.zeros(45))
    assert (hand.provenance[LOST] == Provenance.FILLED).all() and np.isfinite(hand.quat_wxyz).all()


@pytest.fixture(scope="module")
def smeared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo clip's first 48 frames, every twelfth a key frame, of which the packets of two others are noise."""
    folder = tmp_path_factory.mktemp("smeared")
    pictures = [np.ascontiguousarray(frame.pixels) for frame in read_frames(probe_clip(DEMO / "clip.mp4"), "rgb")][:48]
    hostile_clips.write_pictures(folder / "whole.mp4", pictures, g="12", keyint_min="12", sc_threshold="0", bf="0")
    hostile_clips.damage_packets(folder / "whole.mp4", [19, 35], folder / "smeared.mp4")
    return folder / "smeared.mp4"


def test_frames_behind_a_lost_one_are_named_up_to_the_next_key_frame(smeared, tmp_path):
    poses, _, _ = estimated(probe_clip(smeared), tmp_path / "hand_poses.npz")
    notes = poses.clip_notes()
    assert (notes.lost_frames, notes.smeared_frames) == ((19, 35), (20, 21, 22, 23))
    (said,) = poses.warnings()
    assert said.endswith("no hand is seen there, and frames 21 to 24 behind them may be smeared, up to the next key frame")
    assert poses.left.detected[[20, 21, 22, 23]].all()
    assert poses.frame_time is not None
    skeleton = hand_skeleton(load_stand_in_body(), "left")
    quality = hand_quality(poses.left, clean_hand(poses.left, poses.frame_time, np.zeros(45)), skeleton, poses.frame_time)
    ranges = ranges_worth_looking_at({"left": quality}, notes.smeared_frames)
    assert [(item.first, item.last) for item in ranges if "may be smeared" in item.reason] == [(20, 23)]
    assert not any("smeared" in item.reason for item in ranges_worth_looking_at({"left": quality}))


def test_some_frames_alone_keep_what_is_smeared_elsewhere(smeared, tmp_path):
    target = tmp_path / "hand_poses.npz"
    whole, _, _ = estimated(probe_clip(smeared), target)
    again, _, _ = estimated(probe_clip(smeared), target, frames=FrameRange(0, 9))
    assert again.clip_notes() == whole.clip_notes()
    assert again.warnings() == whole.warnings()


def test_a_result_without_rows_for_lost_frames_fits_too(damaged, tmp_path):
    """As of a reader that goes on behind a damaged packet."""
    whole = read_gvhmr_result(DEMO / "hmr4d_results.pt")
    shorter = without_rows(whole, LOST)
    clip = clip_of_the_results(probe_clip(damaged), [shorter]).clip
    poses, _, _ = estimated(clip, tmp_path / "hand_poses.npz", shorter)
    assert poses.frame_count == N - 2
    assert poses.clip_notes().lost_frames == ()
    assert poses.frame_time == pytest.approx(np.delete(np.arange(N) / 24, LOST))
    assert poses.frames_per_second() == 24
    assert "left out" in poses.warnings()[0]


def without_rows(motion: BodyMotion, rows: list[int]) -> BodyMotion:
    def shortened(value: Any) -> Any:
        if isinstance(value, np.ndarray) and value.ndim and len(value) == motion.frame_count:
            return np.delete(value, rows, axis=0)
        if hasattr(value, "__dataclass_fields__"):
            return replace(value, **{name: shortened(getattr(value, name)) for name in value.__dataclass_fields__})
        return value

    shorter: BodyMotion = shortened(motion)
    return shorter


def test_some_frames_alone_keep_what_is_lost_elsewhere(damaged, tmp_path):
    target = tmp_path / "hand_poses.npz"
    estimated(probe_clip(damaged), target)
    poses, _, _ = estimated(probe_clip(damaged), target, frames=FrameRange(0, 9))
    assert poses.clip_notes().lost_frames == tuple(LOST)
    assert len(poses.warnings()) == 1
    assert np.flatnonzero(~poses.left.detected).tolist() == LOST


@pytest.fixture(scope="module")
def plate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo clip's first 24 frames as pictures from 1001, of which three are missing and one is empty."""
    folder = tmp_path_factory.mktemp("pictures") / "plate"
    folder.mkdir()
    for frame in read_frames(probe_clip(DEMO / "clip.mp4"), "bgr"):
        if frame.index < 24 and frame.index not in (5, 6, 7):
            content = cv2.imencode(".jpg", frame.pixels)[1].tobytes() if frame.index != 20 else b""
            (folder / f"plate.{1001 + frame.index}.jpg").write_bytes(content)
    (folder / "poster.jpg").write_bytes(b"")
    return folder


def test_missing_and_damaged_pictures_are_rows(plate, tmp_path):
    poses, _, _ = estimated(probe_clip(plate), tmp_path / "hand_poses.npz")
    notes = poses.clip_notes()
    assert (notes.kind, notes.first_number, notes.pattern, notes.number_step) == ("images", 1001, "plate.#.jpg", 1)
    assert notes.lost_frames == (5, 6, 7, 20)
    assert np.flatnonzero(~poses.left.detected).tolist() == [5, 6, 7, 20]
    assert poses.frame_time == pytest.approx(np.arange(24) / 24)
    assert poses.warnings()[0].startswith(
        "4 of 24 pictures of plate are missing or cannot be read (numbers 1006 to 1008 and 1021)"
    )


def test_a_damaged_picture_among_some_frames_alone_is_listed(plate, tmp_path):
    target = tmp_path / "hand_poses.npz"
    poses, _, _ = estimated(probe_clip(plate), target, frames=FrameRange(10, 23))
    assert poses.clip_notes().lost_frames == (5, 6, 7, 20)
    poses, _, _ = estimated(probe_clip(plate), target, frames=FrameRange(0, 9))
    assert poses.clip_notes().lost_frames == (5, 6, 7, 20)
    assert np.flatnonzero(~poses.left.detected).tolist() == [5, 6, 7, 20]


def test_another_view_is_another_result(plate, tmp_path):
    target = tmp_path / "hand_poses.npz"
    first, _, _ = estimated(probe_clip(plate), target)
    again, events, seer = estimated(probe_clip(plate), target)
    assert not seer.seen and any("used again" in event.get("message", "") for event in events)
    other, _, seer = estimated(probe_clip(plate, view="log"), target)
    assert seer.seen
    assert (first.clip_notes().color, again.clip_notes().color, other.clip_notes().color) == ("srgb", "srgb", "log")


def test_a_clip_of_which_every_frame_is_damaged_is_refused(tmp_path):
    pictures = [np.random.default_rng(number).integers(0, 256, (96, 160, 3), np.uint8) for number in range(6)]
    hostile_clips.write_pictures(tmp_path / "whole.mp4", pictures, g="1", bf="0")
    hostile_clips.damage_packets(tmp_path / "whole.mp4", range(6), tmp_path / "damaged.mp4")
    with pytest.raises(ClipError, match=r"damaged\.mp4.* decoded"):
        estimated(probe_clip(tmp_path / "damaged.mp4"), tmp_path / "hand_poses.npz")
    assert not (tmp_path / "hand_poses.npz").exists()
