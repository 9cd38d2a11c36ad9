"""What doctor says of a GVHMR that a person named: its checkout, its Python and card, its checkpoints, the body model."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

from ..core.audience import way_out
from ..core.body.gvhmr_checkpoints import BODY_MODEL, CHECKPOINTS
from ..core.errors import MissingSetupError
from ..core.process.child_processes import finished, python_command
from .doctor_line import DoctorLine
from .gvhmr_checkout import GvhmrCheckout, name_python, named_checkout

_PATIENCE_SECONDS: Final = 120.0  # torch from a slow disk
_LOOK: Final = (
    "import torch; has_card = torch.cuda.is_available(); "
    "print('torch', torch.__version__, '/', torch.cuda.get_device_name() if has_card else '')"
)


def examine_gvhmr(folder: Path | None, python: Path | None) -> list[DoctorLine]:
    """Look at it; nothing of it is run but its Python. Without a name nothing is missing."""
    if folder is None and python is None:
        return [DoctorLine("GVHMR", "not named: bodies are built in or given", needed=False)]
    try:
        checkout = named_checkout(folder, python)
    except MissingSetupError as error:
        return [DoctorLine("GVHMR", "named by half", error.hint)]
    if (fault := checkout.fault()) is not None:
        return [DoctorLine("GVHMR", fault.message, fault.hint)]
    return [
        DoctorLine("GVHMR", str(checkout.folder)),
        _python(checkout.python),
        *_checkpoints(checkout),
        _body_model(checkout),
    ]


def _python(python: Path) -> DoctorLine:
    """Its torch and its card."""
    name = "GVHMR's Python"
    try:
        done = finished(python_command(python, "-c", _LOOK), _PATIENCE_SECONDS)
    except OSError as error:
        return DoctorLine(name, f"{python} does not start ({error.strerror})", name_python())
    except subprocess.TimeoutExpired:
        return DoctorLine(name, f"{python} did not answer in {_PATIENCE_SECONDS:.0f} seconds", name_python())
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]
        return DoctorLine(name, f"{python} does not load torch ({last})", name_python())
    torch, _, card = done.stdout.strip().partition(" /")
    if card.strip():
        return DoctorLine(name, f"{python}, {torch}, {card.strip()}")
    advice = way_out(
        "choose Built-in under Body From, or repair the card's driver",
        "take the built-in body with --body-from mediapipe, or repair the card's driver",
    )
    return DoctorLine(name, f"{python}, {torch}, no card that it can use", advice, needed=False)


def _checkpoints(checkout: GvhmrCheckout) -> list[DoctorLine]:
    """By name and size: those that lack, those of another size, or one line for all."""
    lines = []
    for one in CHECKPOINTS:
        place = checkout.checkpoints / one.name
        if not place.is_file():
            lines.append(DoctorLine("GVHMR's checkpoints", f"{place.name} is missing", f"put it at {place}"))
        elif place.stat().st_size != one.size:
            found = f"{place.name} has {place.stat().st_size:,} bytes, its authors' {one.size:,}"
            lines.append(DoctorLine("GVHMR's checkpoints", found, f"copy or download it again to {place}", needed=False))
    total = sum(one.size for one in CHECKPOINTS) / 1e9
    return lines or [DoctorLine("GVHMR's checkpoints", f"{len(CHECKPOINTS)} of {len(CHECKPOINTS)}, {total:.1f} GB")]


def _body_model(checkout: GvhmrCheckout) -> DoctorLine:
    place = checkout.body_model
    if place.is_file():
        return DoctorLine("GVHMR's body model", str(place))
    return DoctorLine(
        "GVHMR's body model", f"{Path(BODY_MODEL).name} is missing",
        f"register at smpl-x.is.tue.mpg.de, download it and put it at {place}",
    )  # fmt: skip
