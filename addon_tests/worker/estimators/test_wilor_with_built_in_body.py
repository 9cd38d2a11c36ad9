"""The built-in body beside WiLoR's hands: from the same clip where it can be had, and a sentence where it cannot."""

from __future__ import annotations

import importlib
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from addon_tests.making.person_clips import FPS, demo_pictures, write_pictures
from addon_tests.making.truth_seer import demo_truth
from handmocap_addon.core.body.body_motion_file import read_body_motion
from handmocap_addon.core.body.model import posed_joints
from handmocap_addon.core.body.motion import local_rotmat_of
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.errors import MissingSetupError
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses
from handmocap_addon.core.skeleton import WRIST
from handmocap_addon.set_up.task_models import BODY_MODEL
from handmocap_addon.worker import command_line, estimators
from handmocap_addon.worker.estimators import mediapipe_body, wilor, wilor_weights
from handmocap_addon.worker.events import Cancellation, EventWriter

DOUBLE = Path(__file__).parent / "wilor_double"
DOUBLED = ("wilor_mini", "wilor_mini.pipelines", wilor.PIPELINE_MODULE, "torch")
EVERY = 2


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModuleType]:
    """WiLoR's double is the estimator whatever is asked for; gives back its torch."""
    for name in DOUBLED:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(DOUBLE))
    monkeypatch.syspath_prepend(str(DOUBLE / "fake_torch"))
    for name, value in wilor._OFFLINE.items():
        monkeypatch.setenv(name, value)
    weights = tmp_path / "pretrained_models"
    weights.mkdir()
    for name in wilor_weights.PUBLISHED_SHA256:
        (weights / name).write_bytes(b"not " + name.encode())
    settings = wilor.WilorSettings(model_dir=tmp_path, verify_weights=False)
    monkeypatch.setattr(estimators, "create_estimator", lambda _choice: wilor.create(settings))
    yield importlib.import_module("torch")
    for name in DOUBLED:
        sys.modules.pop(name, None)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """The demo's person with a patch on the right hand, which is what the double sees."""
    truth, pictures = demo_truth(), demo_pictures(EVERY)
    for row, picture in enumerate(pictures):
        picture[..., 0] = np.maximum(picture[..., 0], 80)  # nothing else is without red
        x, y = truth["right_keypoints_2d"][EVERY * row].mean(axis=0).astype(int)
        picture[y - 45 : y + 45, x - 45 : x + 45] = (0, 0, 255)
    return write_pictures(tmp_path / "patches.mp4", pictures, FPS / EVERY)


def estimated(clip: Path, out: Path) -> dict[str, Any]:
    """What the run's last event says."""
    arguments = ["estimate", "--clip", str(clip), "--estimator", "wilor", "--body-from", "auto", "--out", str(out)]
    said = io.StringIO()
    command_line._estimate(command_line.worker_parser().parse_args(arguments), EventWriter(said), Cancellation([]))
    result: dict[str, Any] = json.loads(said.getvalue().splitlines()[-1])
    return result


@pytest.mark.skipif(not mediapipe_body.default_model().is_file(), reason="the body model is not in this environment")
def test_the_body_is_mediapipe_s_and_goes_with_wilor_s_hands(double: ModuleType, clip: Path, tmp_path: Path) -> None:
    hands = tmp_path / "out" / "hand_poses.npz"
    assert estimated(clip, hands)["no_body"] is None
    poses, body = read_hand_poses(hands), read_body_motion(hands.with_name("body_motion.npz"))
    assert (poses.meta["estimator"], body.meta["estimator"]) == ("wilor", "mediapipe")
    assert body.motion.frame_count == poses.frame_count == len(demo_pictures(EVERY))
    assert poses.right.detected.mean() > 0.9 and not poses.left.detected.any()
    assert body.measured.mean() > 0.9
    # WiLoR's wrist closes the arm.
    motion = body.motion
    assert motion.camera is not None and motion.intrinsics is not None
    rest = load_stand_in_body(motion.betas).rest_joints
    seen = posed_joints(rest, local_rotmat_of(motion, motion.camera), motion.camera.translation).positions
    wrist = seen[:, WRIST["right"]] @ motion.intrinsics[0].T
    off = np.linalg.norm(wrist[:, :2] / wrist[:, 2:] - poses.right.keypoints_2d[:, 0], axis=1)[poses.right.detected]
    assert np.median(off) < 4.0


def test_the_body_model_of_the_worker_beside_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """WiLoR has an environment of its own, in which the set-up makes no model."""
    beside = tmp_path / "worker-python3.11" / "models" / BODY_MODEL.file_name
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "wilor-python3.11"))
    assert mediapipe_body.default_model() == tmp_path / "wilor-python3.11" / "models" / BODY_MODEL.file_name
    beside.parent.mkdir(parents=True)
    beside.write_bytes(b"a model")
    assert mediapipe_body.default_model() == beside
    # Wherever it lies, only the one that the set-up made is opened.
    with pytest.raises(MissingSetupError, match="is not the one that the set-up made"):
        mediapipe_body.create(mediapipe_body.MediapipeBodySettings())


def test_without_the_body_model_wilor_s_hands_stand_alone_and_say_why(
    double: ModuleType, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mediapipe_body, "default_model", lambda: tmp_path / "nowhere.task")
    hands = tmp_path / "out" / "hand_poses.npz"
    said = estimated(clip, hands)["no_body"]
    assert said.startswith(f"The hands stand alone. The body model {tmp_path / 'nowhere.task'} is missing: ")
    assert not hands.with_name("body_motion.npz").exists()
    assert read_hand_poses(hands).right.detected.any()
