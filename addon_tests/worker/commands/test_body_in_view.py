"""The built-in body on clips that show too little of a person, or show it in another way, and in runs that are stopped."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from addon_tests.making.clips import put_behind_itself
from addon_tests.making.patience import COMMAND_PATIENCE
from addon_tests.making.person_clips import (
    A_HAND,
    DEMO,
    HEAD,
    OTHER_HAND,
    Array,
    demo_pictures,
    hands_alone,
    moved_right,
    part,
    write_pictures,
)
from addon_tests.making.worker_process import REPOSITORY, Finished, Worker
from handmocap_addon.core.body.body_motion_file import StoredBody, read_body_motion
from handmocap_addon.core.body.model import posed_joints
from handmocap_addon.core.body.motion import local_rotmat_of
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.errors import ExitCode
from handmocap_addon.core.files.partial_folder import PART_SUFFIX
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses
from handmocap_addon.core.skeleton import JOINT_INDEX
from handmocap_addon.worker.estimators import mediapipe_body

pytestmark = pytest.mark.skipif(
    not mediapipe_body.default_model().is_file(), reason="the body model is not in this environment"
)
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

HALF_RATE = Fraction(12000, 1001)
FOCAL = 900.0
UPPER_LIMBS = (
    ("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist"), ("right_shoulder", "right_elbow"),
    ("right_elbow", "right_wrist"), ("left_shoulder", "right_shoulder"), ("spine3", "neck"),
)  # fmt: skip
Run = Callable[..., tuple[Finished, Path]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Estimates hands and the built-in body of a clip in a folder of its own."""

    def estimated(clip: Path) -> tuple[Finished, Path]:
        out = tmp_path_factory.mktemp("out")
        return started(clip, out).finished(), out

    return estimated


def started(clip: Path, out: Path) -> Worker:
    arguments = ("estimate", "--clip", clip, "--body-from", "auto", "--focal", f"{FOCAL:g}")
    return Worker(REPOSITORY / "handmocap_addon", (*arguments, "--out", out / "hand_poses.npz"), out / "process")


def written(out: Path) -> list[str]:
    return sorted(path.name for path in out.iterdir() if path.name != "process")


# Nobody, or next to nobody


@pytest.mark.parametrize("boxes", [(A_HAND,), (A_HAND, OTHER_HAND)], ids=["one", "both"])
def test_hands_alone_in_view_move_no_body(tmp_path: Path, run: Run, boxes: tuple[tuple[int, int, int, int], ...]) -> None:
    finished, out = run(write_pictures(tmp_path / "hands.mp4", hands_alone(*boxes)))
    assert finished.exit_code == 0, finished.stderr
    assert written(out) == ["hand_poses.npz"]
    said = (
        "The hands stand alone. A body was found on 0 of 36 frames: choose a clip in which head, shoulders and arms are seen"
    )
    assert said in finished.stderr
    poses = read_hand_poses(out / "hand_poses.npz")
    assert said in poses.warnings()
    assert poses.left.detected.sum() + poses.right.detected.sum() > 30


def test_a_head_alone_in_view_moves_no_body(tmp_path: Path, run: Run) -> None:
    pictures = [part(one, HEAD, (480, 480)) for one in demo_pictures(4)]
    finished, out = run(write_pictures(tmp_path / "head.mp4", pictures))
    # On some frames this smooth head is taken for a hand; whether or not, there is no body.
    assert finished.exit_code in (0, ExitCode.BAD_INPUT)
    nobody = f"A body was found on 0 of {len(pictures)} frames"
    no_hand = f"No hand was found in any of the {len(pictures)} frames of head.mp4"
    assert (nobody if finished.exit_code == 0 else no_hand) in finished.stderr
    assert "body_motion.npz" not in written(out)


def test_nobody_in_the_clip_is_one_sentence(tmp_path: Path, run: Run) -> None:
    empty = np.full((240, 320, 3), demo_pictures(96)[0][5, 5], np.uint8)
    finished, out = run(write_pictures(tmp_path / "empty.mp4", [empty] * 12))
    assert finished.exit_code == ExitCode.BAD_INPUT
    assert "No hand was found in any of the 12 frames of empty.mp4" in finished.stderr
    assert written(out) == []


def test_who_walks_out_of_the_picture_stands_still_and_is_not_measured_any_more(tmp_path: Path, run: Run) -> None:
    pictures = [moved_right(one, max(0, row - 14) * 40) for row, one in enumerate(demo_pictures(2))]
    gone = 14 + 560 // 40
    finished, out = run(write_pictures(tmp_path / "out.mp4", pictures, HALF_RATE))
    assert finished.exit_code == 0, finished.stderr
    body = read_body_motion(out / "body_motion.npz")
    assert body.measured[:18].all() and not body.measured[gone:].any()
    assert not body.joints_measured[gone:].any()
    assert any(one.startswith("Nobody was found on frames") for one in body.motion.warnings)
    # What is filled follows on what was seen, and comes to rest.
    places = joints_of(body)
    assert np.linalg.norm(np.diff(places, axis=0), axis=-1).max() < 0.5
    assert np.ptp(places[gone + 10 :], axis=0).max() < 0.1


