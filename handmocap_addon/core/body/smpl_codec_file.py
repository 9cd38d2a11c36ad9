"""Reads Meshcapade's `.smpl` (an npz with camelCase names, see the MIT package `smplcodec`), PromptHMR's among them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..errors import BodyMotionFileError
from ..files.array_files import FileContent
from .makers import SMPL_CODEC
from .motion import BodyMotion, BodyTrack
from .pose_arrays import BODY_JOINTS, PoseFile, rate_in
from .prompt_hmr_file import PROMPT_HMR_NAME, person_like
from .world_alone import SMPLX, WorldParts, world_motion

# By `smplVersion`; those after SMPL-X have other joints.
_BODIES: Final = ("SMPL", "SMPL-H", SMPLX)
_OTHERS: Final = ("SUPR", "SMPL++", "SKEL")
_GENDERS: Final = ("neutral", "male", "female")


def smpl_codec_motion(path: Path, content: FileContent) -> BodyMotion | None:
    """The motion in such a file, or None where it is none.

    Where PromptHMR's results with the same motion lie beside it, it comes from there: with its frames in the video, and the
    camera.

    Raises:
        BodyMotionFileError: it is one, and not whole or of another skeleton.
    """
    value = content.value
    if content.unknown or not isinstance(value, dict) or not {"smplVersion", "bodyPose"} & value.keys():
        return None
    file = PoseFile(path, SMPL_CODEC)
    version = _number(value, "smplVersion", 2)
    if not 0 <= version < len(_BODIES):
        other = (*_BODIES, *_OTHERS)[version] if 0 <= version < len(_BODIES) + len(_OTHERS) else "an unknown kind"
        raise BodyMotionFileError(
            f"{file.path.name} is of a body of {other}, whose joints are not SMPL-X's", "use one of SMPL-X"
        )
    if "bodyPose" not in value or "bodyTranslation" not in value:
        raise BodyMotionFileError(
            f"{file.path.name} holds a body without its motion", "use one with bodyPose and bodyTranslation"
        )
    pose = file.pose(value["bodyPose"], "bodyPose")
    translation = file.vectors(value["bodyTranslation"], "bodyTranslation", len(pose), 3)
    results = path.with_name(PROMPT_HMR_NAME)
    seen = person_like(results, pose[:, 1:BODY_JOINTS], BodyTrack(pose[:, 0], translation))
    if seen is not None:
        return replace(seen, source=str(path))
    fingers = [file.fingers(value[key], key) for key in ("leftHandPose", "rightHandPose") if key in value]
    parts = WorldParts(
        pose,
        translation,
        file.betas(value.get("shapeParameters"), "shapeParameters", len(pose)),
        _BODIES[version],
        np.concatenate(fingers) if fingers else None,
        rate_in(value, "frameRate"),
        "y",
        None,
        _GENDERS[gender] if 0 <= (gender := _number(value, "gender", 0)) < len(_GENDERS) else "",
    )
    return world_motion(file, parts)


def _number(value: dict[Any, Any], name: str, default: int) -> int:
    number = value.get(name, default)
    number = number.item() if isinstance(number, np.ndarray | np.generic) and number.size == 1 else number
    return number if isinstance(number, int) else -1
