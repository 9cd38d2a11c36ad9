"""Each bad input ends in one sentence and the right exit code, and leaves what an earlier run wrote as it was."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.rigs import add_plain_armature
from addon_tests.end_to_end.commands import REPOSITORY, batch, batch_in_file, contents, sentence_of
from addon_tests.making.gvhmr_results import Call, gvhmr_content, made_up_motion, write_gvhmr_result, write_torch_archive
from addon_tests.making.patience import COMMAND_PATIENCE

RESULTS = ("hand_poses.npz", "scene.blend", "body.abc", "body.usdc", "preview.png")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder with the results of an earlier good run, known by their bytes."""
    folder = tmp_path / "earlier results"
    folder.mkdir()
    for name in RESULTS:
        (folder / name).write_bytes(f"the earlier {name}".encode())
    (folder / "report.json").write_text(json.dumps({"ok": True, "clip": {"name": "earlier.mp4"}}), encoding="utf-8")
    return folder


def _fails(out: Path, done: subprocess.CompletedProcess[str], exit_code: int, *parts: str) -> None:
    assert done.returncode == exit_code, done.stderr
    sentence = sentence_of(done)
    for part in parts:
        assert part in sentence
    assert {path.name for path in out.iterdir()} <= {*RESULTS, "report.json", "logs"}
    for name in RESULTS:
        assert (out / name).read_bytes() == f"the earlier {name}".encode(), f"{name} was touched"
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["ok"] is False
    assert report["error"]["sentence"] == sentence
    assert report["error"]["exit_code"] == exit_code
    assert report["last_good"] == {"ok": True, "clip": {"name": "earlier.mp4"}}


def _made_by_worker(worker_python: Path, call: str, path: Path) -> Path:
    """A clip written by `addon_tests.making.clips`, which needs the worker's packages."""
    code = f"import sys; from pathlib import Path; from addon_tests.making import clips; {call}"
    subprocess.run(
        [str(worker_python), "-c", code, str(path)],
        check=True,
        cwd=REPOSITORY,
        capture_output=True,
        timeout=COMMAND_PATIENCE,
    )
    return path


def test_no_such_clip(out: Path, tmp_path: Path) -> None:
    clip = tmp_path / "missing.mp4"
    _fails(out, batch("run", "--clip", clip, "--out", out), 3, f"There is no clip {clip}")


def test_not_a_video(out: Path, tmp_path: Path, worker_python: Path) -> None:
    clip = tmp_path / "notes.mp4"
    clip.write_text("These are notes.\n" * 100, encoding="utf-8")
    _fails(out, batch("run", "--clip", clip, "--out", out), 3, "notes.mp4")


def test_sound_without_pictures(out: Path, tmp_path: Path, worker_python: Path) -> None:
    clip = _made_by_worker(worker_python, "clips.write_sound_only(Path(sys.argv[1]))", tmp_path / "sound.mp4")
    _fails(out, batch("run", "--clip", clip, "--out", out), 3, "sound.mp4")


def test_zero_frames(out: Path, tmp_path: Path, worker_python: Path) -> None:
    clip = _made_by_worker(worker_python, "clips.write_clip_without_frames(Path(sys.argv[1]))", tmp_path / "empty.avi")
    _fails(out, batch("run", "--clip", clip, "--out", out), 3, "empty.avi", "no frames")


