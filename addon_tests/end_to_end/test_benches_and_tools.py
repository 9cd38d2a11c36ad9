"""Every bench and tool starts, does its smallest case and ends with 0. A new one without a line here fails."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from addon_tests.end_to_end.commands import REPOSITORY
from addon_tests.making.hand_poses import waving_hands
from addon_tests.making.patience import COMMAND_PATIENCE
from handmocap_addon.core.hands.hand_poses_file import write_hand_poses
from handmocap_addon.core.skeleton import HAND_POSE_VALUES
from tools.landmark_reading.gathered_hands import GatheredHands
from tools.pages.regions import regions
from tools.truth_clips.clips import CLIPS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="several measure memory as Linux tells it")

_DEMO = REPOSITORY / "demo" / "clip.mp4"
_CLIP = "leaving"


@dataclass(frozen=True)
class Smallest:
    """How a program is run at its smallest.

    `HERE` among the arguments stands for a folder of the test's own, in which `prepared` puts what the program reads; what it
    calls `stdin` is read from there.
    """

    arguments: tuple[str, ...] = ()
    in_worker: bool = False  # with the worker's Python, not Blender's
    needs: str = ""  # a package that the environments of the suite are without; where it is there, the program is run
    prepared: Callable[[Path], None] | None = None
    # It works in Blender's own window alone: all that can be asked of it here is to load and to tell its options.
    in_window: bool = False


def hand_poses(folder: Path) -> None:
    write_hand_poses(folder / "hand_poses.npz", waving_hands(12, Fraction(30)))


def truth(folder: Path) -> None:
    """The committed one, which the clip's frames are drawn from."""
    (folder / "truth.npz").write_bytes((REPOSITORY / "benchmark" / _CLIP / "truth.npz").read_bytes())


def pictures(folder: Path) -> None:
    """A grey picture for every frame of the clip, all of them one file."""
    import bpy

    from tools.truth_clips.frames import frame_path

    clip = CLIPS[_CLIP]
    image = bpy.data.images.new("grey", *clip.frame_size)
    image.filepath_raw, image.file_format = str(folder / "grey.png"), "PNG"
    image.save()
    for number in range(clip.frame_count):
        frame_path(folder, number).hardlink_to(folder / "grey.png")


def gathered(folder: Path) -> None:
    """Right hands whose landmarks are where the joints are, and a little beside."""
    from addon_tests.making.known_landmarks import known_landmarks
    from tools.truth_clips.truth import load_truth

    path = REPOSITORY / "benchmark" / _CLIP / "truth.npz"
    world, image, pose, _ = known_landmarks(path, "right", every=20)
    count = len(world)
    values = {
        "picture": np.arange(count), "is_right": np.ones(count, bool), "keypoints_2d": image, "keypoints_3d": world + 0.001,
        "true_keypoints_2d": image, "true_keypoints_3d": world, "hand_pose": pose.reshape(count, HAND_POSE_VALUES),
        "wrist_rotmat": np.tile(np.eye(3), (count, 1, 1)), "intrinsics": np.tile(load_truth(path).intrinsics, (count, 1, 1)),
    }  # fmt: skip
    GatheredHands(**{field.name: values[field.name] for field in fields(GatheredHands)}).save(folder / "gathered.npz")


def run_of_one_frame(folder: Path) -> None:
    """What `run` leaves, as far as a picture is made of it."""
    import bpy

    from handmocap_addon.blender.rig.bodies import add_body
    from handmocap_addon.core.body.stand_in import load_stand_in_body

    bpy.ops.wm.read_factory_settings(use_empty=True)
    add_body(load_stand_in_body())
    scene = bpy.context.scene
    scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(scene.camera)
    scene.frame_start = scene.frame_end = 1
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "scene.blend"))


def a_page_s_table(folder: Path) -> None:
    """What a page holds already, so that nothing is changed in it."""
    (folder / "stdin").write_text(next(each.text for each in regions() if each.name == "smoothing"), encoding="utf-8")


