"""One file in two Blenders by turns: random edits and runs in this one, in the other, and in this one again.

    python -m addon_tests.bench.two_blenders --other PYTHON [--sequences 50] [--seed 0]

with a Python that has `bpy`, from the top of the checkout; PYTHON is one with another version's. Ends with 1 where a run lost something.
"""

from __future__ import annotations

import argparse
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

import bpy
import numpy as np

from addon_tests.blender.random_edits import Animator, LostHandWorkError, one_sequence


def _save(animator: Animator, folder: Path, seed: int) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / f"{seed}.blend"), compress=False)
    # What one version says of its generator and its paths another one does not understand.
    animator.random = animator.folder = None  # type: ignore[assignment]
    (folder / f"{seed}.memory").write_bytes(pickle.dumps(animator))


def _begin(seed: int, folder: Path) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    _save(one_sequence(seed, folder), folder, seed)


def _go_on(seed: int, folder: Path) -> None:
    """More edits and runs on the file as the other Blender left it; the first run comes before any edit."""
    bpy.ops.wm.open_mainfile(filepath=str(folder / f"{seed}.blend"))
    animator: Animator = pickle.loads((folder / f"{seed}.memory").read_bytes())
    animator.folder, animator.random = folder, np.random.default_rng(seed + len(animator.history))
    animator.history.append(f"opened in {bpy.app.version_string}")
    try:
        animator.run()
        for _ in range(3):
            animator.edit()
        animator.run()
    except LostHandWorkError as error:
        raise LostHandWorkError(f"seed {seed}, {', '.join(animator.history)}: {error}") from error
    _save(animator, folder, seed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--other", help="a Python with another Blender's module")
    parser.add_argument("--sequences", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--go-on-in", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.sequences)
    numbers = ["--sequences", str(options.sequences), "--seed", str(options.seed)]
    if options.go_on_in is not None:
        for seed in seeds:
            _go_on(seed, options.go_on_in)
        print(f"Blender {bpy.app.version_string}: {len(seeds)} files opened, edited and run; nothing lost")
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed in seeds:
            _begin(seed, folder)
        print(f"Blender {bpy.app.version_string}: {len(seeds)} files made", flush=True)
        for python in (options.other, sys.executable):
            command = [python, "-m", "addon_tests.bench.two_blenders", "--go-on-in", name, *numbers]
            if subprocess.run(command, check=False).returncode != 0:
                return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
