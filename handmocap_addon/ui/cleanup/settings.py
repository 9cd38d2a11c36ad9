"""What the cleanup panel holds for a scene. Saved with the file."""

from __future__ import annotations

import bpy

from ...core.skeleton import FINGERS, SIDES
from ..apply import problem_list
from ..common.guards import quiet_update

SIDE_ITEMS = tuple((side.upper(), side.capitalize(), f"The {side} hand") for side in SIDES)
FINGER_ITEMS = tuple((finger.upper(), finger.capitalize(), f"The {finger} finger") for finger in FINGERS)
POSES = (
    ("FLAT", "Flat", "All fingers straight"),
    ("RELAXED", "Relaxed", "Loosely curled, as a hand hangs"),
    ("FIST", "Fist", "All fingers closed, the thumb over them"),
    ("POINT", "Point", "The index finger straight, the others closed"),
    ("PINCH", "Pinch", "Thumb and index finger touch at the tips"),
    ("ACTION", "Action", "The first frame of an action of this file: a pose asset, or any other that keys the same bones"),
)


def _jump(settings: HandmocapCleanup, context: bpy.types.Context) -> None:
    problem_list.go_to(context, settings.active_problem)


def _ticked(_problem: HandmocapProblem, context: bpy.types.Context) -> None:
    problem_list.keep_ticks(context)


def _markers_switched(_settings: HandmocapCleanup, context: bpy.types.Context) -> None:
    problem_list.update_markers(context)


class HandmocapProblem(bpy.types.PropertyGroup):
    """A range of frames that needs a look, as the list shows it."""

    first_frame: bpy.props.IntProperty(name="Frame", description="The frame of the scene on which it begins")  # type: ignore[valid-type]
    last_frame: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Last Frame", description="The frame of the scene on which it ends, itself included"
    )
    reason: bpy.props.StringProperty(name="Reason", description="What is odd about these frames")  # type: ignore[valid-type]
    done: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Done", description="Looked at and fine. Stays so when you apply again", update=quiet_update(_ticked)
    )


class HandmocapCleanup(bpy.types.PropertyGroup):
    """The fields of the cleanup panel."""

    problems: bpy.props.CollectionProperty(  # type: ignore[valid-type]
        name="Problems", description="The ranges of frames that need a look, the worst first", type=HandmocapProblem
    )
    active_problem: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Problem",
        description="The range that was clicked last; a click goes to its first frame and selects its bones",
        update=quiet_update(_jump),
    )
    problem_markers: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Markers",
        description="Mark the worst problems on the timeline. Markers that you rename or move are yours from then on",
        default=True,
        update=quiet_update(_markers_switched),
    )
    live: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Live",
        description="Apply the fingers again whenever the smoothing slider rests. Costs a moment on long clips",
        default=False,
    )
    sides: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Hands",
        description="Which hands the tools act on while no finger bone is selected in pose mode",
        items=SIDE_ITEMS,
        options={"ENUM_FLAG"},
        default={"LEFT", "RIGHT"},
    )
    fingers: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Fingers",
        description="Which fingers the tools act on while no finger bone is selected in pose mode",
        items=FINGER_ITEMS,
        options={"ENUM_FLAG"},
        default={finger.upper() for finger in FINGERS},
    )
    use_range: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Range", description="Act on these frames. The timeline's preview range goes before this one"
    )
    first: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="First", description="First frame of the range, where neither bones nor a preview range say it", default=1
    )
    last: bpy.props.IntProperty(name="Last", description="Last frame of the range, itself included", default=1)  # type: ignore[valid-type]
    pose: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Pose",
        description="The pose that Blend to Pose turns the chosen fingers towards",
        items=POSES,
        default="RELAXED",
    )
    pose_action: bpy.props.PointerProperty(  # type: ignore[valid-type]
        name="Action", description="A pose asset or any action that keys the same finger bones", type=bpy.types.Action
    )


CLASSES = (HandmocapProblem, HandmocapCleanup)
