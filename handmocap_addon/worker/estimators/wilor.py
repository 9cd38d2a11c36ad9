"""WiLoR through the user's own `wilor_mini` package: what it needs is looked for, then it is loaded.

Frames must be BGR: the package's network flips the channels itself and its detector expects what OpenCV reads, whatever
the package's README says. With RGB nothing fails, but hands are missed and sides confused.

Nothing heavy is imported until `create` is called, and nothing is ever downloaded.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from ...core.audience import set_up_wilor
from ...core.errors import BadUsageError, MissingSetupError
from .base import EstimatorInfo
from .wilor_engine import WilorEstimator
from .wilor_network import WilorNetwork
from .wilor_settings import WilorSettings as WilorSettings  # callers say wilor.WilorSettings
from .wilor_weights import LARGE_NAME, OpenedWeights, default_model_dir, opened_weights

DEVICES: Final = ("auto", "cuda", "cpu")
PIPELINE_MODULE: Final = "wilor_mini.pipelines.wilor_hand_pose3d_estimation_pipeline"
PIPELINE_CLASS: Final = "WiLorHandPose3dEstimationPipeline"
LICENCE: Final = "WiLoR weights CC BY-NC-ND 4.0; MANO licence (non-commercial); ultralytics AGPL-3.0"

# Read by ultralytics and huggingface_hub when they are imported: without these, ultralytics looks for the internet,
# reports its use, and installs packages that it misses.
_OFFLINE: Final = {"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false", "HF_HUB_OFFLINE": "1"}
_FULL_PICKLES_VARIABLE: Final = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"


def create(settings: WilorSettings) -> WilorEstimator:
    """Load WiLoR; takes some twenty seconds and 2.5 GB of memory.

    Raises:
        BadUsageError: a device that this does not know.
        MissingSetupError: a package, CUDA or a file of the weights is missing, looked for in this order before any
            weights are loaded; or a package is there and cannot be imported.
    """
    if settings.device not in DEVICES:
        raise BadUsageError(f"WiLoR cannot run on {settings.device}", f"choose one of {', '.join(DEVICES)}")
    package_dir = _package_folder("wilor_mini", set_up_wilor())
    _package_folder("torch", set_up_wilor())
    os.environ.update(_OFFLINE)
    # ultralytics writes its settings where this says, else into the home folder.
    os.environ.setdefault("YOLO_CONFIG_DIR", sys.prefix)
    # These packages print while they load; standard output belongs to the worker's own messages.
    with contextlib.redirect_stdout(sys.stderr):
        torch = _import("torch")
        device = _choose_device(torch, settings.device)
        model_dir = settings.model_dir or default_model_dir(package_dir)
        resolved = settings.resolved(device)
        with opened_weights(model_dir, settings.verify_weights) as weights:
            pipeline = _build_pipeline(torch, resolved, weights)
    # The folder of the weights changes no number and would tell where the user keeps his files.
    used = {key: value for key, value in asdict(resolved).items() if key != "model_dir"}
    info = EstimatorInfo("wilor", f"wilor_mini {_version('wilor_mini')}; {weights.note}", LICENCE, used)
    return WilorEstimator(WilorNetwork(pipeline, torch, resolved), resolved, info)


def _package_folder(name: str, hint: str) -> Path:
    """Folder of an installed package, found without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise MissingSetupError(f"The package {name} is not installed in the worker's Python ({sys.executable})", hint)
    return Path(spec.origin or "").parent


def _import(name: str) -> Any:
    """Import a package that is there; one that lacks a library or a package of its own is missing setup."""
    try:
        return importlib.import_module(name)
    except Exception as error:  # torchvision of another build raises RuntimeError, a missing DLL OSError
        raise _broken(name.partition(".")[0], error) from error


def _broken(name: str, error: Exception) -> MissingSetupError:
    hint = "install what it names into the worker's Python, with builds of torch and torchvision that match"
    if "chumpy" in str(error) or "getargspec" in str(error):
        hint = "install chumpy-fixed into the worker's Python, which WiLoR needs to read MANO_RIGHT.pkl"
    return MissingSetupError(f"The package {name} cannot be loaded ({type(error).__name__}: {error})", hint)


def _choose_device(torch: Any, choice: str) -> str:
    has_cuda = bool(torch.cuda.is_available())
    if choice == "cuda" and not has_cuda:
        raise MissingSetupError(
            "CUDA was asked for, but PyTorch finds no CUDA device",
            "install the NVIDIA driver and a CUDA build of PyTorch, or choose the CPU",
        )
    return "cuda" if has_cuda and choice != "cpu" else "cpu"


def _build_pipeline(torch: Any, settings: WilorSettings, weights: OpenedWeights) -> Any:
    """The package's own pipeline, which runs what the files hold."""
    pipeline_class = getattr(_import(PIPELINE_MODULE), PIPELINE_CLASS)
    with _loading_trusted_files(torch, weights):
        try:
            return pipeline_class(
                device=torch.device(settings.device),
                dtype=torch.float16 if settings.half_precision else torch.float32,
                verbose=False,
                wilor_pretrained_dir=str(weights.folder),
            )
        except (ImportError, AttributeError) as error:  # unpickling imports chumpy, which fails in both ways
            raise _broken("wilor_mini", error) from error


@contextlib.contextmanager
def _loading_trusted_files(torch: Any, weights: OpenedWeights) -> Iterator[None]:
    """While this lasts, torch loads full pickles and puts them on the CPU; the large file from the bytes that were hashed.

    The package calls `torch.load(path)` and nothing more. That refuses full pickles from torch 2.6 on, unless the
    installed ultralytics happens to patch it, and on a machine without CUDA it refuses tensors saved from a GPU. torch
    reads the variable at every load, so it need not be left set.
    """
    load, variable = torch.load, os.environ.get(_FULL_PICKLES_VARIABLE)

    def load_on_cpu(file: Any, map_location: Any = "cpu", **options: Any) -> Any:
        is_large = isinstance(file, (str, Path)) and Path(file).name == LARGE_NAME and weights.large is not None
        return load(weights.large if is_large else file, map_location=map_location, **options)

    torch.load = load_on_cpu
    os.environ[_FULL_PICKLES_VARIABLE] = "1"
    try:
        yield
    finally:
        torch.load = load
        if variable is None:
            del os.environ[_FULL_PICKLES_VARIABLE]
        else:
            os.environ[_FULL_PICKLES_VARIABLE] = variable


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:  # a source folder on the path
        return "(version unknown)"
