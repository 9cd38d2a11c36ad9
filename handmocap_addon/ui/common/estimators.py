"""The estimators and devices that one can choose, for the panel and the preferences."""

from __future__ import annotations

ESTIMATORS = (
    ("mediapipe", "MediaPipe", "Built in, runs on any processor, Apache-2.0"),
    ("wilor", "WiLoR", "More exact, wants a graphics card; not for commercial work: see Set-up"),
)
DEVICES = (
    ("auto", "Automatic", "The graphics card where torch can use one, else the processor"),
    ("cuda", "Graphics Card", "The graphics card, or a sentence that says why it cannot be used"),
    ("cpu", "Processor", "The processor alone: leaves the card to rendering, and takes many times longer"),
)
