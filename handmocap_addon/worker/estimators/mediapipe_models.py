"""What MediaPipe's landmarkers have in common: the library, a model that was looked at, and what its failures mean."""

from __future__ import annotations

import contextlib
import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...core.audience import set_up_worker
from ...core.errors import MissingSetupError
from ...set_up.task_models import TaskModel
from ...set_up.trial import missing_library
from .base import Array, EstimatorInfo


def model_of_the_set_up(model: TaskModel) -> Path:
    """Where the set-up puts a model: inside the worker's environment, which may be beside that of another estimator."""
    own = Path(sys.prefix)
    places = [environment / "models" / model.file_name for environment in (own, *sorted(own.parent.glob("worker-python*")))]
    return next((place for place in places if place.is_file()), places[0])


@dataclass(frozen=True)
class MediapipeModel:
    """A model's content, and what people call it: `hand model`."""

    what: str
    file: Path
    content: bytes

    @classmethod
    def read(cls, what: str, file: Path, made: TaskModel | None) -> MediapipeModel:
        """The set-up's own, which must be what it `made`; one that a person names is that person's choice.

        Raises:
            MissingSetupError: it is not there, or another one.
        """
        if not file.is_file():
            raise MissingSetupError(f"The {what} {file} is missing", set_up_worker())
        # By content, since the library cannot open every path on Windows.
        content = file.read_bytes()
        if made is None:
            return cls(what, file, content)
        reviewed = made.reviewed_task(content)
        if reviewed is None:
            raise MissingSetupError(
                f"The {what} {file} is not the one that the set-up made", f"remove it and {set_up_worker()}"
            )
        return cls(what, file, reviewed)

    @contextlib.contextmanager
    def loading(self, otherwise: str = "") -> Iterator[None]:
        """A failure to load it as a sentence; `otherwise` is what else may be done.

        Raises:
            MissingSetupError: the model, or a system library, is not what it should be.
        """
        try:
            yield
        except OSError as error:
            raise missing_library(str(error), "MediaPipe") or error from error
        except (ValueError, RuntimeError) as error:
            raise MissingSetupError(
                f"The {self.what} {self.file} cannot be loaded", f"remove it and {set_up_worker()}{otherwise}"
            ) from error

    def info(self, mediapipe: Any, licence: str, settings: dict[str, Any]) -> EstimatorInfo:
        """What a result says of the estimator."""
        digest = hashlib.sha256(self.content).hexdigest()
        return EstimatorInfo("mediapipe", f"mediapipe {mediapipe.__version__}, model sha256 {digest}", licence, settings)


def library(what: str) -> tuple[Any, Any, Any]:
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


def image_of(mediapipe: Any, pixels: Array) -> Any:
    """RGB pixels (H, W, 3) as the library takes them."""
    return mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(pixels))
