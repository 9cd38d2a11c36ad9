"""Where a body's motion can come from, as options and panel name it. Standard library only."""

from __future__ import annotations

from typing import Final

BODY_FROM_HELP: Final = (
    "auto: a GVHMR result that is given or lies beside the clip, else the built-in body from the clip; gvhmr: that result, "
    "else GVHMR is run; mediapipe: the built-in body; none: hands alone"
)
FOCAL_HELP: Final = "focal length in pixels for the built-in body; default: the picture's diagonal, as GVHMR assumes"
FOCAL_MM_HELP: Final = "focal length for GVHMR, in whole millimetres of a full-frame camera; default: GVHMR's own guess"
CHECKOUT_HELP: Final = "folder of a GVHMR checkout that is set up, which is run where no result is there"
PYTHON_HELP: Final = "the Python of that GVHMR's environment"
RESULT_NAME: Final = "hmr4d_results.pt"
GVHMR: Final = "gvhmr"
BODIES: Final = ("auto", GVHMR, "mediapipe", "none")
# What a run leaves to the worker: GVHMR is a stage of its own there.
WORKER_BODIES: Final = ("auto", "mediapipe", "none")
