"""MediaPipe's hand landmarker: the built-in estimator. Apache-2.0, CPU, nothing gated.

The Tasks API names the person's own side in an un-mirrored picture; the older `mp.solutions` API names the other one.
Its wheels carry no model, so the set-up makes one from the models of wheel 0.10.21.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ...core.audience import set_up_worker, way_out
from ...core.errors import MissingSetupError
from ...core.landmarks.fit import FittedHand, fit_mediapipe_landmarks
from ...core.rig.hand_skeleton import HandSkeleton
from ...set_up.task_models import HAND_MODEL
from ...set_up.trial import missing_library
from ..threads.cores import usable_cores
from ..threads.read_ahead import ReadAhead
from .base import Array, EstimatorInfo, HandObservation, Slicing, VideoFrame
from .mediapipe_models import (
    image_of,
    mediapipe_info,
    mediapipe_library,
    mediapipe_model,
    model_of_the_set_up,
)

LICENCE = "MediaPipe hand landmarker: code and models Apache-2.0, no limit on the use of its output"
# How much wider than its landmarks a hand's box is, as a share of the box: landmarks lie inside the skin.
_BOX_MARGIN = 0.1
# The hand that was missed, and the other one that may be near it.
_MOST_HANDS_IN_A_CROP = 2
# A tracker that begins here sees about what one from the clip's start sees: after 8 frames they differ by 0.04 to 0.6
# pixels in the mean on four clips and by 1.7 on fast fists, and more frames bring them no nearer.
_WARM_UP_FRAMES = 8
_SLICE_FRAMES = 128
# Each tracker keeps one core busy. Each thread decodes the clip for itself, so that more gain little.
_MOST_AT_ONCE = 4
_DECODED_AHEAD = 2


@dataclass(frozen=True)
class MediapipeSettings:
    """Thresholds of the landmarker, 0 to 1, and the model file (None: the environment's own).

    The library uses `tracking_confidence` as the share of area from which two boxes count as one hand too: at 0.3 it takes
    hands that touch for one (measured on sign language: 1 frame with both hands, where 0.5 gives 35 and a person sees 46).

    With more than two hands allowed another person's hands do not displace the first one's; the price is that the whole
    frame is searched even where two hands are being followed (demo: 44 frames a second with 4, 72 with 2).
    """

    model: Path | None = None
    detection_confidence: float = 0.3
    presence_confidence: float = 0.3
    tracking_confidence: float = 0.5
    most_hands: int = 4


def default_model() -> Path:
    """The set-up's."""
    return model_of_the_set_up(HAND_MODEL)


class MediapipeEstimator:
    """Landmarks of up to `most_hands` hands a frame, tracked from frame to frame."""

    channel_order: Literal["rgb", "bgr"] = "rgb"
    leaves_out_unwanted = False  # it searches whole frames

    def __init__(
        self, open_landmarker: Callable[[bool], Any], as_image: Callable[[Array], Any], info: EstimatorInfo
    ) -> None:
        self._open_landmarker = open_landmarker
        # Trackers, and the millisecond from which each goes on. One is opened at once, so that a bad model is known early.
        self._unused: list[tuple[Any, int]] = [(open_landmarker(True), 0)]
        self._single = threading.local()  # a landmarker a thread, opened when it is first needed
        self._singles: list[Any] = []
        self._as_image = as_image
        self.info = info
        self.slicing = Slicing(_SLICE_FRAMES, _WARM_UP_FRAMES, min(usable_cores(), _MOST_AT_ONCE))

    def observe(self, frames: Iterator[VideoFrame]) -> Generator[tuple[VideoFrame, list[HandObservation]], None, None]:
        """See `HandEstimator.observe`."""
        try:
            tracking, start = self._unused.pop()
        except IndexError:
            tracking, start = self._open_landmarker(True), 0
        ahead = ReadAhead(frames, _DECODED_AHEAD)
        last_milliseconds = start
        try:
            for number, frame in enumerate(ahead):
                if number == 0:
                    # A picture without hands makes it forget those before. Opening one for each slice would lose half a
                    # megabyte every time.
                    tracking.detect_for_video(self._as_image(np.zeros_like(frame.pixels)), start)
                # The tracker wants whole milliseconds that grow.
                milliseconds = max(start + round(frame.time * 1000.0), last_milliseconds + 1)
                last_milliseconds = milliseconds
                found = tracking.detect_for_video(self._as_image(frame.pixels), milliseconds)
                yield frame, _observations(found, frame.pixels.shape)
        finally:
            ahead.close()
            self._unused.append((tracking, last_milliseconds + 1))

    def look_again(self, pixels: Array) -> list[HandObservation]:
        """See `HandEstimator.look_again`."""
        if not hasattr(self._single, "landmarker"):
            self._single.landmarker = self._open_landmarker(False)
            self._singles.append(self._single.landmarker)
        return _observations(self._single.landmarker.detect(self._as_image(pixels)), pixels.shape)

    def fit(self, world: Array, image: Array, skeleton: HandSkeleton) -> FittedHand:
        """See `HandEstimator.fit`."""
        return fit_mediapipe_landmarks(world, image, skeleton)

    def close(self) -> None:
        """Free the models; their own destructor hangs at interpreter exit in some versions."""
        for landmarker in (*(tracking for tracking, _ in self._unused), *self._singles):
            landmarker.close()


def create(settings: MediapipeSettings) -> MediapipeEstimator:
    """Load the model.

    Raises:
        MissingSetupError: the package or the model is not installed.
    """
    mediapipe, base_options, vision = mediapipe_library("The built-in estimator")
    file = settings.model or default_model()
    model = mediapipe_model("The hand model", file, HAND_MODEL if settings.model is None else None)

    def open_landmarker(tracking: bool) -> Any:
        options = vision.HandLandmarkerOptions(
            base_options=base_options(model_asset_buffer=model),
            running_mode=vision.RunningMode.VIDEO if tracking else vision.RunningMode.IMAGE,
            num_hands=settings.most_hands if tracking else _MOST_HANDS_IN_A_CROP,
            min_hand_detection_confidence=settings.detection_confidence,
            min_hand_presence_confidence=settings.presence_confidence,
            min_tracking_confidence=settings.tracking_confidence,
        )
        return vision.HandLandmarker.create_from_options(options)

    used = {key: value for key, value in asdict(settings).items() if key != "model"}
    info = mediapipe_info(mediapipe, model, LICENCE, used)
    try:
        return MediapipeEstimator(open_landmarker, functools.partial(image_of, mediapipe), info)
    except OSError as error:
        raise missing_library(str(error), "MediaPipe") or error from error
    except (ValueError, RuntimeError) as error:
        raise MissingSetupError(
            f"The hand model {file} cannot be loaded", f"remove it and {set_up_worker()}" + way_out("", ", or name another")
        ) from error


def _observations(result: Any, shape: tuple[int, ...]) -> list[HandObservation]:
    height, width = shape[:2]
    observations = []
    for handedness, image_points, world_points in zip(
        result.handedness, result.hand_landmarks, result.hand_world_landmarks, strict=True
    ):
        points_2d = np.array([(point.x * width, point.y * height) for point in image_points])
        points_3d = np.array([(point.x, point.y, point.z) for point in world_points])
        low, high = points_2d.min(axis=0), points_2d.max(axis=0)
        margin = (high - low).max() * _BOX_MARGIN
        observations.append(
            HandObservation(
                side="left" if handedness[0].category_name == "Left" else "right",
                score=float(handedness[0].score),
                bbox=np.concatenate((low - margin, high + margin)),
                keypoints_2d=points_2d,
                keypoints_3d=points_3d - points_3d[0],
            )
        )
    return observations