def test_an_empty_folder_of_images(out: Path, tmp_path: Path, worker_python: Path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    _fails(out, batch("run", "--clip", folder, "--out", out), 3, "holds no images")


def test_no_hands_in_it(out: Path, tmp_path: Path, worker_python: Path) -> None:
    clip = _made_by_worker(worker_python, "clips.write_clip(Path(sys.argv[1]))", tmp_path / "blocks.mp4")
    _fails(out, batch("run", "--clip", clip, "--out", out), 3, "No hand was found", "blocks.mp4")


def test_a_truncated_pt(out: Path, tmp_path: Path, demo: Path, worker_python: Path) -> None:
    path = tmp_path / "cut.pt"
    path.write_bytes((demo / "hmr4d_results.pt").read_bytes()[:200_000])
    done = batch("run", "--clip", demo / "clip.mp4", "--gvhmr", path, "--out", out)
    _fails(out, done, 3, "cut.pt is cut short", "GVHMR")


def test_a_pt_that_calls_a_function_is_not_run(out: Path, tmp_path: Path, demo: Path, worker_python: Path) -> None:
    marker, path = tmp_path / "it ran", tmp_path / "evil.pt"
    content = gvhmr_content(made_up_motion(96))
    content["extra"] = Call("os", "system", (f"touch '{marker}'",))
    write_torch_archive(path, content)
    done = batch("run", "--clip", demo / "clip.mp4", "--gvhmr", path, "--out", out)
    assert not marker.exists()
    _fails(out, done, 3, "evil.pt was not opened", "system")


def test_a_gvhmr_result_of_another_length(out: Path, tmp_path: Path, demo: Path, worker_python: Path) -> None:
    path = tmp_path / "hmr4d_results.pt"
    write_gvhmr_result(path, made_up_motion(50, size=(640, 480)))
    done = batch("run", "--clip", demo / "clip.mp4", "--gvhmr", path, "--out", out)
    _fails(out, done, 3, "The GVHMR result has 50 frames and clip.mp4 has 96", "0_input_video.mp4")


def test_another_person_s_gvhmr_result_that_is_not_there(out: Path, tmp_path: Path, demo: Path) -> None:
    results = ["--gvhmr", demo / "hmr4d_results.pt", "--other-gvhmr", tmp_path / "other.pt"]
    done = batch("run", "--clip", demo / "clip.mp4", *results, "--out", out)
    _fails(out, done, 3, "There is no file", "other.pt")


@pytest.mark.parametrize("arrays", [{"weights": np.zeros((6890, 24))}, {}], ids=["SMPL", "nothing"])
def test_a_model_file_that_is_not_smplx(
    arrays: dict[str, Any], out: Path, tmp_path: Path, demo: Path, worker_python: Path
) -> None:
    path = tmp_path / "SMPLX_NEUTRAL.npz"
    np.savez(path, **arrays)
    done = batch("run", "--clip", demo / "clip.mp4", "--body", path, "--out", out)
    _fails(out, done, 3, "SMPLX_NEUTRAL.npz is not an SMPL-X model file")


def test_a_body_that_is_neither_the_stand_in_nor_a_file(out: Path, demo: Path, worker_python: Path) -> None:
    done = batch("run", "--clip", demo / "clip.mp4", "--body", "mannequin", "--out", out)
    _fails(out, done, 3, "There is no model file mannequin")


def test_an_armature_without_finger_bones(
    out: Path, tmp_path: Path, demo: Path, worker_python: Path, empty_scene: Any
) -> None:
    add_plain_armature({"pelvis": (0.0, 0.0, 1.0), "head": (0.0, 0.0, 1.6)}, "Rig")
    blend = tmp_path / "rig.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    done = batch_in_file(blend, "run", "--clip", demo / "clip.mp4", "--armature", "Rig", "--out", out)
    _fails(out, done, 3, "The armature Rig lacks SMPL-X bones")


def test_an_armature_that_is_not_in_the_file(out: Path, demo: Path, worker_python: Path) -> None:
    done = batch("run", "--clip", demo / "clip.mp4", "--armature", "Nobody", "--out", out)
    _fails(out, done, 3, "no armature named Nobody")


def test_a_truth_file_that_is_none(out: Path, tmp_path: Path, demo: Path, worker_python: Path) -> None:
    path = tmp_path / "truth.npz"
    np.savez(path, something=np.zeros(3))
    done = batch("run", "--clip", demo / "clip.mp4", "--truth", path, "--no-preview", "--bake", "", "--out", out)
    _fails(out, done, 3, "holds no known hand poses")


def test_an_output_folder_under_a_file(tmp_path: Path, demo: Path, worker_python: Path) -> None:
    (tmp_path / "file").write_text("kept", encoding="utf-8")
    done = batch("run", "--clip", demo / "clip.mp4", "--out", tmp_path / "file" / "results")
    assert done.returncode == 5
    assert "cannot be written" in sentence_of(done)
    assert contents(tmp_path).keys() == {"file"}
    assert (tmp_path / "file").read_text(encoding="utf-8") == "kept"


def test_an_output_folder_that_may_not_be_made(demo: Path, worker_python: Path) -> None:
    done = batch("run", "--clip", demo / "clip.mp4", "--out", "/proc/handmocap")
    assert done.returncode == 5
    assert "/proc/handmocap cannot be written" in sentence_of(done)


def test_an_environment_folder_without_a_worker(out: Path, tmp_path: Path, demo: Path) -> None:
    done = batch("run", "--clip", demo / "clip.mp4", "--out", out, "--env", tmp_path / "no environments")
    _fails(out, done, 4, "The hand estimator is not set up yet", "handmocap.py setup")


def test_an_option_that_is_none(tmp_path: Path, demo: Path) -> None:
    done = batch("run", "--clip", demo / "clip.mp4", "--out", tmp_path / "out", "--bake", "fbx")
    assert done.returncode == 2
    assert "cannot bake fbx; choose from abc" in sentence_of(done)
    assert "or none alone" in sentence_of(done)
    assert not (tmp_path / "out").exists()


def test_a_damaged_hand_file_for_apply(tmp_path: Path) -> None:
    hands = tmp_path / "hand_poses.npz"
    hands.write_bytes(b"PK no")
    done = batch("apply", "--hands", hands, "--save", tmp_path / "shot.blend")
    assert done.returncode == 3
    assert "hand_poses.npz cannot be read as hand poses" in sentence_of(done)
    assert not (tmp_path / "shot.blend").exists()


def test_baking_a_file_that_is_not_there(tmp_path: Path) -> None:
    done = batch("bake", "--blend", tmp_path / "missing.blend", "--out", tmp_path / "body.abc")
    assert done.returncode == 2
    assert "There is no file" in sentence_of(done)


def test_baking_a_file_that_is_no_blend(tmp_path: Path) -> None:
    blend = tmp_path / "notes.blend"
    blend.write_text("not a blend file", encoding="utf-8")
    done = batch("bake", "--blend", blend, "--out", tmp_path / "body.abc")
    assert done.returncode in (2, 3)
    assert "notes.blend" in sentence_of(done)


def test_an_earlier_blend_survives_a_save_that_fails(tmp_path: Path, demo_run: Path) -> None:
    target = tmp_path / "folder.blend"
    target.mkdir()
    shutil.copy(demo_run / "hand_poses.npz", tmp_path)
    done = batch("apply", "--hands", tmp_path / "hand_poses.npz", "--save", target)
    assert done.returncode == 5
    assert "folder.blend" in sentence_of(done)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.blend", "hand_poses.npz"]
