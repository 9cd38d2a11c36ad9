"""The settings that the options of `scripts/batch.py` stand for."""

from __future__ import annotations

import argparse

from ...core.cleanup.settings import CleanupSettings
from ...core.cleanup.wrist import WristSettings
from ...core.cleanup.wrist_source import WristSource
from ...core.errors import BadUsageError
from ...core.keys.key_sharing import KeySharing
from ...core.keys.own_keys import OwnKeys
from ..motion.key_reduction import ReductionSettings


def cleanup_settings(options: argparse.Namespace) -> CleanupSettings:
    """What was asked for.

    Raises:
        BadUsageError: a value is out of its range, or a name is no hand or finger.
    """
    return CleanupSettings(
        longest_gap=options.longest_gap,
        ease=options.ease,
        smoothing=options.smoothing,
        smoothing_of=tuple(options.smoothing_of),
        lowest_score=options.lowest_score,
    )


def own_keys(options: argparse.Namespace) -> OwnKeys:
    """What becomes of keys that the tool did not write."""
    return OwnKeys.START_OVER if options.start_over else OwnKeys.KEEP if options.keep_keys else OwnKeys.ASK


def reduction_settings(options: argparse.Namespace) -> ReductionSettings | None:
    """What was asked for.

    Raises:
        BadUsageError: the error is out of its range, or something shares keys that are not reduced.
    """
    if options.reduce is None:
        if options.reduce_by is not None:
            raise BadUsageError("--reduce-by stands alone", "give --reduce DEGREES too")
        return None
    return ReductionSettings(options.reduce, KeySharing(options.reduce_by or KeySharing.FINGER))


def wrist_settings(options: argparse.Namespace) -> WristSettings:
    """Whose rotation the wrists are asked to get, and whether arms are brought to the hands."""
    source = WristSource(options.wrist)
    return WristSettings(
        source,
        options.forearm_twist,
        options.longest_gap,
        options.ease,
        lowest_score=options.lowest_score,
        arms_to_hands=options.arms_to_hands,
    )
