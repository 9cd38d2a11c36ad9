"""What is there and the one thing to do about what is not: this machine, and what each environment says about itself."""

from __future__ import annotations

import platform
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ..core.audience import way_out
from ..core.errors import MissingSetupError, WorkerFailedError
from ..core.job_protocol import parse_event
from ..core.process.child_processes import finished, python_command
from . import environments
from .accelerator import examine_gpu
from .doctor_line import DoctorLine, examine_folder
from .gvhmr_doctor import examine_gvhmr
from .trusted_folders import refuse_where_others_write
from .wilor_weights import examine_weights

_WORKER: Final = Path(__file__).resolve().parent.parent / "worker"
_LOAD_READERS: Final = (
    "import alembic3d, pxr.UsdSkel; from importlib.metadata import version; "
    "print(', '.join(f'{name} {version(name)}' for name in ('alembic3d', 'usd-core')))"
)


@dataclass(frozen=True)
class Wanted:
    """What a person wants looked at besides."""

    weights: Path | None = None  # a folder of WiLoR's weights
    body: Path | None = None  # an SMPL-X model file, or a folder of them
    gvhmr_checkout: Path | None = None
    gvhmr_python: Path | None = None  # of that checkout's environment


def examine(folder: Path, wanted: Wanted, blender: str, needs_module: bool = False) -> list[DoctorLine]:
    """Look at everything; makes and changes nothing but the memory of hashes.

    `blender` is the Blender in use, in words, or empty; with `needs_module` nothing works without the `bpy` environment.
    """
    worker, wilor, module = (
        find(folder) for find in (environments.find_worker, environments.find_wilor, environments.find_blender_module)
    )
    lines = examine_folder(folder, is_set_up=worker is not None and not (needs_module and module is None))
    lines.append(DoctorLine("python of the set-up", platform.python_version()))
    lines.append(DoctorLine("blender", blender or "none on the path, the bpy module is used"))
    found = str(module.folder) if module else "missing"
    lines.append(DoctorLine("blender module", found, "" if module else _set_up("blender"), needed=needs_module))
    for name, subject in (("worker", "worker"), ("blender", "blender module"), ("readers", "readers"), ("wilor", "wilor")):
        if environments.find_outdated(folder, name) is not None:
            lines.append(DoctorLine(f"{subject}'s packages", "of another version of handmocap", _set_up(name), needed=False))
    for environment in (worker, wilor, module, environments.find_readers(folder)):
        if environment is not None and (line := _who_may_write(environment)) is not None:
            lines.append(line)
    lines.append(examine_gpu())
    body = ["--body", str(wanted.body)] if wanted.body is not None else []
    with ThreadPoolExecutor() as threads:
        of_worker = threads.submit(_examine, worker, "worker", _set_up("worker"), body)
        # One look at the body model is enough; WiLoR's environment reads it where there is no other.
        of_wilor = threads.submit(
            _examine,
            wilor,
            "wilor",
            f"only WiLoR needs it: {_set_up('wilor')}",
            ["--estimator", "wilor", *(body if worker is None else [])],
        )
        weights = threads.submit(examine_weights, folder, wanted.weights)
        readers = threads.submit(_examine_readers, environments.find_readers(folder))
        gvhmr = threads.submit(examine_gvhmr, wanted.gvhmr_checkout, wanted.gvhmr_python)
        lines.append(readers.result())
        lines += of_worker.result()
        lines += [replace(line, needed=False) for line in of_wilor.result()]
        lines += gvhmr.result()
        lines.append(weights.result() if wilor or wanted.weights else replace(weights.result(), advice=""))
    return lines


def _set_up(name: str) -> str:
    titles = {"worker": "Hand Estimator", "blender": "Exporter", "readers": "Readers", "wilor": "WiLoR"}
    options = {"readers": ("--only", "readers"), "wilor": ("--estimator", "wilor")}.get(name, ())
    return way_out(f"press Set Up {titles[name]} in Set-up", " ".join(("run handmocap.py setup", *options)))


def _who_may_write(environment: environments.Environment) -> DoctorLine | None:
    try:
        refuse_where_others_write(environment.folder)
    except MissingSetupError as error:
        return DoctorLine(environment.folder.name, error.message, error.hint)
    return None


def _examine_readers(environment: environments.Environment | None) -> DoctorLine:
    """What opens baked files beside Blender."""
    name = "readers of baked files"
    if environment is None:
        return DoctorLine(name, "missing, Blender alone checks its files", _set_up("readers"), needed=False)
    again = f"remove {environment.folder} and set it up again"
    try:
        done = finished(python_command(environment.python, "-c", _LOAD_READERS))
    except OSError as error:
        return DoctorLine(name, f"do not start ({error.strerror})", again, needed=False)
    except WorkerFailedError as error:
        return DoctorLine(name, error.message, again, needed=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]
        return DoctorLine(name, f"do not load ({last})", again, needed=False)
    return DoctorLine(name, done.stdout.strip())


def _examine(environment: environments.Environment | None, name: str, set_up: str, options: list[str]) -> list[DoctorLine]:
    """What an environment says about itself, or that it does not run."""
    if environment is None:
        return [DoctorLine(name, "missing", set_up)]
    again = f"remove {environment.folder} and set it up again"
    try:
        done = finished(python_command(environment.python, _WORKER, "doctor", *options))
    except OSError as error:
        return [DoctorLine(name, f"does not start ({error.strerror})", again)]
    except WorkerFailedError as error:
        return [DoctorLine(name, error.message, again)]
    for event in filter(None, map(parse_event, done.stdout.splitlines())):
        if event.kind == "result":
            said = [DoctorLine(**line) for line in event.data["lines"]]
            return [DoctorLine(name, str(environment.folder)), *(_of(name, line) for line in said)]
    last = (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]
    return [DoctorLine(name, f"does not run ({last})", again)]


def _of(name: str, line: DoctorLine) -> DoctorLine:
    """Both environments have a Python and a numpy; the worker's own lines keep their plain names."""
    return line if name == "worker" else replace(line, subject=f"{name}: {line.subject}")
