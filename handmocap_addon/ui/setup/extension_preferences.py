"""The extension's preferences: places outside the file, what new scenes begin with, names, and the room that it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import bpy

from ...blender.version_differences import path_options
from ...core.bake.names import DEFAULT_PATTERN, baked_name
from ...core.errors import BadUsageError
from ...core.files.output_places import DEFAULT_PLACE
from ...set_up import environments
from ..common import panel_jobs
from ..common.chosen_paths import without_the_file
from ..common.drawing import stage_state
from ..common.estimators import DEVICES, ESTIMATORS
from ..common.guards import quiet_update
from ..common.preferences import ROOT_PACKAGE, smplx_folder, smplx_models
from .cache_operators import SIZES_STAGE
from .cache_operators import STAGE as CACHE_STAGE

_PLACES: Final = (
    "environment_folder", "smplx_folder", "wilor_folder", "wheels_folder", "gvhmr_checkout", "gvhmr_python",
)  # fmt: skip


def _whole(name: str) -> Callable[[Any, Any], None]:
    """What keeps a folder the same whichever file is open."""

    def changed(chosen: Any, _context: Any) -> None:
        text = getattr(chosen, name)
        if without_the_file(text) != text:
            setattr(chosen, name, without_the_file(text))

    return quiet_update(changed)


class HandmocapPreferences(bpy.types.AddonPreferences):
    """Places outside the file."""

    bl_idname = ROOT_PACKAGE

    environment_folder: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Environments",
        description="Folder for the Python environments of estimator and exporter, up to 16 GB with WiLoR; empty for your "
        "cache folder. Change it where another disk has more room; what is in the old one stays there",
        subtype="DIR_PATH",
        options=path_options(),
        update=_whole("environment_folder"),
    )
    smplx_folder: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="SMPL-X Models",
        description="Folder with your SMPLX_NEUTRAL.npz, SMPLX_MALE.npz or SMPLX_FEMALE.npz from smpl-x.is.tue.mpg.de. "
        "Scenes whose body is an SMPL-X file take it from here",
        subtype="DIR_PATH",
        options=path_options(),
        update=_whole("smplx_folder"),
    )
    wilor_folder: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="WiLoR Weights",
        description="Folder that holds pretrained_models/ with your WiLoR weights; empty: those that the set-up brings",
        subtype="DIR_PATH",
        options=path_options(),
        update=_whole("wilor_folder"),
    )
    wheels_folder: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Wheels for WiLoR",
        description="Folder with a wheel of every package, for a machine without network; empty: from the network",
        subtype="DIR_PATH",
        options=path_options(),
        update=_whole("wheels_folder"),
    )
    gvhmr_checkout: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="GVHMR Checkout",
        description="Folder of a GVHMR that you have set up, with tools/demo/demo.py and inputs/checkpoints; Estimate runs "
        "it where Body From is GVHMR",
        subtype="DIR_PATH",
        options=path_options(),
        update=_whole("gvhmr_checkout"),
    )
    gvhmr_python: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="GVHMR Python",
        description="The Python of GVHMR's own environment, such as envs/gvhmr/bin/python of your conda",
        subtype="FILE_PATH",
        options=path_options(),
        update=_whole("gvhmr_python"),
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
        "beside: {clip_folder}, {clip}, {blend_folder}, {blend} and {scene} are filled in; // is {blend_folder}/",
        default=DEFAULT_PLACE,
    )

    def draw(self, context: bpy.types.Context) -> None:
        _draw(self, context)

    def baked_name_example(self) -> tuple[bool, str]:
        """Whether the pattern can be filled in, and what comes of it or what is wrong."""
        try:
            return True, f"{baked_name(self.baked_name, clip='shot_010', scene='Scene', part='body')}.abc"
        except BadUsageError as error:
            return False, error.sentence()


def _draw(chosen: HandmocapPreferences, context: bpy.types.Context) -> None:
    """All of the extension's preferences, each with what is known about it."""
    layout = chosen.layout
    layout.use_property_split = True
    layout.use_property_decorate = False
    column = layout.column(heading="")
    column.prop(chosen, "environment_folder")
    if not chosen.environment_folder:
        column.label(text=str(environments.default_folder()), icon="BLANK1")
    column.prop(chosen, "smplx_folder")
    models = smplx_models(context)
    for model in models:
        column.label(text=model.text(), icon="ERROR" if model.problem else "CHECKMARK")
    if smplx_folder(context) is not None and not models:
        column.label(text="There is no SMPLX_NEUTRAL, MALE or FEMALE.npz in this folder", icon="ERROR")
    column.prop(chosen, "wilor_folder")
    column.prop(chosen, "wheels_folder")
    column.prop(chosen, "gvhmr_checkout")
    column.prop(chosen, "gvhmr_python")
    for name in _PLACES:
        if getattr(chosen, name).startswith("//") and not bpy.data.filepath:
            column.label(text=f"{getattr(chosen, name)} starts from a saved file: give the whole path", icon="ERROR")
    column = layout.column()
    column.prop(chosen, "estimator")
    column.prop(chosen, "device")
    column.prop(chosen, "output_folder")
    column.prop(chosen, "baked_name")
    fits, example = chosen.baked_name_example()
    column.label(text=example, icon="FILE" if fits else "ERROR")
    row = layout.row(align=True)
    row.operator("handmocap.measure_cache", text="Measure Cache", icon="DISK_DRIVE")
    row.operator("handmocap.clear_cache", text="Clear Cache...", icon="TRASH")
    for stage in (SIZES_STAGE, CACHE_STAGE):
        status = panel_jobs.status(stage)
        if status is not None and not panel_jobs.is_running(stage) and status.ok:
            layout.label(text=status.sentence, icon="CHECKMARK")
        else:
            stage_state(layout, stage)