BENCHES = "addon_tests/bench/"
PROGRAMS = {
    f"{BENCHES}animator_tools.py": Smallest(("HERE/hand_poses.npz", "--frames", "12"), prepared=hand_poses),
    f"{BENCHES}baking.py": Smallest(("--frames", "2")),
    f"{BENCHES}cleanup.py": Smallest(("--frames", "30", "60")),
    f"{BENCHES}estimator_throughput.py": Smallest(("--help",), in_worker=True),
    f"{BENCHES}exact_surface.py": Smallest(("--frames", "2", "--format", "abc")),
    f"{BENCHES}fit_and_cleanup.py": Smallest(("--frames", "4")),
    f"{BENCHES}gvhmr_kills.py": Smallest(("--rounds", "1"), in_worker=True),
    f"{BENCHES}hand_work.py": Smallest(("--sequences", "1")),
    f"{BENCHES}key_reduction.py": Smallest(("--frames", "30")),
    f"{BENCHES}key_writing.py": Smallest(("--frames", "10", "--lengths", "60")),
    f"{BENCHES}main_thread_stall.py": Smallest(in_window=True),
    f"{BENCHES}overlay_scrubbing.py": Smallest(in_window=True),
    f"{BENCHES}random_scenes.py": Smallest(("--count", "1")),
    f"{BENCHES}two_blenders.py": Smallest(("--other", sys.executable, "--sequences", "1")),
    f"{BENCHES}wilor_crops.py": Smallest(("--hand", "200", "--frames", "1"), in_worker=True),
    f"{BENCHES}wilor_throughput.py": Smallest(("--help",), in_worker=True, needs="torch"),
    f"{BENCHES}worker_memory.py": Smallest(("--minutes", "0.02", "--double"), in_worker=True),
    "tools/benchmark/accuracy.py": Smallest(("--help",), in_worker=True),
    "tools/landmark_reading/gather.py": Smallest(("--first", "0", "--last", "1", "--out", "HERE/g.npz"), True, "moderngl"),
    "tools/landmark_reading/measure_definition.py": Smallest(("HERE/gathered.npz",), prepared=gathered),
    "tools/landmark_reading/train.py": Smallest(
        ("HERE/gathered.npz", "--epochs", "1", "--out", "HERE/reading.npz"), needs="torch", prepared=gathered
    ),
    "tools/pages/moving_picture.py": Smallest(("--run", "HERE", "--out", "HERE/run.webp"), prepared=run_of_one_frame),
    "tools/pages/options_table.py": Smallest(("--check",)),
    "tools/pages/refusals.py": Smallest(("--check",)),
    "tools/pages/rooms.py": Smallest(("--check",)),
    "tools/pages/write_tables.py": Smallest(prepared=a_page_s_table),
    "tools/truth_clips/encode.py": Smallest(
        ("--clip", _CLIP, "--frames", "HERE", "--out", "HERE"), in_worker=True, prepared=pictures
    ),
    "tools/truth_clips/render.py": Smallest(
        ("--clip", _CLIP, "--out", "HERE", "--frames-to", "HERE", "--stills", "0", "--samples", "1"), prepared=truth
    ),
    "tools/truth_clips/write_gvhmr_result.py": Smallest(("--folder", "HERE"), needs="torch", prepared=truth),
    "tools/truth_clips/write_truth.py": Smallest(("--clip", _CLIP, "--out", "HERE")),
}


def programs() -> list[str]:
    """What can be started among benches and tools."""
    files = [*(REPOSITORY / "addon_tests" / "bench").glob("*.py"), *(REPOSITORY / "tools").rglob("*.py")]
    return sorted(
        file.relative_to(REPOSITORY).as_posix()
        for file in files
        if file.name == "__main__.py" or 'if __name__ == "__main__":' in file.read_text(encoding="utf-8")
    )


def test_every_program_has_its_smallest_case() -> None:
    assert programs() == sorted(PROGRAMS)


@pytest.mark.parametrize("program", sorted(PROGRAMS))
def test_it_does_its_smallest_case(program: str, worker_python: Path, tmp_path: Path) -> None:
    case = PROGRAMS[program]
    python = worker_python if case.in_worker else Path(sys.executable)
    if case.needs and not has_package(python, case.needs):
        pytest.skip(f"{program} needs {case.needs}, which the suite's environments are without")
    if case.prepared is not None:
        case.prepared(tmp_path)
    arguments = [argument.replace("HERE", str(tmp_path)) for argument in case.arguments]
    start = ["-m", program.removesuffix(".py").replace("/", ".")]
    if case.in_window:
        start, arguments = [program], ["--", "--help"]
    (tmp_path / "stdin").touch()
    said = (tmp_path / "stdin").read_text(encoding="utf-8")
    done = subprocess.run(
        [python, *start, *arguments], cwd=REPOSITORY, input=said, capture_output=True, text=True, errors="replace",
        check=False, timeout=COMMAND_PATIENCE, env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert "Traceback" not in done.stderr


def has_package(python: Path, name: str) -> bool:
    """Whether that Python can import it."""
    if python == Path(sys.executable):
        return importlib.util.find_spec(name) is not None
    return subprocess.run([python, "-c", f"import {name}"], capture_output=True, check=False).returncode == 0
