"""A checkout of GVHMR with the Python that it was set up in: whether it is one, what it lacks, how it is started.

Standard library only.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..core.audience import way_out
from ..core.body.gvhmr_checkpoints import BODY_MODEL, CHECKPOINTS
from ..core.errors import BadUsageError, MissingSetupError
from ..core.process.child_processes import python_command

_DEMO: Final = Path("tools", "demo", "demo.py")
_CHECKPOINTS: Final = Path("inputs", "checkpoints")
# What the demo makes for looking at alone. It skips what is there, and so needs neither SMPL nor a program to cut movies.
_PICTURES: Final = ("1_incam.mp4", "2_global.mp4", "{name}_3_incam_global_horiz.mp4")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_./\\:+-]+")


@dataclass(frozen=True)
class GvhmrCheckout:
    """GVHMR as its authors hand it out."""

    folder: Path
    python: Path

    @property
    def name(self) -> str:
        return f"the checkout {self.folder}"

    def check(self, focal_mm: int | None = None) -> None:
        """Look whether it can be started at all; nothing is run.

        Raises:
            MissingSetupError: it is no checkout, or lacks its Python, a checkpoint or the body model.
            BadUsageError: it is too old to be told a lens.
        """
        if (fault := self.fault()) is not None:
            raise fault
        lacking = self.lacking()
        if lacking:
            raise MissingSetupError(
                f"GVHMR lacks {lacking[0].name}", f"put it at {lacking[0]}, as GVHMR's page of its installation says"
            )
        if focal_mm is not None and b"--f_mm" not in (self.folder / _DEMO).read_bytes():
            raise BadUsageError(
                f"The checkout of GVHMR in {self.folder} is too old to be told a lens",
                way_out("leave Lens empty, or update the checkout", "leave --focal-mm out, or update the checkout"),
            )

    def fault(self) -> MissingSetupError | None:
        """Why it cannot be started whatever it is given; None where it can."""
        if not (self.folder / _DEMO).is_file():
            return MissingSetupError(
                f"{self.folder} is no checkout of GVHMR, it has no {_DEMO.as_posix()}",
                way_out("choose another GVHMR Checkout in the preferences", "name GVHMR's folder with --gvhmr-checkout"),
            )
        if not (self.python.is_file() and os.access(self.python, os.X_OK)):
            return MissingSetupError(f"{self.python} is no Python that can be started", name_python())
        return None

    @property
    def checkpoints(self) -> Path:
        return self.folder / _CHECKPOINTS

    @property
    def body_model(self) -> Path:
        return self.checkpoints / "body_models" / BODY_MODEL

    def lacking(self) -> list[Path]:
        """The files that it loads and that are not there."""
        needed = [*(self.checkpoints / one.name for one in CHECKPOINTS), self.body_model]
        return [path for path in needed if not path.is_file()]

    def command(self, video: Path, output_root: Path, static_camera: bool, focal_mm: int | None) -> list[str]:
        """How it is started, from `start_folder`, for a result in `output_root/<the video's stem>/`."""
        arguments = ["--video", str(video), "--output_root", _quoted(str(output_root))]
        arguments += ["-s"] if static_camera else []
        arguments += ["--f_mm", str(focal_mm)] if focal_mm is not None else []
        return python_command(self.python, "-u", _DEMO, *arguments)

    @property
    def start_folder(self) -> Path:
        """It looks for its checkpoints from here."""
        return self.folder

    def variables(self) -> dict[str, str]:
        """What it is started with besides: programs of its own environment come first."""
        places = [self.python.parent, *([self.python.parent / "Library" / "bin"] if os.name == "nt" else [])]
        return {"PATH": os.pathsep.join([*map(str, places), os.environ.get("PATH", "")])}

    def prepare(self, folder: Path) -> None:
        """Make it skip the movies for looking at, in the folder in which its result will lie."""
        for pattern in _PICTURES:
            (folder / pattern.format(name=folder.name)).touch()

    def identity(self) -> str:
        """A digest of its code and of which checkpoints it has, by which another program is known."""
        digest = hashlib.sha256()
        for file in sorted([self.folder / _DEMO, *(self.folder / "hmr4d").rglob("*.py")]):
            digest.update(file.relative_to(self.folder).as_posix().encode() + b"\0" + file.read_bytes())
        for one in CHECKPOINTS:
            digest.update(f"{one.name} {(self.checkpoints / one.name).stat().st_size}".encode())
        return digest.hexdigest()[:16]


def named_checkout(folder: Path | None, python: Path | None) -> GvhmrCheckout:
    """The checkout that a person named; whether it is one says `check`.

    Raises:
        MissingSetupError: it was not named, or its Python was not.
    """
    if folder is None or python is None:
        raise MissingSetupError(
            "GVHMR is not set up here",
            way_out(
                "choose GVHMR Checkout and GVHMR Python in the preferences, or another Body From",
                "name GVHMR's folder and Python with --gvhmr-checkout and --gvhmr-python, or a result with --gvhmr",
            ),
        )
    return GvhmrCheckout(folder.absolute(), python.absolute())


def name_python() -> str:
    """How to name another Python."""
    return way_out(
        "choose the Python of GVHMR's own environment in the preferences",
        "name the Python of GVHMR's own environment with --gvhmr-python",
    )


def _quoted(path: str) -> str:
    """A path as Hydra takes it, in whose language spaces, brackets and commas mean something."""
    if _PLAIN.fullmatch(path):
        return path
    # Backslashes count double before a quotation mark, and nowhere else.
    return "'" + re.sub(r"(\\*)('|$)", lambda found: "\\" * (2 * len(found[1])) + found[2].replace("'", "\\'"), path) + "'"
