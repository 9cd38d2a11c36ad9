"""What GVHMR's words mean: how far it has come, and why it failed.

It says both for people: bars of tqdm (`ViTPose:  43%|████▎     | 3/7 [00:01<00:01]`) or of Rich (`ViTPose ━━━ 43% 3/7`),
lines of a log, and Python's traces.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ...core.audience import way_out
from ...core.errors import (
    GvhmrFailedError,
    HandmocapError,
    MissingSetupError,
    NoBodyError,
    OutputError,
    WorkerFailedError,
)
from ...set_up.gvhmr_checkout import name_python

_COLOURS: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_BAR: Final = re.compile(r"^\W*(?P<name>[A-Za-z].*?):?\s+\d+%(?:\|[^|]*\||\s)\s*(?P<done>\d+)/(?P<total>\d+)\b")
_RICH_BAR: Final = re.compile("[━╸╺]+")
_PREDICTS: Final = re.compile(r"\[HMR4D\] Predicting|Recovering SMPL motion")
# By the first word of a bar's name, as its versions have it.
_STAGES: Final = {
    "copy": "GVHMR copies the clip",
    "staging": "GVHMR copies the clip",
    "yolov8": "GVHMR finds the person",
    "tracking": "GVHMR finds the person",
    "vitpose": "GVHMR finds the joints",
    "hmr2": "GVHMR looks at the person",
    "dpvo": "GVHMR follows the camera",
    "simplevo": "GVHMR follows the camera",
}
_LAST: Final = "GVHMR recovers the motion"
# Exit codes of one that the system ended with SIGKILL, as a guard and as a shell pass it on.
_KILLED: Final = (-9, 137, 247)
_ERROR: Final = re.compile(r"^(?:[A-Za-z_]\w*\.)*(?P<kind>[A-Z]\w*(?:Error|Exception|Interrupt)\b)(?::\s*(?P<text>.*))?$")
_NO_MEMORY: Final = re.compile(r"CUDA out of memory|CUDA error: out of memory|OutOfMemoryError|MPS backend out of memory")
_NO_MAIN_MEMORY: Final = re.compile(r"can't allocate memory|^MemoryError|Unable to allocate .* for an array")
_NO_CARD: Final = re.compile(r"Torch not compiled with CUDA|Found no NVIDIA driver|No CUDA GPUs are available")
_NO_MODULE: Final = re.compile(r"^(?:ModuleNotFoundError|ImportError):.*?'?(?:named|name) '?(?P<name>[\w.]+)", re.MULTILINE)
_NO_FILE: Final = re.compile(
    r"No such file or directory: '?(?P<path>[^'\n]+)'?|AssertionError: Path (?P<model>.+?) does not"
)
_DAMAGED: Final = re.compile(r"PytorchStreamReader|invalid load key|unexpected EOF, expected|Ran out of input|BadZipFile")
_NOBODY: Final = re.compile(r"id_sorted\[0\]|bbx_xyxy_one_track\.sum")
_NO_OPTION: Final = re.compile(r"unrecognized arguments: (?P<option>\S+)|No such option:? (?P<other>\S+)")


@dataclass(frozen=True)
class StageProgress:
    """How far a stage has come, in its own steps."""

    stage: str
    done: int
    total: int


def plain_line(text: str) -> str:
    """A line without colours and movements of the cursor."""
    return _COLOURS.sub("", text).rstrip()


def progress_of(line: str) -> StageProgress | None:
    """What a plain line says of the way that is left; None where it says something else."""
    if _PREDICTS.search(line):
        return StageProgress(_LAST, 0, 1)
    found = _BAR.match(_RICH_BAR.sub("", line))
    if found is None or int(found["total"]) == 0:
        return None
    name = found["name"].strip().rstrip(":")
    stage = _STAGES.get(re.split(r"[\s(]", name.lower())[0], f"GVHMR: {name}")
    return StageProgress(stage, min(int(found["done"]), int(found["total"])), int(found["total"]))


def failure(lines: Sequence[str], exit_code: int, clip: str, python: str, disk: str) -> HandmocapError:
    """Why it ended without a result, by its last lines; `disk` is where it wrote."""
    said = "\n".join(lines)
    if _NO_MEMORY.search(said):
        return WorkerFailedError(
            "GVHMR ran out of the graphics card's memory",
            "close other programs that use the card, or use a shorter or smaller clip",
        )
    if exit_code in _KILLED or re.search(_NO_MAIN_MEMORY, said):
        return WorkerFailedError(
            "GVHMR was ended for want of memory, as it seems", "close other programs, or use a shorter or smaller clip"
        )
    if "No space left on device" in said:
        return OutputError(f"The disk is full at {disk}", "free some space and run it again; nothing earlier was lost")
    if found := _NO_MODULE.search(said):
        return MissingSetupError(f"{python} lacks {found['name']}, which GVHMR needs", name_python())
    if _NO_CARD.search(said):
        return MissingSetupError(
            "GVHMR finds no NVIDIA card that it can use",
            way_out(
                "choose Built-in under Body From, or repair the card's driver",
                "take the built-in body with --body-from mediapipe, or repair the card's driver",
            ),
        )
    if _NOBODY.search(said) and re.search("IndexError|AssertionError", said):
        return NoBodyError(
            f"GVHMR finds nobody in {clip}", "use a clip in which one person is seen whole and large, at least for a second"
        )
    if found := _NO_FILE.search(said):
        path = found["path"] or found["model"]
        if path.rpartition("/")[2] in ("ffmpeg", "ffprobe"):
            return MissingSetupError("GVHMR finds no ffmpeg", "install ffmpeg, so that it is on the PATH, and run it again")
        if re.search(r"checkpoint|body_models|\.(?:ckpt|pth|pt|npz|pkl)$", path):
            return MissingSetupError(f"GVHMR lacks {path}", "put it there, as GVHMR's page of its installation says")
    if _DAMAGED.search(said):
        return MissingSetupError("A checkpoint of GVHMR is damaged or cut short", "copy or download its checkpoints again")
    if found := _NO_OPTION.search(said):
        return MissingSetupError(
            f"This GVHMR does not know {found['option'] or found['other']}", "update it, or leave that option out"
        )
    errors = [each for each in map(_ERROR.match, lines) if each is not None]
    why = f" ({errors[-1][0][:200]})" if errors else f" (exit {exit_code})"
    return GvhmrFailedError(f"GVHMR failed{why}", "its log has all that it said")
