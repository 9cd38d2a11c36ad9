"""Who makes motions of bodies: how sentences call them, their licences, and what to do where a clip is not theirs.

Standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# For the help of the options that take one.
BODY_FILES: Final = (
    "hmr4d_results.pt, or GEM-SMPL's smpl_params.pt, PromptHMR's results.pkl or subject-<number>.smpl, or an npz in "
    "AMASS's form"
)
# What their names end in, for choosing; which kind it is its content tells.
BODY_SUFFIXES: Final = (".pt", ".pkl", ".smpl", ".npz")


@dataclass(frozen=True)
class BodyMaker:
    """A program or a kind of file that bodies come from."""

    key: str  # for programs, in report.json
    name: str
    licence: str
    own_clip: str  # what to do where a clip's frames or pictures are others
    again: str  # what to do about a damaged file
    # Of clips above this rate only every second or third frame is looked at; None: every frame of any.
    most_fps: int | None = None


GVHMR_LICENCE: Final = "GVHMR results: non-commercial research only, by GVHMR's licence"
GVHMR: Final = BodyMaker(
    "gvhmr",
    "GVHMR",
    GVHMR_LICENCE,
    "use the 0_input_video.mp4 in GVHMR's output folder as the clip",
    "run GVHMR on the clip again",
)
# Its licences stand in each file.
BUILT_IN: Final = BodyMaker(
    "mediapipe",
    "MediaPipe",
    "MediaPipe's landmarks: Apache-2.0",
    "use the clip that it was estimated from",
    "run Estimate again, which makes it anew",
)
GEM_SMPL: Final = BodyMaker(
    "gem-smpl",
    "GEM-SMPL",
    "GEM-SMPL (GENMO) results: its code by Apache-2.0, its network and the SMPL-X body by their own licences",
    "use the clip that GEM-SMPL was run on",
    "run GEM-SMPL on the clip again",
)
PROMPT_HMR: Final = BodyMaker(
    "prompt-hmr",
    "PromptHMR",
    "PromptHMR results: non-commercial research, education and art only, by PromptHMR's licence",
    "use the clip that PromptHMR was run on",
    "run PromptHMR on the clip again",
    most_fps=60,
)
SMPL_CODEC: Final = BodyMaker(
    "smpl",
    ".smpl",
    "The .smpl of the body: its maker's licence (PromptHMR's: non-commercial research, education and art only)",
    "cut the clip to the motion, or use the clip that it was made from",
    "make the .smpl again",
    most_fps=60,
)
AMASS: Final = BodyMaker(
    "amass",
    "AMASS",
    "Motion in AMASS's form: its maker's licence (AMASS's own data: non-commercial research, education and art only)",
    "cut the motion to the clip, or use the clip that it was made from",
    "make the npz again",
)
