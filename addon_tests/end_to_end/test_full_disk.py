"""A disk of a few kilobytes, mounted for one child process alone."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from addon_tests.end_to_end.commands import BATCH, REPOSITORY, run, sentence_of

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


_PREVIEW = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(REPOSITORY)!r})
import bpy
from handmocap_addon.blender.rig.bodies import add_body
from handmocap_addon.blender.shot.preview import render_preview
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.errors import OutputError
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.context.scene.render.resolution_x = bpy.context.scene.render.resolution_y = 400
try:
    render_preview(add_body(load_stand_in_body(), "Hero"), 1, Path("preview.png"))
except OutputError as error:
    print(f"handmocap: {{error.sentence()}}", file=sys.stderr)
    sys.exit(int(error.exit_code))
"""


def _fails_on_disk(folder: Path, kilobytes: int, command: list[str | Path], variables: str = "") -> str:
    """The sentence of a command that is to fail on a small disk, where what is of an earlier run stays."""
    if not _may_mount(folder):
        pytest.skip("this machine lets no one mount a small disk (unshare -m, mount -t tmpfs)")
    name = Path(command[-1]).name
    lines = [f"mount -t tmpfs -o size={kilobytes}k tmpfs {shlex.quote(str(folder))}", f"cd {shlex.quote(str(folder))}"]
    lines += [
        f"printf %s {shlex.quote(OLD)} > {name}",
        f"{variables} {shlex.join(map(str, command))} > /dev/null",
        "code=$?",
    ]
    done = run(["unshare", "-m", "sh", "-c", "\n".join([*lines, f"cat {name}; ls -A; exit $code"])])
    assert done.returncode == 5, done.stderr
    assert done.stdout.startswith(OLD)
    assert ".handmocap" not in done.stdout
    return sentence_of(done)


def test_a_picture_that_found_no_room_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    said = _fails_on_disk(tmp_path, 64, [sys.executable, "-c", _PREVIEW, "preview.png"])
    assert said == "The disk is full at preview.png: free some space and run it again; nothing earlier was lost"


def test_a_motion_file_that_found_no_room_is_named(tmp_path: Path, demo_run: Path) -> None:
    target = tmp_path / "motion.fbx"
    export = [sys.executable, BATCH, "export", "--blend", demo_run / "scene.blend", "--format", "fbx", "--out", target]
    assert _fails_on_disk(tmp_path, 400, export).startswith(f"The disk is full at {target}: ")


def test_a_bake_that_others_leave_no_room_for_says_so(tmp_path: Path, demo_run: Path) -> None:
    """What is needed is there at first; the exporter of USD does not say that it wrote half."""
    target = tmp_path / "body.usdc"
    bake = [sys.executable, BATCH, "bake", "--blend", demo_run / "scene.blend", "--out", target]
    # The copy of the scene lies on the same disk, and takes what the file was to have.
    for kilobytes in (31_000, 33_000):
        said = _fails_on_disk(tmp_path, kilobytes, bake, variables=f"TMPDIR={shlex.quote(str(tmp_path))}")
        assert said.startswith(f"The disk is full at {tmp_path}"), kilobytes
