"""Writes the truth of a clip: `truth.npz`, and `second_truth.npz` where there is a second person.

Needs only numpy and the stand-in body (see render.py), and is run from the top of the checkout before render.py:

    demo-venv/bin/python -m tools.truth_clips.write_truth --clip fast_fists --out benchmark/fast_fists
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from handmocap_addon.core.body.stand_in import load_stand_in_body

from .clips import CLIPS
from .truth import FILE_NAMES, make_truth


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Write the truth of a clip.")
    parser.add_argument("--clip", choices=sorted(CLIPS), required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder for truth.npz")
    options = parser.parse_args(arguments)
    clip = CLIPS[options.clip]
    options.out.mkdir(parents=True, exist_ok=True)
    for person, name in zip(clip.people, FILE_NAMES, strict=False):
        make_truth(clip, person, load_stand_in_body(np.array(person.betas))).save(options.out / name)


if __name__ == "__main__":
    main(sys.argv[1:])
