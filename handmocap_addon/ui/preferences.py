"""The extension's preferences: where environments and weights are."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..core import environments

ROOT_PACKAGE = (__package__ or "").rpartition(".")[0]


class HandmocapPreferences(bpy.types.AddonPreferences):
    """Places outside the file."""

    bl_idname = ROOT_PACKAGE

    environment_folder: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Environments",
        description="Folder for the Python environments of estimator and exporter; empty for your cache folder",
        subtype="DIR_PATH",
    )
    wilor_folder: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="WiLoR weights",
        description="Folder that holds pretrained_models/ with your WiLoR weights; empty: those that the set-up brings",
        subtype="DIR_PATH",
    )
    wheels_folder: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Wheels for WiLoR",
        description="Folder with a wheel of every package, for a machine without network; empty: from the network",
        subtype="DIR_PATH",
    )

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.prop(self, "environment_folder")
        self.layout.prop(self, "wilor_folder")
        self.layout.prop(self, "wheels_folder")


def _preferences(context: bpy.types.Context) -> HandmocapPreferences | None:
    addon = context.preferences.addons.get(ROOT_PACKAGE)
    return addon.preferences if addon else None


def environment_folder(context: bpy.types.Context) -> Path:
    """Where the environments are."""
    chosen = _preferences(context)
    if chosen is not None and chosen.environment_folder:
        return Path(bpy.path.abspath(chosen.environment_folder))
    return environments.default_folder()


def wilor_folder(context: bpy.types.Context) -> Path | None:
    """Where the user's WiLoR weights are, if he said."""
    return _folder(context, "wilor_folder")


def wheels_folder(context: bpy.types.Context) -> Path | None:
    """Where wheels for WiLoR are, if the user said."""
    return _folder(context, "wheels_folder")


def _folder(context: bpy.types.Context, name: str) -> Path | None:
    chosen = getattr(_preferences(context), name, "")
    return Path(bpy.path.abspath(chosen)) if chosen else None
