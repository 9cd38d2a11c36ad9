"""WiLoR through the user's own `wilor_mini` package: boxes with their scores first, then a MANO pose for every box.

Frames must be BGR: the package's network flips the channels itself and its detector expects what OpenCV reads, whatever
the package's README says. With RGB nothing fails, but hands are missed and sides confused.

Nothing heavy is imported until `create` is called, and nothing is ever downloaded.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from ...core.errors import BadUsageError, MissingSetupError
from ...core.hand_skeleton import HandSkeleton
from ...core.landmark_definition import RIG_JOINTS
from ...core.landmark_fit import FittedHand, fit_landmarks
from ...core.skeleton import HAND_POSE_VALUES, LANDMARK_COUNT, LANDMARK_WRIST
from .base import Array, EstimatorInfo, HandObservation, VideoFrame
from .wilor_weights import check_weights

DEVICES: Final = ("auto", "cuda", "cpu")
PIPELINE_MODULE: Final = "wilor_mini.pipelines.wilor_hand_pose3d_estimation_pipeline"
PIPELINE_CLASS: Final = "WiLorHandPose3dEstimationPipeline"
LICENCE: Final = "WiLoR weights CC BY-NC-ND 4.0; MANO licence (non-commercial); ultralytics AGPL-3.0"

# Read by ultralytics and huggingface_hub when they are imported: without these, ultralytics looks for the internet,
# reports its use, and installs packages that it misses.
_OFFLINE: Final = {"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false", "HF_HUB_OFFLINE": "1"}
_FULL_PICKLES_VARIABLE: Final = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
_RIGHT_CLASS: Final = 1  # of the detector; 0 is left


@dataclass(frozen=True)
class WilorSettings:
    """How to run WiLoR."""

    model_dir: Path | None = None  # holds pretrained_models/; None: where wilor_mini itself keeps its files
    device: str = "auto"  # one of DEVICES; "auto" is CUDA when there is one, otherwise the CPU
    hand_conf: float = 0.3  # lowest detector score that counts, 0 to 1
    iou: float = 0.5  # of two boxes that overlap more than this, the better one stays
    imgsz: int = 640  # pixels of the longer side on which the detector works; more finds smaller hands
    rescale_factor: float = 2.5  # side of the crop over the longer side of the box
    verify_weights: bool = True  # False only for weights that are trusted for another reason: loading them runs code


class WilorEstimator:
    """Hands with MANO rotations, one frame at a time, in the frames' order."""

    channel_order: Literal["rgb", "bgr"] = "bgr"

    def __init__(self, pipeline: Any, settings: WilorSettings, info: EstimatorInfo) -> None:
        self._pipeline = pipeline
        self._settings = settings
        self.info = info

    def observe(self, frames: Iterator[VideoFrame]) -> Iterator[tuple[VideoFrame, list[HandObservation]]]:
        """Yield every frame once with the hands seen on it, in order; `pixels` are (H, W, 3) uint8 BGR."""
        for frame in frames:
            yield frame, self._hands(frame.pixels)

    def look_again(self, pixels: Array) -> list[HandObservation]:
        """See `HandEstimator.look_again`; the detector makes the crop as large as it makes whole frames."""
        return self._hands(pixels)

    def fit(self, world: Array, image: Array, skeleton: HandSkeleton) -> FittedHand:
        """See `HandEstimator.fit`; only for hands that WiLoR took for the other side. Its landmarks are MANO's joints."""
        return fit_landmarks(world, skeleton, image, RIG_JOINTS)

    def close(self) -> None:
        """Free the model and, on a GPU, the memory that torch keeps for it."""
        self._pipeline = None
        gc.collect()
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _hands(self, pixels: Array) -> list[HandObservation]:
        """All hands of one frame, in the detector's order; more than two, or two of a side, are possible."""
        bboxes, scores, is_rights = self._detect(pixels)
        if not len(bboxes):
            return []
        predictions = self._pipeline.predict_with_bboxes(
            pixels, bboxes, is_rights.tolist(), rescale_factor=self._settings.rescale_factor
        )
        return [
            _observation(prediction, bbox, score)
            for prediction, bbox, score in zip(predictions, bboxes, scores, strict=True)
        ]

    def _detect(self, pixels: Array) -> tuple[Array, Array, Array]:
        """Boxes (n, 4) as x1 y1 x2 y2 in pixels, scores (n,) 0 to 1, classes (n,) 0.0 left or 1.0 right.

        Called here and not through `predict`, which drops the scores and suppresses overlaps within each class only, so
        that one hand can come back as a left and a right one at once.
        """
        boxes = self._pipeline.hand_detector(
            pixels,
            conf=self._settings.hand_conf,
            iou=self._settings.iou,
            imgsz=self._settings.imgsz,
            agnostic_nms=True,
            verbose=False,
        )[0].boxes
        # float64 as the package's own `predict` has it, so that both cut the same crops.
        bboxes, scores, classes = (
            tensor.detach().cpu().numpy().astype(np.float64) for tensor in (boxes.xyxy, boxes.conf, boxes.cls)
        )
        return bboxes, scores, classes


