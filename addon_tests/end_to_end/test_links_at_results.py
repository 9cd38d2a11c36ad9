"""A link where a result goes: what it leads to is somebody else's file, whatever command or button writes there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from addon_tests.end_to_end.commands import batch, run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links of POSIX")


def linked(place: Path, name: str) -> tuple[Path, Path]:
    """A link of that name, and the file that it leads to."""
    precious = place / f"precious {name}"
    precious.write_text("precious", encoding="utf-8")
    link = place / name
    link.symlink_to(precious)
    return link, precious


def expect_kept(link: Path, precious: Path, said: str) -> None:
    assert not link.is_symlink()
    assert link.stat().st_size > len("precious")
    assert precious.read_text(encoding="utf-8") == "precious"
    assert f"{link} was a link to {precious}, which stays as it is" in said


def test_a_scene_is_saved_in_the_place_of_a_link(demo_run: Path, tmp_path: Path) -> None:
    link, precious = linked(tmp_path, "shot.blend")
    done = batch("apply", "--hands", demo_run / "hand_poses.npz", "--save", link)
    assert done.returncode == 0, done.stderr
    expect_kept(link, precious, done.stderr)


def test_a_bake_goes_to_the_place_of_a_link(demo_run: Path, tmp_path: Path) -> None:
    link, precious = linked(tmp_path, "body.abc")
    done = batch("bake", "--blend", demo_run / "scene.blend", "--out", link)
    assert done.returncode == 0, done.stderr
    expect_kept(link, precious, done.stderr)


def test_hands_are_written_in_the_place_of_a_link(demo: Path, tmp_path: Path, worker_python: Path, repository: Path) -> None:
    link, precious = linked(tmp_path, "hand_poses.npz")
    worker = repository / "handmocap_addon" / "worker"
    done = run([worker_python, worker, "estimate", "--clip", demo / "clip.mp4", "--frames", "1-2", "--out", link])
    assert done.returncode == 0, done.stderr
    expect_kept(link, precious, done.stderr)
