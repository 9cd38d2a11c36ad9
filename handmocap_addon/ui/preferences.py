"""The extension's preferences: places outside the file, what new scenes begin with, names, and the room that it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ..core import environments
from ..core.baked_names import DEFAULT_PATTERN, baked_name
from ..core.errors import BadUsageError
from ..core.output_places import DEFAULT_PLACE
from ..core.smplx_models_folder import FoundModel, find_smplx_models
from .estimators import DEVICES, ESTIMATORS

ROOT_PACKAGE = (__package__ or "").rpartition(".")[0]


class HandmocapPreferences(bpy.types.AddonPreferences):
    """Places outside the file."""

    bl_idname = ROOT_PACKAGE

    environment_folder: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Environments",
        description="Folder for the Python environments of estimator and exporter, up to 16 GB with WiLoR; empty for your "
        "cache folder. Change it where another disk has more room; what is in the old one stays there",
        subtype="DIR_PATH",
    )
    smplx_folder: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="SMPL-X Models",
        description="Folder with your SMPLX_NEUTRAL.npz, SMPLX_MALE.npz or SMPLX_FEMALE.npz from smpl-x.is.tue.mpg.de. "
        "Scenes whose body is an SMPL-X file take it from here",
        subtype="DIR_PATH",
    )
    wilor_folder: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="WiLoR Weights",
        description="Folder that holds pretrained_models/ with your WiLoR weights; empty: those that the set-up brings",
        subtype="DIR_PATH",
    )
    wheels_folder: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Wheels for WiLoR",
        description="Folder with a wheel of every package, for a machine without network; empty: from the network",
        subtype="DIR_PATH",
    )
    estimator: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Estimator",
        description="What finds the hands in scenes in which nobody has chosen an estimator yet",
        items=ESTIMATORS,
    )
    device: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Device",
        description="What WiLoR computes on, in every scene on this machine; MediaPipe always takes the processor",
        items=DEVICES,
    )
    baked_name: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Baked Files",
        description="How baked files are called: {part} is body, hands or camera, {clip} the clip's name, {scene} the "
        "scene's. The ending is added",
        default=DEFAULT_PATTERN,
    )

    output_folder: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Results",
        description="Where hands, logs and bakes go in scenes that name no folder, and that have no GVHMR result to lie "
        "beside: {clip_folder}, {clip}, {blend_folder}, {blend} and {scene} are filled in",
        default=DEFAULT_PLACE,
    )

    def draw(self, context: bpy.types.Context) -> None:
        from .setup.drawing_preferences import draw_preferences

        draw_preferences(self, context)

    def baked_name_example(self) -> tuple[bool, str]:
        """Whether the pattern can be filled in, and what comes of it or what is wrong."""
        try:
            return True, f"{baked_name(self.baked_name, clip='shot_010', scene='Scene', part='body')}.abc"
        except BadUsageError as error:
            return False, error.sentence()


def preferences(context: bpy.types.Context) -> HandmocapPreferences | None:
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
    """For `core.baked_names.baked_name`."""
    return str(_chosen(context, "baked_name", DEFAULT_PATTERN))


def output_pattern(context: bpy.types.Context) -> str:
    """For `core.output_places.filled_place`."""
    return str(_chosen(context, "output_folder", DEFAULT_PLACE)) or DEFAULT_PLACE


def _folder(context: bpy.types.Context, name: str) -> Path | None:
    chosen = _chosen(context, name, "")
    return Path(bpy.path.abspath(chosen)) if chosen else None


def _chosen(context: bpy.types.Context, name: str, default: str) -> Any:
    return getattr(preferences(context), name, default)
