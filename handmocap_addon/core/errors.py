"""Every failure a person can act on, as a type. Standard library only.

A message is one sentence that says what is wrong and what to do next; the same sentence reaches the panel, stderr and
`report.json`. The exit codes are those of the worker and of the front door.
"""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """Process exit codes shared by the worker, the batch script and the front door."""

    DONE = 0
    BAD_USAGE = 2
    BAD_INPUT = 3
    MISSING_SETUP = 4
    FAILED = 5
    CANCELLED = 130


class HandmocapError(Exception):
    """A failure with a sentence for people, a stable code for programs and the exit code of the process."""

    code = "failed"
    exit_code = ExitCode.FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def sentence(self) -> str:
        """Message and hint as the one sentence that is shown to people."""
        return f"{self.message.rstrip('.')}: {self.hint}" if self.hint else self.message


class BadUsageError(HandmocapError):
    """Options that cannot be followed."""

    code = "bad_usage"
    exit_code = ExitCode.BAD_USAGE


class BadInputError(HandmocapError):
    """A file or scene that cannot be used as it is."""

    code = "bad_input"
    exit_code = ExitCode.BAD_INPUT


class ClipError(BadInputError):
    """A clip that is missing, is no video, or holds no frames."""

    code = "bad_clip"


class NoHandsError(BadInputError):
    """A clip in which the estimator saw no hand at all."""

    code = "no_hands"


class NoBodyError(BadInputError):
    """A clip in which nobody was seen on enough frames to make a body's motion of."""

    code = "no_body"


class HandPosesFileError(BadInputError):
    """A `hand_poses.npz` that does not hold what the format asks for."""

    code = "bad_hand_poses"


class BodyMotionFileError(BadInputError):
    """A GVHMR result that is damaged, unsafe or of another shape."""

    code = "bad_body_motion"


class FrameCountError(BadInputError):
    """Two inputs that should describe the same frames but have different lengths."""

    code = "frame_count"


class BelongingError(BadInputError):
    """A body, a clip and hands of which one is of something else."""

    code = "does_not_belong"


class BodyModelError(BadInputError):
    """A model file that is not SMPL-X."""

    code = "bad_body_model"


class PosesFileError(BadInputError):
    """A file of SMPL-X parameters that is damaged or of another shape."""

    code = "bad_poses"


class PointCacheError(BadInputError):
    """A point cache that is damaged or none."""

    code = "bad_point_cache"


class ArmatureError(BadInputError):
    """An armature that lacks the bones this needs."""

    code = "bad_armature"


class KeysInTheWayError(BadInputError):
    """Keys of which it is not known whether a person made them, or that leave no room for any of the tool's.

    `key_count` is how many there are; `are_all` where nothing but forgetting all of them helps.
    """

    code = "keys_in_the_way"

    def __init__(self, message: str, hint: str, key_count: int = 0, are_all: bool = False) -> None:
        super().__init__(message, hint)
        self.key_count = key_count
        self.are_all = are_all


class BoneMapError(BadInputError):
    """A map of finger joints to another rig's bones that is damaged, contradicts itself or does not fit the rig."""

    code = "bad_bone_map"


class MissingSetupError(HandmocapError):
    """A package, a model, a program or a device that is not there yet."""

    code = "missing_setup"
    exit_code = ExitCode.MISSING_SETUP


class NoUvError(MissingSetupError):
    """uv, which makes environments, cannot be had here; pip may still be."""


class OutputError(HandmocapError):
    """A place that cannot be written, or a disk that is full."""

    code = "output"


class BakeError(HandmocapError):
    """A baked file that could not be written or did not match the scene when it was read back."""

    code = "bake"


class PointsDifferError(BakeError):
    """A baked file's points are not those of the scene to the bit; how far off they are takes the points themselves."""

    code = "points_differ"


class OutOfMemoryError(HandmocapError):
    """What was asked for needs more memory than the system gives this process."""

    code = "out_of_memory"

    def __init__(self) -> None:
        super().__init__(
            "This machine ran out of memory", "close other programs, raise the process's limit, or use a shorter clip"
        )


class WorkerFailedError(HandmocapError):
    """A child process that ended without a result."""

    code = "worker_failed"


class GvhmrFailedError(WorkerFailedError):
    """GVHMR ended without a result, for a reason that its own words alone tell."""

    code = "failed"  # who listens then names the log


class NotBroughtError(WorkerFailedError):
    """Packages or a program that did not come or could not be installed."""


class CancelledError(HandmocapError):
    """The person asked to stop."""

    code = "cancelled"
    exit_code = ExitCode.CANCELLED