def create(settings: WilorSettings) -> WilorEstimator:
    """Load WiLoR; takes some twenty seconds and 2.5 GB of memory.

    Raises:
        BadUsageError: a device that this does not know.
        MissingSetupError: a package, CUDA or a file of the weights is missing, looked for in this order before any
            weights are loaded; or a package is there and cannot be imported.
    """
    if settings.device not in DEVICES:
        raise BadUsageError(f"WiLoR cannot run on {settings.device}", f"choose one of {', '.join(DEVICES)}")
    package_dir = _package_folder("wilor_mini", "install it from the WiLoR-mini repository")
    _package_folder("torch", "install PyTorch, in the build for your GPU if you have one")
    os.environ.update(_OFFLINE)
    # These packages print while they load; standard output belongs to the worker's own messages.
    with contextlib.redirect_stdout(sys.stderr):
        torch = _import("torch")
        device = _choose_device(torch, settings.device)
        model_dir = settings.model_dir or package_dir
        weights = check_weights(model_dir, settings.verify_weights)
        pipeline = _build_pipeline(torch, device, model_dir)
    # The folder of the weights changes no number and would tell where the user keeps his files.
    used = {key: value for key, value in asdict(settings).items() if key != "model_dir"} | {"device": device}
    info = EstimatorInfo("wilor", f"wilor_mini {_version('wilor_mini')}; {weights}", LICENCE, used)
    return WilorEstimator(pipeline, settings, info)


def _observation(prediction: dict[str, Any], bbox: Array, score: float) -> HandObservation:
    """One dict of `predict_with_bboxes` in the project's terms; the package has already un-mirrored left hands."""
    values = {name: np.asarray(value)[0] for name, value in prediction["wilor_preds"].items() if np.ndim(value)}
    keypoints = values["pred_keypoints_3d"].reshape(LANDMARK_COUNT, 3)
    return HandObservation(
        side="right" if prediction["is_right"] == _RIGHT_CLASS else "left",
        score=float(score),
        bbox=bbox,
        keypoints_2d=values["pred_keypoints_2d"].reshape(LANDMARK_COUNT, 2),
        keypoints_3d=keypoints - keypoints[LANDMARK_WRIST],
        hand_pose=values["hand_pose"].reshape(HAND_POSE_VALUES),
        global_orient=values["global_orient"].reshape(3),
        betas=values["betas"].reshape(-1),
    )


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


def _build_pipeline(torch: Any, device: str, model_dir: Path) -> Any:
    """The package's own pipeline; `check_weights` must have passed, since this runs what the files hold."""
    pipeline_class = getattr(_import(PIPELINE_MODULE), PIPELINE_CLASS)
    with _loading_trusted_files(torch):
        try:
            return pipeline_class(device=torch.device(device), verbose=False, wilor_pretrained_dir=str(model_dir))
        except (ImportError, AttributeError) as error:  # unpickling imports chumpy, which fails in both ways
            raise _broken("wilor_mini", error) from error


@contextlib.contextmanager
def _loading_trusted_files(torch: Any) -> Iterator[None]:
    """While this lasts, torch loads full pickles and puts them on the CPU; only after `check_weights`.

    The package calls `torch.load(path)` and nothing more. That refuses full pickles from torch 2.6 on, unless the
    installed ultralytics happens to patch it, and on a machine without CUDA it refuses tensors saved from a GPU. torch
    reads the variable at every load, so it need not be left set.
    """
    load, variable = torch.load, os.environ.get(_FULL_PICKLES_VARIABLE)

    def load_on_cpu(file: Any, map_location: Any = "cpu", **options: Any) -> Any:
        return load(file, map_location=map_location, **options)

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
