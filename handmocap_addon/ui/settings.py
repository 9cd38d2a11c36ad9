"""What the panel holds for a scene. Saved with the file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy

from ..blender.estimate_request import EstimateRequest
from ..blender.ghosts import is_ghost
from ..blender.key_reduction import KeySharing, ReductionSettings
from ..core.cleanup_settings import SMOOTHING_TARGETS, CleanupSettings
from ..core.key_settings import KeySettings
from ..core.wrist import WristSettings, WristSource
from .cleanup import live
from .retarget.settings import HandmocapRetargetSettings
from .source.choosing import clip_chosen, gvhmr_chosen
from .source.people import HandmocapPerson, people_items, person_chosen

BODY_CHOICES = (
    ("STAND_IN", "Stand-in", "The wooden mannequin; needs no licensed file"),
    ("FILE", "SMPL-X file", "Your own SMPLX_NEUTRAL, MALE or FEMALE .npz"),
)
ESTIMATORS = (
    ("mediapipe", "MediaPipe", "Built in, runs on any processor, Apache-2.0"),
    ("wilor", "WiLoR", "More exact, wants a graphics card; not for commercial work: see Set-up"),
)
DETECTOR_SIZE = 640  # WiLoR's own
SIDES_ESTIMATED = (
    ("BOTH", "Both", "Look for both hands"),
    ("LEFT", "Left", "Look for the person's left hand alone; the right one stays as it is in the file"),
    ("RIGHT", "Right", "Look for the person's right hand alone; the left one stays as it is in the file"),
)
FRAMES_ESTIMATED = (
    ("ALL", "Whole Clip", "Look for hands on every frame"),
    ("RANGE", "This Range", "Look for hands on some frames alone; the others stay as they are in the file"),
)
WRISTS = (
    ("BODY", "Body", "The wrists that GVHMR found: steady, but stiff"),
    ("HAND", "Hands", "The wrists that the hand estimator found: livelier, but noisier"),
    ("BLEND", "Blend", "Between the two, nearer to the hand's the surer the estimator is"),
)
SHARINGS = (
    ("FINGER", "Finger", "All bones of a finger have their keys on the same frames"),
    ("JOINT", "Joint", "Each bone has keys of its own: the fewest, but harder to pose by"),
    ("HAND", "Hand", "All fingers of a hand have their keys on the same frames: whole poses, but more keys"),
)


def _apply_live(_settings: HandmocapSettings, context: bpy.types.Context) -> None:
    live.smoothing_changed(context)


def _is_armature(_settings: HandmocapSettings, candidate: bpy.types.Object) -> bool:
    return candidate.type == "ARMATURE" and not is_ghost(candidate)


class HandmocapSettings(bpy.types.PropertyGroup):
    """The panel's fields."""

    clip: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Clip", description="The video, or a folder of images", subtype="FILE_PATH", update=clip_chosen
    )
    gvhmr: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="GVHMR",
        description="hmr4d_results.pt of the same clip; leave empty for hands alone",
        subtype="FILE_PATH",
        update=gvhmr_chosen,
    )
    hand_poses: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Hands", description="The hand_poses.npz that Estimate writes, or one of your own", subtype="FILE_PATH"
    )
    found_gvhmr: bpy.props.StringProperty(  # type: ignore[valid-type]
        description="The GVHMR result that was filled in for the clip", options={"HIDDEN"}
    )
    found_hand_poses: bpy.props.StringProperty(  # type: ignore[valid-type]
        description="The hands that were filled in for the clip", options={"HIDDEN"}
    )
    clip_facts: bpy.props.StringProperty(  # type: ignore[valid-type]
        description="Size, length and rate of the clip when it was chosen", options={"HIDDEN"}
    )
    people: bpy.props.CollectionProperty(  # type: ignore[valid-type]
        description="The people of the clip who have GVHMR results", type=HandmocapPerson, options={"HIDDEN"}
    )
    person: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Person",
        description="Whose body and hands the stages are about; the others in the clip keep theirs",
        items=people_items,
        update=person_chosen,
    )
    estimator: bpy.props.EnumProperty(name="Estimator", items=ESTIMATORS)  # type: ignore[valid-type]
    detector_size: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Detector",
        description="Pixels of the longer side on which hands are looked for. More finds smaller hands and takes longer",
        default=DETECTOR_SIZE,
        min=32,
        soft_min=320,
        soft_max=2560,
        step=32,
        subtype="PIXEL",
    )
    batch: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Batch",
        description="Hands that go through the network at once, fewer where memory lacks. 0: what suits the device",
        default=0,
        min=0,
        soft_max=128,
    )
    sides: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Sides", items=SIDES_ESTIMATED, description="Which of the person's hands to look for"
    )
    frames: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Frames", items=FRAMES_ESTIMATED, description="On which frames to look for hands"
    )
    first_frame: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="First", description="First frame of the clip to look at, counted from 1", default=1, min=1
    )
    last_frame: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Last", description="Last frame of the clip to look at, itself included", default=100, min=1
    )
    afresh: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Again although Finished",
        description="Look for the hands again where the file already has them, from this clip with these settings",
    )
    body: bpy.props.EnumProperty(name="Body", items=BODY_CHOICES)  # type: ignore[valid-type]
    smplx_model: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Model", description="SMPLX_NEUTRAL.npz, from smpl-x.is.tue.mpg.de", subtype="FILE_PATH"
    )
    armature: bpy.props.PointerProperty(  # type: ignore[valid-type]
        name="Armature", description="The SMPL-X armature that gets the keys", type=bpy.types.Object, poll=_is_armature
    )
    steady_camera: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Steady Camera", description="The real camera stood still: give the scene's camera one pose, without keys"
    )
    wrist: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Wrist", items=WRISTS, description="Whose rotation Apply Body gives the wrists; the hands' need Estimate first"
    )
    forearm_twist: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Forearm Twist",
        description="How much of the wrist's twist the forearm takes; the hand stays as it is",
        default=0.0,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    smoothing: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Smoothing",
        description="How strongly fingers that hold still are calmed; gestures keep their speed. 0 keeps what was measured",
        default=CleanupSettings.smoothing,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        update=_apply_live,
    )
    has_own_smoothing: bpy.props.BoolVectorProperty(  # type: ignore[valid-type]
        name="Own Strength",
        description="Give this hand or finger its own strength. A finger's goes before its hand's",
        size=len(SMOOTHING_TARGETS),
    )
    own_smoothing: bpy.props.FloatVectorProperty(  # type: ignore[valid-type]
        name="Smoothing",
        description="Strength for this hand or finger alone. 0 keeps what was measured",
        size=len(SMOOTHING_TARGETS),
        default=(CleanupSettings.smoothing,) * len(SMOOTHING_TARGETS),
        min=0.0,
        max=1.0,
    )
    longest_gap: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Longest Gap",
        description="Frames without a hand are bridged up to this long; longer gaps ease to a relaxed hand",
        default=CleanupSettings.longest_gap,
        min=0.0,
        soft_max=5.0,
        subtype="TIME_ABSOLUTE",
    )
    ease: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Ease",
        description="How long a hand takes to relax where a longer gap begins, and to come back where it ends",
        default=CleanupSettings.ease,
        min=0.0,
        soft_max=2.0,
        subtype="TIME_ABSOLUTE",
    )
    lowest_score: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Lowest Score",
        description="Frames on which the estimator was less sure of the hand than this are filled in. 0 keeps all",
        default=CleanupSettings.lowest_score,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    reduction_error: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Error",
        description="By how many degrees a finger bone may turn from where all keys would have it",
        default=ReductionSettings.error_degrees,
        min=0.05,
        max=45.0,
        soft_max=10.0,
    )
    reduction_sharing: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Keys By", description="Which bones have their reduced keys on the same frames", items=SHARINGS
    )
    hand_key_ease: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Ease to Own Keys",
        description="Frames on each side of a key of your own over which the generated keys come to meet it",
        default=KeySettings.ease_frames,
        min=0.0,
        soft_max=20.0,
        max=1000.0,
        precision=0,
        step=100,
    )
    whole_frames: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Whole Frames",
        description="Key whole frames also where the clip's fall between those of the scene",
        default=KeySettings.whole_frames,
    )
    retarget: bpy.props.PointerProperty(  # type: ignore[valid-type]
        name="Other Rig", description="The rig that gets the fingers as well", type=HandmocapRetargetSettings
    )
    bake_alembic: bpy.props.BoolProperty(name="Alembic", default=True)  # type: ignore[valid-type]
    bake_usd: bpy.props.BoolProperty(name="USD", default=True)  # type: ignore[valid-type]
    bake_folder: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Folder", description="Where body.abc and body.usdc go; empty for beside the hands", subtype="DIR_PATH"
    )

    def fill_in(self, attribute: str, path: str) -> None:
        """Set a field on the clip's behalf, so that another clip may change it again."""
        setattr(self, attribute, path)
        setattr(self, f"found_{attribute}", path)

    def clip_path(self) -> Path | None:
        return _path(self.clip)

    def gvhmr_path(self) -> Path | None:
        return _path(self.gvhmr)

    def hand_poses_path(self) -> Path | None:
        return _path(self.hand_poses)

    def result_folder(self) -> Path | None:
        """Where new results go: beside GVHMR's result, else in `mocap/<clip>/` beside the clip, else beside the hands."""
        gvhmr, clip, hands = self.gvhmr_path(), self.clip_path(), self.hand_poses_path()
        if gvhmr is not None:
            return gvhmr.parent
        if clip is not None:
            return clip.parent / "mocap" / clip.stem
        return hands.parent if hands is not None else None

    def bake_targets(self) -> tuple[Path, ...]:
        """The files that Bake writes; none where it is not known where."""
        folder = _path(self.bake_folder) or self.result_folder()
        chosen = {"body.abc": self.bake_alembic, "body.usdc": self.bake_usd}
        return tuple(folder / name for name, is_chosen in chosen.items() if is_chosen) if folder is not None else ()

    def other_people(self) -> tuple[Path, ...]:
        """GVHMR results of the others in the clip; none where the chosen one is not of its people."""
        chosen = self.gvhmr_path()
        people = [_path(person.gvhmr) for person in self.people]
        return tuple(path for path in people if path is not None and path != chosen) if chosen in people else ()

    def action_name(self) -> str:
        """Of the action that gets the finger keys where the armature has none."""
        path = self.clip_path() or self.hand_poses_path()
        return f"{path.stem if path is not None else 'fingers'} motion"

    def estimate_request(self, target: Path, estimator: str, weights: Path | None) -> EstimateRequest:
        """What Estimate asks the worker for; there must be a clip. `weights` are WiLoR's."""
        clip = self.clip_path()
        assert clip is not None
        request = EstimateRequest(
            clip,
            target,
            estimator,
            self.gvhmr_path(),
            self.other_people(),
            frames=(self.first_frame, self.last_frame) if self.frames == "RANGE" else None,
            side=None if self.sides == "BOTH" else self.sides.lower(),
            afresh=self.afresh,
        )
        if estimator != "wilor":
            return request
        return replace(request, model=weights, detector_size=self.detector_size, batch=self.batch or None)

    def wrist_settings(self) -> WristSettings:
        return WristSettings(
            WristSource(self.wrist.lower()), self.forearm_twist, self.longest_gap, self.ease, lowest_score=self.lowest_score
        )

    def key_settings(self) -> KeySettings:
        return KeySettings(self.hand_key_ease, self.whole_frames)

    def cleanup(self) -> CleanupSettings:
        own = zip(SMOOTHING_TARGETS, self.has_own_smoothing, self.own_smoothing, strict=True)
        return CleanupSettings(
            longest_gap=self.longest_gap,
            ease=self.ease,
            smoothing=self.smoothing,
            smoothing_of=tuple((name, strength) for name, has_own, strength in own if has_own),
            lowest_score=self.lowest_score,
        )

    def reduction(self) -> ReductionSettings:
        return ReductionSettings(self.reduction_error, KeySharing(self.reduction_sharing.lower()))

    def body_choice(self) -> str:
        """`stand-in`, or the path of the model file."""
        return "stand-in" if self.body == "STAND_IN" else str(_path(self.smplx_model) or "")


def _path(text: str) -> Path | None:
    return Path(bpy.path.abspath(text)) if text else None
