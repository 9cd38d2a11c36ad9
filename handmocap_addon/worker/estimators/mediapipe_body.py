"""MediaPipe's pose landmarker: the built-in estimator of bodies. Apache-2.0, CPU, nothing gated.

Its model is made by the set-up of the networks of wheel 0.10.21.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...core.audience import set_up_worker
from ...core.errors import MissingSetupError
from ...set_up.task_models import BODY_MODEL
from ...set_up.trial import missing_library
from .base import Array, EstimatorInfo, PersonObservation
from .mediapipe_models import (
    image_of,
    mediapipe_info,
    mediapipe_library,
    mediapipe_model,
    model_of_the_set_up,
)

LICENCE = "MediaPipe pose landmarker: code and models Apache-2.0, no limit on the use of its output"


@dataclass(frozen=True)
class MediapipeBodySettings:
    """Thresholds of the landmarker, 0 to 1, and how many people are followed."""

    detection_confidence: float = 0.5
    presence_confidence: float = 0.5
    tracking_confidence: float = 0.5
    most_people: int = 4


def default_model() -> Path:
    """The set-up's."""
    return model_of_the_set_up(BODY_MODEL)


class MediapipeBodyTracker:
    """A landmarker that follows people; its clock never goes back, whatever the frames' own does."""

    def __init__(self, landmarker: Any, as_image: Callable[[Array], Any]) -> None:
        self._landmarker = landmarker
        self._as_image = as_image
        self._start = 0
        self._last = -1

    def forget(self, pixels: Array) -> None:
        """See `PeopleTracker.forget`."""
        self._start = self._last + 1
        self._last = self._start
        self._landmarker.detect_for_video(self._as_image(np.zeros_like(pixels)), self._start)

    def people(self, pixels: Array, time: float) -> list[PersonObservation]:
        """See `PeopleTracker.people`."""
        self._last = max(self._start + round(time * 1000.0), self._last + 1)
        found = self._landmarker.detect_for_video(self._as_image(pixels), self._last)
        return _people(found, pixels.shape)

    def close(self) -> None:
        """Free the model."""
        self._landmarker.close()


class MediapipeBodyEstimator:
    """Landmarks of up to `most_people` people a frame."""

    def __init__(self, open_tracker: Callable[[], MediapipeBodyTracker], info: EstimatorInfo) -> None:
        self._open_tracker = open_tracker
        # One is opened at once, so that a bad model is known early.
        self._unused: list[MediapipeBodyTracker] = [open_tracker()]
        self.info = info

    @contextlib.contextmanager
    def tracker(self) -> Iterator[MediapipeBodyTracker]:
        """See `BodyEstimator.tracker`."""
        try:
            tracker = self._unused.pop()
        except IndexError:
            tracker = self._open_tracker()
        try:
            yield tracker
        finally:
            self._unused.append(tracker)

    def close(self) -> None:
        """See `BodyEstimator.close`."""
        for tracker in self._unused:
            tracker.close()


def create(settings: MediapipeBodySettings) -> MediapipeBodyEstimator:
    """Load the model.

    Raises:
        MissingSetupError: the package or the model is not installed.
    """
    mediapipe, base_options, vision = mediapipe_library("The built-in body")
    file = default_model()
    model = mediapipe_model("The body model", file, BODY_MODEL)
    as_image = functools.partial(image_of, mediapipe)

    def open_tracker() -> MediapipeBodyTracker:
        options = vision.PoseLandmarkerOptions(
            base_options=base_options(model_asset_buffer=model),
            running_mode=vision.RunningMode.VIDEO,
            num_poses=settings.most_people,
            min_pose_detection_confidence=settings.detection_confidence,
            min_pose_presence_confidence=settings.presence_confidence,
            min_tracking_confidence=settings.tracking_confidence,
        )
        return MediapipeBodyTracker(vision.PoseLandmarker.create_from_options(options), as_image)

    info = mediapipe_info(mediapipe, model, LICENCE, asdict(settings))
    try:
        return MediapipeBodyEstimator(open_tracker, info)
    except OSError as error:
        raise missing_library(str(error), "MediaPipe") or error from error
    except (ValueError, RuntimeError) as error:
        raise MissingSetupError(f"The body model {file} cannot be loaded", f"remove it and {set_up_worker()}") from error


def _people(result: Any, shape: tuple[int, ...]) -> list[PersonObservation]:
    size = np.array((shape[1], shape[0]), float)
    return [
        PersonObservation(
            picture=np.array([(point.x, point.y) for point in image_points]) * size,
            world=np.array([(point.x, point.y, point.z) for point in world_points]),
            visibility=np.array([point.visibility for point in image_points]),
            presence=np.array([point.presence for point in image_points]),
        )
        for image_points, world_points in zip(result.pose_landmarks, result.pose_world_landmarks, strict=True)
    ]
