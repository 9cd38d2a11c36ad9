"""What the extension's preferences say, whether it is installed or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ...core.bake.names import DEFAULT_PATTERN
from ...core.body.smplx_models_folder import FoundModel, find_smplx_models
from ...core.files.output_places import DEFAULT_PLACE
from ...set_up import environments
from .chosen_paths import path_said
from .estimators import DEVICES, ESTIMATORS

# The extension's package, which Blender names: preferences go by it.
ROOT_PACKAGE = (__package__ or "").rpartition(".ui")[0]


def preferences(context: bpy.types.Context) -> Any | None:
    """The preferences, or None where the extension runs without being installed, as scripts/batch.py does."""
    addon = context.preferences.addons.get(ROOT_PACKAGE)
    return addon.preferences if addon else None


def environment_folder(context: bpy.types.Context) -> Path:
    """Where the environments are."""
    return _folder(context, "environment_folder") or environments.default_folder()


def wilor_folder(context: bpy.types.Context) -> Path | None:
    """Where the user's WiLoR weights are, if he said."""
    return _folder(context, "wilor_folder")


def wheels_folder(context: bpy.types.Context) -> Path | None:
    """Where wheels for WiLoR are, if the user said."""
    return _folder(context, "wheels_folder")


def gvhmr_checkout(context: bpy.types.Context) -> Path | None:
    """Where the user's GVHMR is, if he said."""
    return _folder(context, "gvhmr_checkout")


def gvhmr_python(context: bpy.types.Context) -> Path | None:
    """The Python of its environment, if the user said."""
    return _folder(context, "gvhmr_python")


def smplx_folder(context: bpy.types.Context) -> Path | None:
    """Where the user's SMPL-X models are, if he said."""
    return _folder(context, "smplx_folder")


def smplx_models(context: bpy.types.Context) -> tuple[FoundModel, ...]:
    """The SMPL-X models that are there now."""
    folder = smplx_folder(context)
    return find_smplx_models(folder) if folder is not None else ()


def default_estimator(context: bpy.types.Context) -> str:
    """For scenes in which none was chosen."""
    return str(_chosen(context, "estimator", ESTIMATORS[0][0]))


def device(context: bpy.types.Context) -> str:
    """What WiLoR computes on."""
    return str(_chosen(context, "device", DEVICES[0][0]))


def baked_name_pattern(context: bpy.types.Context) -> str:
    """For `core.bake.names.baked_name`."""
    return str(_chosen(context, "baked_name", DEFAULT_PATTERN))


def output_pattern(context: bpy.types.Context) -> str:
    """For `core.files.output_places.filled_place`."""
    return str(_chosen(context, "output_folder", DEFAULT_PLACE)) or DEFAULT_PLACE


def _folder(context: bpy.types.Context, name: str) -> Path | None:
    chosen = _chosen(context, name, "")
    return path_said(chosen) if chosen else None


def _chosen(context: bpy.types.Context, name: str, default: str) -> Any:
    return getattr(preferences(context), name, default)
