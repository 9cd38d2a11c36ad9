from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from addon_tests.end_to_end.commands import REPOSITORY, batch
from addon_tests.making.patience import COMMAND_PATIENCE


def test_a_run_takes_gvhmr_s_copy_where_the_clip_has_another_length(tmp_path: Path, demo: Path, worker_python: Path) -> None:
    shutil.copy(demo / "hmr4d_results.pt", tmp_path)
    shutil.copy(demo / "clip.mp4", tmp_path / "0_input_video.mp4")
    code = (
        "import sys; from pathlib import Path; from addon_tests.making import clips; clips.write_clip(Path(sys.argv[1]), 9)"
    )
    clip = tmp_path / "phone.mp4"
    subprocess.run([str(worker_python), "-c", code, str(clip)], check=True, cwd=REPOSITORY, timeout=COMMAND_PATIENCE)
    result, out = tmp_path / "hmr4d_results.pt", tmp_path / "out"
    done = batch("run", "--clip", clip, "--gvhmr", result, "--bake", "", "--no-preview", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "clip: GVHMR's 0_input_video.mp4 instead of phone.mp4" in done.stdout
    used = json.loads((out / "report.json").read_text(encoding="utf-8"))["clip"]
    assert (used["name"], used["instead_of"], used["frames"]) == ("0_input_video.mp4", "phone.mp4", 96)
    assert "0_input_video.mp4" in (out / "logs" / "estimate.log").read_text(encoding="utf-8")
