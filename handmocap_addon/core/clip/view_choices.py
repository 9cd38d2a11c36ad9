"""What a clip's stored values may be: the choice on the command lines."""

from __future__ import annotations

from typing import Literal, get_args

ViewChoice = Literal["auto", "srgb", "linear", "log", "pq", "hlg"]
VIEW_CHOICES: tuple[ViewChoice, ...] = get_args(ViewChoice)
VIEW_HELP = (
    "what the clip's values are: srgb (what a display takes), linear (light), log (Cineon), pq or hlg; auto is linear for "
    "EXR and other floats, log for film scans in DPX, pq or hlg where a video says so, else srgb"
)
