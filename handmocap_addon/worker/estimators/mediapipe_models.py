"""What MediaPipe's landmarkers have in common: the library, and a model that was looked at."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import numpy as np

from ...core.audience import set_up_worker
from ...core.errors import MissingSetupError
from ...set_up.task_models import TaskModel
from .base import Array, EstimatorInfo


def model_of_the_set_up(model: TaskModel) -> Path:
    """Where the set-up puts a model: inside the worker's environment, which may be beside that of another estimator."""
    own = Path(sys.prefix)
    places = [environment / "models" / model.file_name for environment in (own, *sorted(own.parent.glob("worker-python*")))]
    return next((place for place in places if place.is_file()), places[0])


def mediapipe_library(what: str) -> tuple[Any, Any, Any]:
    """`mediapipe`, its `BaseOptions` and its `vision`.

    Raises:
        MissingSetupError: `what` is not installed.
    """
    try:
        import mediapipe
        from mediapipe.tasks.python import BaseOptions, vision
    except ImportError as error:
        raise MissingSetupError(f"{what} is not installed ({error})", set_up_worker()) from error
    return mediapipe, BaseOptions, vision


def mediapipe_model(what: str, file: Path, made: TaskModel | None) -> bytes:
    """The set-up's own, which must be what it `made`; one that a person names is that person's choice.

    Raises:
        MissingSetupError: it is not there, or another one.
    """
    if not file.is_file():
        raise MissingSetupError(f"{what} {file} is missing", set_up_worker())
    # By content, since the library cannot open every path on Windows.
    content = file.read_bytes()
    if made is None:
        return content
    reviewed = made.reviewed_task(content)
    if reviewed is None:
        raise MissingSetupError(f"{what} {file} is not the one that the set-up made", f"remove it and {set_up_worker()}")
    return reviewed


def mediapipe_info(mediapipe: Any, model: bytes, licence: str, settings: dict[str, Any]) -> EstimatorInfo:
    """What a result says of the estimator."""
    digest = hashlib.sha256(model).hexdigest()
    return EstimatorInfo("mediapipe", f"mediapipe {mediapipe.__version__}, model sha256 {digest}", licence, settings)


def image_of(mediapipe: Any, pixels: Array) -> Any:
    """RGB pixels (H, W, 3) as the library takes them."""
    return mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(pixels))