# The same person in other pictures


def joints_of(body: StoredBody) -> Array:
    """Positions (N, 22, 3) before the camera."""
    track = body.motion.seen().track
    rest = load_stand_in_body(body.motion.betas).rest_joints
    return posed_joints(rest, local_rotmat_of(body.motion, track), track.translation).positions[:, :22]


def degrees_apart(body: StoredBody, other: StoredBody) -> Array:
    """Between the ways of the upper limbs (N, L)."""
    ways = []
    for joints in map(joints_of, (body, other)):
        limbs = np.stack([joints[:, JOINT_INDEX[end]] - joints[:, JOINT_INDEX[start]] for start, end in UPPER_LIMBS], axis=1)
        ways.append(limbs / np.linalg.norm(limbs, axis=-1, keepdims=True))
    return np.asarray(np.degrees(np.arccos(np.clip(np.sum(ways[0] * ways[1], axis=-1), -1.0, 1.0))))


@pytest.fixture(scope="module")
def upright(tmp_path_factory: pytest.TempPathFactory, run: Run) -> StoredBody:
    clip = write_pictures(tmp_path_factory.mktemp("clips") / "upright.mp4", demo_pictures(2), HALF_RATE)
    finished, out = run(clip)
    assert finished.exit_code == 0, finished.stderr
    return read_body_motion(out / "body_motion.npz")


@pytest.mark.parametrize("rotation", [90, 180])
def test_a_clip_that_is_stored_turned_gives_the_same_body(
    tmp_path: Path, run: Run, upright: StoredBody, rotation: int
) -> None:
    turned = [np.rot90(one, rotation // 90) for one in demo_pictures(2)]
    finished, out = run(write_pictures(tmp_path / "turned.mp4", turned, HALF_RATE, rotation))
    assert finished.exit_code == 0, finished.stderr
    body = read_body_motion(out / "body_motion.npz")
    assert body.meta["clip"]["size"] == [640, 480]
    np.testing.assert_array_equal(body.motion.seen().intrinsics, upright.motion.seen().intrinsics)
    assert degrees_apart(body, upright).mean() < 1.0
    assert np.abs(joints_of(body) - joints_of(upright)).mean() < 0.01


def test_pixels_that_are_not_square_are_squared_for_the_body_too(tmp_path: Path, run: Run, upright: StoredBody) -> None:
    squeezed = [part(one, (0, 0, 640, 480), (480, 480)) for one in demo_pictures(2)]
    finished, out = run(write_pictures(tmp_path / "squeezed.mp4", squeezed, HALF_RATE, pixel_aspect=Fraction(4, 3)))
    assert finished.exit_code == 0, finished.stderr
    body = read_body_motion(out / "body_motion.npz")
    assert body.meta["clip"]["size"] == [640, 480]
    assert degrees_apart(body, upright).mean() < 3.0


def test_a_standing_picture_of_the_same_person_gives_the_same_limbs(tmp_path: Path, run: Run, upright: StoredBody) -> None:
    standing = [np.pad(one, ((160, 160), (0, 0), (0, 0)), mode="edge")[:, 20:620] for one in demo_pictures(2)]
    finished, out = run(write_pictures(tmp_path / "standing.mp4", standing, HALF_RATE))
    assert finished.exit_code == 0, finished.stderr
    body = read_body_motion(out / "body_motion.npz")
    assert body.meta["clip"]["size"] == [600, 800]
    np.testing.assert_array_equal(body.motion.seen().intrinsics[0, :2, 2], (300.0, 400.0))
    assert degrees_apart(body, upright).mean() < 4.0


# Stopped, and gone on with


@posix
def test_after_a_kill_and_a_cancel_the_body_is_the_same_to_the_bit(tmp_path: Path, whole: tuple[Path, Path]) -> None:
    clip, undisturbed = whole
    out = tmp_path / "out"
    partial = out / "hand_poses.npz.partial"
    for number in (signal.SIGKILL, signal.SIGTERM):
        worker = started(clip, out)
        worker.wait_for("progress")
        deadline = time.monotonic() + COMMAND_PATIENCE
        while not any(partial.glob("[!.]*" + PART_SUFFIX)):
            assert worker.process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        worker.send_signal(number)
        worker.finished()
        assert not (out / "body_motion.npz").exists()
    finished = started(clip, out).finished()
    assert finished.exit_code == 0, finished.stderr
    for name in ("hand_poses.npz", "body_motion.npz"):
        assert (out / name).read_bytes() == (undisturbed / name).read_bytes()
    assert written(out) == ["body_motion.npz", "hand_poses.npz"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, run: Run) -> tuple[Path, Path]:
    """A clip of more than one slice, and what a run leaves that nobody disturbs."""
    clip = tmp_path_factory.mktemp("long") / "long.mp4"
    put_behind_itself(DEMO / "clip.mp4", 140, clip)
    finished, out = run(clip)
    assert finished.exit_code == 0, finished.stderr
    return clip, out
