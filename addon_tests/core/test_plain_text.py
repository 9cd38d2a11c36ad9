from __future__ import annotations

import json
import os

import numpy as np

from handmocap_addon.core.files.atomic_files import write_json
from handmocap_addon.core.hands.hand_poses import HandPoses, HandTrack
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses, write_hand_poses
from handmocap_addon.core.job_protocol import JobEvent, parse_event
from handmocap_addon.core.plain_text import plain_json, plain_text

ODD = os.fsdecode(b"Zo\xeb \xff.mp4")


def test_bytes_that_are_no_text_are_shown_as_such():
    assert plain_text(ODD) == "Zo\\xeb \\xff.mp4"
    assert plain_text("Zoë 手.mp4") == "Zoë 手.mp4"
    assert plain_text("\ud800") == "\\ud800"
    plain_text(ODD).encode("utf-8")


def test_json_with_them_reads_back_as_they_were(tmp_path):
    assert json.loads(plain_json(json.dumps({"a": ODD}, ensure_ascii=False))) == {"a": ODD}
    write_json(tmp_path / "report.json", {"clip": ODD})
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8")) == {"clip": ODD}
    line = JobEvent("log", {"message": ODD}).line()
    event = parse_event(line.encode("utf-8").decode("utf-8"))
    assert event is not None and event.data["message"] == ODD


def test_hands_of_a_clip_of_such_a_name_are_kept(tmp_path):
    track = HandTrack.empty(2)
    write_hand_poses(tmp_path / "a.npz", HandPoses(track, track, np.arange(2), None, {"clip": {"name": ODD}}))
    assert read_hand_poses(tmp_path / "a.npz").clip_name() == ODD
