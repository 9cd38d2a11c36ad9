"""MediaPipe's models that the set-up makes: which networks each is of, and how they are known. Standard library only."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..core.files.zip_files import opened_zip, read_member
from .tflite_metadata import with_normalization

_MOST_BYTES: Final = 64 << 20


@dataclass(frozen=True)
class Network:
    """A network of a task file: the SHA-256 of what was reviewed, as it is in the task file, and where a wheel has it."""

    name: str
    sha256: str
    in_wheel: str
    # Mean and deviation of its picture's values, where the wheel's file does not say them.
    normalization: tuple[float, float] | None = None

    def from_wheel(self, unpacked: Path) -> bytes:
        """As the task file has it, from the folder that the wheel was unpacked into."""
        content = (unpacked / self.in_wheel).read_bytes()
        return content if self.normalization is None else with_normalization(content, *self.normalization)


@dataclass(frozen=True)
class TaskModel:
    """A MediaPipe task file, which is a stored zip of networks."""

    file_name: str
    networks: tuple[Network, ...]

    def other_parts(self, parts: Mapping[str, bytes]) -> list[str]:
        """The names of those networks that lack or are not the reviewed ones."""
        found = {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()}
        return [network.name for network in self.networks if found.get(network.name) != network.sha256]

    def task_file(self, parts: Mapping[str, bytes]) -> bytes:
        """The task file of the networks; the same on every system."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as task:
            for network in self.networks:
                entry = zipfile.ZipInfo(network.name)
                entry.create_system = 3
                task.writestr(entry, parts[network.name])
        return content.getvalue()

    def reviewed_task(self, content: bytes) -> bytes | None:
        """The task file to load: made anew of the networks in a given one, or None where these are not the reviewed ones.

        Made anew, so that what was hashed is what is loaded, however a zip may be read in two ways.
        """
        try:
            with opened_zip(content) as task:
                entries = [task.getinfo(network.name) for network in self.networks]
                if sum(entry.file_size for entry in entries) > _MOST_BYTES:
                    return None
                parts = {entry.filename: read_member(task, entry) for entry in entries}
        except Exception:  # A damaged zip fails in many ways.
            return None
        return self.task_file(parts) if not self.other_parts(parts) else None


HAND_MODEL: Final = TaskModel(
    "hand_landmarker.task",
    (
        Network(
            "hand_detector.tflite",
            "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54",
            "mediapipe/modules/palm_detection/palm_detection_full.tflite",
        ),
        Network(
            "hand_landmarks_detector.tflite",
            "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3",
            "mediapipe/modules/hand_landmark/hand_landmark_full.tflite",
        ),
    ),
)
BODY_MODEL: Final = TaskModel(
    "pose_landmarker_full.task",
    (
        Network(
            "pose_detector.tflite",
            "ba326759f34b8700a80cb9245e418019d6ed4788388204f61d44399945f118dd",
            "mediapipe/modules/pose_detection/pose_detection.tflite",
            (127.5, 127.5),
        ),
        Network(
            "pose_landmarks_detector.tflite",
            "9747be8ef0cbeea1e7cbbbab1a50568391a512950aff64d116399df0c2eb85b8",
            "mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
            (0.0, 255.0),
        ),
    ),
)
