"""The whole set-up of WiLoR: consent, room on the disk, environment, weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..core.audience import way_out
from ..core.errors import BadUsageError, MissingSetupError
from ..core.files.atomic_files import check_free_space, ensure_output_folder
from .environments import Environment
from .licences import WILOR_LICENCES, are_accepted
from .lock import locked
from .reporting import Listener
from .wilor_environment import Recipe, certificates_of, ensure_wilor_environment, ready_wilor_environment, wilor_recipe
from .wilor_files import WILOR_FILES, WeightFile
from .wilor_plan import WilorPlan
from .wilor_weights import bring_weights, check_source, missing_megabytes

WILOR: Final = "wilor"
# What an environment takes with its downloads, which are removed at the end.
_ENVIRONMENT_MEGABYTES: Final = {"cpu": 3_000, "cuda": 11_000, "rocm": 20_000}


@dataclass(frozen=True)
class ReadyWilor:
    """A finished set-up."""

    environment: Environment
    weights: Path  # what `--model` takes


def needed_megabytes(
    folder: Path, plan: WilorPlan, files: Sequence[WeightFile] = WILOR_FILES, recipe: Recipe | None = None
) -> int:
    """About how much room the rest of a set-up takes; `plan` is checked."""
    ready = ready_wilor_environment(folder, recipe or wilor_recipe(plan))
    return (0 if ready else _ENVIRONMENT_MEGABYTES[plan.device]) + missing_megabytes(folder, files)


def ensure_wilor(
    folder: Path,
    plan: WilorPlan,
    listener: Listener,
    files: Sequence[WeightFile] = WILOR_FILES,
    recipe: Recipe | None = None,
) -> ReadyWilor:
    """Make what lacks; `plan` is checked. What is finished is not done again.

    Raises:
        MissingSetupError: the licences are not accepted, or something is not to be had.
        HandmocapError: it failed; what was finished by then is kept.
    """
    if not are_accepted(folder, WILOR, WILOR_LICENCES):
        raise MissingSetupError(
            "The licences of WiLoR and what it needs are not accepted", "read them and accept them first"
        )
    recipe = recipe or wilor_recipe(plan)
    missing = missing_megabytes(folder, files)
    if plan.offline and plan.weights is None and missing:
        raise BadUsageError(
            way_out("Blender may not go online, and WiLoR's weights are not here", "--offline lacks WiLoR's weights"),
            way_out("choose their folder under WiLoR Weights in the preferences", "give their folder with --weights"),
        )
    if plan.weights is not None and missing:
        check_source(plan.weights, files)
    ensure_output_folder(folder)
    needed = needed_megabytes(folder, plan, files, recipe)
    check_free_space(folder, needed * 1_000_000)
    listener.say(f"WiLoR for {plan.device} in {folder}: up to {needed / 1000:.1f} GB more on the disk")
    with locked(folder, listener.say):
        environment = ensure_wilor_environment(folder, plan, listener, recipe)
        weights = bring_weights(folder, listener, plan.weights, certificates_of(environment), plan.offline, files)
    return ReadyWilor(environment, weights)
