"""The estimators, by name. A new one is a file beside these and a line here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ...core.errors import BadUsageError
from ...core.skeleton import Side
from .base import HandEstimator

ESTIMATOR_NAMES = ("mediapipe", "wilor")


@dataclass(frozen=True)
class EstimatorChoice:
    """What the command line says about the estimator; None leaves the estimator's own default."""

    name: str
    model: Path | None = None
    device: str = "auto"
    confidence: float | None = None
    people: int = 1  # in the picture, as far as is known
    detector_size: int | None = None  # pixels of the longer side on which WiLoR's detector works
    batch: int | None = None  # hands in one run of WiLoR's network, where memory allows it
    side: Side | None = None  # the hand that is wanted; WiLoR runs only that


def create_estimator(choice: EstimatorChoice) -> HandEstimator:
    """Load an estimator.

    Raises:
        BadUsageError: no estimator has that name.
        MissingSetupError: a package, model or device is not there.
    """
    if choice.name == "mediapipe":
        from . import mediapipe

        # Two hands more than there are, for people nobody told of.
        settings = mediapipe.MediapipeSettings(model=choice.model, most_hands=2 * choice.people + 2)
        if choice.confidence is not None:
            settings = replace(
                settings,
                detection_confidence=choice.confidence,
                presence_confidence=choice.confidence,
            )
        return mediapipe.create(settings)
    if choice.name == "wilor":
        from . import wilor
        from .wilor_settings import WilorSettings

        wilor_settings = WilorSettings(
            model_dir=choice.model, device=choice.device, batch_crops=choice.batch, side=choice.side
        )
        if choice.confidence is not None:
            wilor_settings = replace(wilor_settings, hand_conf=choice.confidence)
        if choice.detector_size is not None:
            wilor_settings = replace(wilor_settings, imgsz=choice.detector_size)
        return wilor.create(wilor_settings)
    raise BadUsageError(f"There is no estimator {choice.name}", f"choose one of {', '.join(ESTIMATOR_NAMES)}")
