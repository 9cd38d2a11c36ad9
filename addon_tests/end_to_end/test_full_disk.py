"""A disk of a few kilobytes, mounted for one child process alone."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from addon_tests.end_to_end.commands import BATCH, run, sentence_of

OLD = "what an earlier run left"


def _may_mount(folder: Path) -> bool:
    command = ["unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _run_on_disk(folder: Path, kilobytes: int, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command with a small disk at `folder`; on stdout the names and the bytes of what is there afterwards."""
    results = ("hand_poses.npz", "scene.blend", "body.usdc", "preview.png", "report.json")
    lines = [f"mount -t tmpfs -o size={kilobytes}k tmpfs {shlex.quote(str(folder))}", f"cd {shlex.quote(str(folder))}"]
    lines += [f"printf %s {shlex.quote(OLD)} > {name}" for name in results]
    lines += [f"{shlex.join([sys.executable, str(BATCH), *arguments])} > /dev/null", "code=$?"]
    lines += ["ls -A", *(f'echo "{name} holds $(head -c 100 {name} | tr -d "\\0")"' for name in results), "exit $code"]
    return run(["unshare", "-m", "sh", "-c", "\n".join(lines)])


# Too small for hand_poses.npz, for scene.blend, and for the baked mesh (28 MB).
@pytest.mark.parametrize(
    ("kilobytes", "replaced"), [(64, ()), (400, ("hand_poses.npz",)), (20_000, ("hand_poses.npz", "scene.blend"))]
)
def test_a_full_disk_is_one_sentence_and_no_result_is_lost(
    kilobytes: int, replaced: tuple[str, ...], tmp_path: Path, demo: Path, worker_python: Path
) -> None:
    if not _may_mount(tmp_path):
        pytest.skip("this machine lets no one mount a small disk (unshare -m, mount -t tmpfs)")
    arguments = ["run", "--clip", str(demo / "clip.mp4"), "--bake", "usd", "--no-preview", "--out", str(tmp_path)]
    done = _run_on_disk(tmp_path, kilobytes, arguments)
    assert done.returncode == 5, done.stderr
    sentence = sentence_of(done)
    assert "disk is full" in sentence or "are needed" in sentence
    assert "free some space" in sentence
    assert ".handmocap" not in done.stdout
    for name in ("hand_poses.npz", "scene.blend", "body.usdc", "preview.png"):
        # A stage that was done before the disk was full has replaced its own result by a whole one.
        assert (f"{name} holds {OLD}" in done.stdout) == (name not in replaced), name
    # The report of the failure itself may find no room any more.
    assert f"report.json holds {OLD}" in done.stdout or 'report.json holds {\n  "ok": false' in done.stdout
