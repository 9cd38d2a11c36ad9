"""What the panel holds for a scene. Saved with the file."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from pathlib import Path

import bpy

from ..blender.motion.key_reduction import ReductionSettings
from ..blender.rig.ghosts import is_ghost
from ..blender.shot.estimate_request import EstimateRequest
from ..blender.shot.gvhmr_stage import GvhmrStage
from ..blender.version_differences import path_options
from ..core.body.body_choices import GVHMR
from ..core.body.body_motion_file import BODY_MOTION_NAME
from ..core.body.gvhmr_record import has_record
from ..core.cleanup.settings import SMOOTHING_TARGETS, CleanupSettings
from ..core.cleanup.wrist import WristSettings
from ..core.cleanup.wrist_source import WristSource
from ..core.errors import BadUsageError
from ..core.files.output_places import OutputPlace, filled_place, output_place
from ..core.keys.key_sharing import KeySharing
from ..core.keys.settings import KeySettings
from .bake.settings import HandmocapBakeSettings
from .cleanup import live
from .common.choices import BODIES_FROM, SHARINGS, WRISTS
from .common.chosen_paths import chosen_folder, path_said
from .common.estimators import ESTIMATORS
from .common.guards import quiet_update
from .common.preferences import default_estimator, gvhmr_checkout, gvhmr_python, output_pattern, smplx_models
from .motion_files.settings import HandmocapMotionFiles
from .overlay.settings import HandmocapShown
from .retarget.settings import HandmocapRetargetSettings
from .source.choosing import clip_chosen, gvhmr_chosen
from .source.people import HandmocapPerson, people_items, person_chosen
from .state import disk

BODY_CHOICES = (
    ("STAND_IN", "Stand-in", "The wooden mannequin; needs no licensed file"),
    ("FILE", "SMPL-X file", "Your own SMPLX_NEUTRAL, MALE or FEMALE .npz"),
)
SMPLX_KINDS = (
    ("NEUTRAL", "Neutral", "SMPLX_NEUTRAL.npz of the folder in the preferences: what GVHMR's shapes are made for"),
    ("MALE", "Male", "SMPLX_MALE.npz of the folder in the preferences; GVHMR's shapes look a little different on it"),
    ("FEMALE", "Female", "SMPLX_FEMALE.npz of the folder in the preferences; GVHMR's shapes look a little different on it"),
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


def _estimator(settings: HandmocapSettings) -> int:
    """The scene's own, else that of the preferences, as Blender counts choices."""
    names = [name for name, *_ in ESTIMATORS]
    chosen = settings.own_estimator or default_estimator(bpy.context)
    return names.index(chosen) if chosen in names else 0


def _set_estimator(settings: HandmocapSettings, number: int) -> None:
    settings.own_estimator = ESTIMATORS[number][0]


def _apply_live(_settings: HandmocapSettings, context: bpy.types.Context) -> None:
    live.smoothing_changed(context)


def _is_armature(_settings: HandmocapSettings, candidate: bpy.types.Object) -> bool:
    return candidate.type == "ARMATURE" and not is_ghost(candidate)


class HandmocapSettings(bpy.types.PropertyGroup):
    """The panel's fields."""

    clip: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Clip",
        description="The video, or a folder of images. A GVHMR result and hands that lie beside it are filled in",
        subtype="FILE_PATH",
        options=path_options(),
        update=quiet_update(clip_chosen),
    )
    body_from: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Body From",
        description="Where the body's motion comes from",
        items=BODIES_FROM,
        default="AUTO",
        options=set(),
    )
    focal_mm: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Lens",
        description="Focal length for GVHMR in whole millimetres of a full-frame camera, such as 26 for many phones; "
        "0: GVHMR's own guess",
        default=0,
        min=0,
        soft_max=200,
    )
    gvhmr: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Body Motion",
        description="GVHMR's hmr4d_results.pt of the same clip, the body_motion.npz that Estimate writes, or what GEM-SMPL, "
        "PromptHMR and AMASS write; empty until there is one",
        subtype="FILE_PATH",
        options=path_options(),
        update=quiet_update(gvhmr_chosen),
    )
    hand_poses: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Hands",
        description="The raw hands: the hand_poses.npz that Estimate writes, or one of your own. Cleanup never changes it",
        subtype="FILE_PATH",
        options=path_options(),
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
    places: bpy.props.StringProperty(  # type: ignore[valid-type]
        description="Where the files of these fields were when the file was last saved", options={"HIDDEN"}
    )
    people: bpy.props.CollectionProperty(  # type: ignore[valid-type]
        description="The people of the clip who have GVHMR results", type=HandmocapPerson, options={"HIDDEN"}
    )
    person: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Person",
        description="Whose body and hands the stages are about; the others in the clip keep theirs",
        items=people_items,
        update=quiet_update(person_chosen),
    )
    own_estimator: bpy.props.StringProperty(  # type: ignore[valid-type]
        description="The estimator that was chosen in this scene; empty for that of the preferences", options={"HIDDEN"}
    )
    estimator: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Estimator",
        description="What finds the hands. Change it where MediaPipe loses them; the default is in the preferences",
        items=ESTIMATORS,
        get=_estimator,
        set=_set_estimator,
    )
    detector_size: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Detector",
        description="Pixels of the longer side on which WiLoR looks for hands. Raise it where small hands are missed: "
        "twice as many "
        "take about four times as long to look through",
        default=DETECTOR_SIZE,
        min=32,
        soft_min=320,
        soft_max=2560,
        step=32,
        subtype="PIXEL",
    )
    batch: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Batch",
        description="Hands that go through the network at once. Lower it where the card's memory is wanted for other "
        "things; "
        "0: what suits the device",
        default=0,
        min=0,
        soft_max=128,
    )
    sides: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Sides",
        items=SIDES_ESTIMATED,
        description="Which of the person's hands to look for. One side alone costs the same time and leaves the other "
        "as it is",
    )
    frames: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Frames",
        items=FRAMES_ESTIMATED,
        description="On which frames to look for hands. A range repairs a bad spot without looking through the whole "
        "clip again",
    )
    first_frame: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="First", description="First frame of the clip to look at, counted from 1", default=1, min=1
    )
    last_frame: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Last", description="Last frame of the clip to look at, itself included", default=100, min=1
    )
    afresh: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Again although Finished",
        description="Look for the hands again, and run GVHMR again, where the files are already of this clip with these "
        "settings. Costs a full run",
    )
    body: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Body",
        description="What Add Body adds: the stand-in needs nothing, an SMPL-X file looks like the person",
        items=BODY_CHOICES,
    )
    smplx_kind: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="SMPL-X Model",
        description="Which of the SMPL-X models in the preferences' folder stands for the person",
        items=SMPLX_KINDS,
    )
    smplx_model: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Model",
        description="An SMPLX_*.npz of your own for this scene; empty: the one chosen above, from the preferences' folder",
        subtype="FILE_PATH",
        options=path_options(),
    )
    armature: bpy.props.PointerProperty(  # type: ignore[valid-type]
        name="Armature",
        description="The SMPL-X armature that gets the keys: the one that was added, or any that is in the scene",
        type=bpy.types.Object,
        poll=_is_armature,
    )
    steady_camera: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Steady Camera",
        description="The real camera stood still: give the scene's camera one pose, without keys. A GVHMR that is "
        "run is told so",
    )
    wrist: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Wrist",
        items=WRISTS,
        description="Whose rotation Apply Body gives the wrists. Try the hands' where GVHMR's wrists are stiff or wrong; "
        "they need Estimate first",
    )
    arms_to_hands: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Arms to the Hands",
        description="Bring the body's hands onto those in the picture: wrists and elbows move as little as that takes. "
        "Arms whose hands are not seen stay; it needs Estimate first",
    )
    forearm_twist: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Forearm Twist",
        description="How much of the wrist's twist the forearm takes. Raise it where the mesh wrings at the wrist; "
        "the hand stays",
        default=0.0,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    smoothing: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Smoothing",
        description="How strongly fingers that hold still are calmed. Raise it where holds tremble; fast gestures "
        "lose little, and 0 "
        "keeps what was measured",
        default=CleanupSettings.smoothing,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        update=quiet_update(_apply_live),
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
        description="Gaps without a hand are bridged up to this long. Raise it where a hand relaxes in the middle of "
        "a gesture; what "
        "is bridged is guessed",
        default=CleanupSettings.longest_gap,
        min=0.0,
        soft_max=5.0,
        subtype="TIME_ABSOLUTE",
    )
    ease: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Ease",
        description="How long a hand takes to relax where a longer gap begins, and to come back where it ends. "
        "Shorter is abrupt",
        default=CleanupSettings.ease,
        min=0.0,
        soft_max=2.0,
        subtype="TIME_ABSOLUTE",
    )
    lowest_score: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Lowest Score",
        description="Frames on which the estimator was less sure of the hand than this are filled in. Raise it where "
        "blurred hands "
        "flicker; 0 keeps all",
        default=CleanupSettings.lowest_score,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    reduction_error: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Error",
        description="By how many degrees a finger bone may turn from where all keys would have it. More leaves fewer keys",
        default=ReductionSettings.error_degrees,
        min=0.05,
        max=45.0,
        soft_max=10.0,
    )
    reduction_sharing: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Keys By",
        description="Which bones have their reduced keys on the same frames: fewer keys, or easier to edit",
        items=SHARINGS,
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
        description="Key whole frames also where the clip's fall between those of the scene. Off: keys stand where "
        "frames were seen",
        default=KeySettings.whole_frames,
    )
    retarget: bpy.props.PointerProperty(  # type: ignore[valid-type]
        name="Other Rig", description="The rig that gets the fingers as well", type=HandmocapRetargetSettings
    )
    bake: bpy.props.PointerProperty(  # type: ignore[valid-type]
        name="Bake", description="What is baked, and how the receiving program wants it", type=HandmocapBakeSettings
    )
    bake_alembic: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Alembic", description="Bake an .abc with every point on every frame: opens everywhere, large", default=True
    )
    bake_usd: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="USD", description="Bake a .usdc with every point on every frame, for pipelines on USD", default=True
    )
    shown: bpy.props.PointerProperty(  # type: ignore[valid-type]
        name="Shown", description="What is drawn over the clip", type=HandmocapShown
    )
    motion_files: bpy.props.PointerProperty(  # type: ignore[valid-type]
        name="Motion Files", description="Files of the motion for other programs", type=HandmocapMotionFiles
    )
    output_folder: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Results",
        description="Where hands, logs and bakes go; empty for beside the GVHMR result, else the place in the preferences",
        subtype="DIR_PATH",
        options=path_options(),
    )
    bake_folder: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Folder",
        description="Where the baked files go; empty for where all results go. The preferences say what they are called",
        subtype="DIR_PATH",
        options=path_options(),
    )

    def fill_in(self, attribute: str, path: str) -> None:
        """Set a field on the clip's behalf, so that another clip may change it again; relative where the clip is."""
        if path and self.clip.startswith("//"):
            with contextlib.suppress(ValueError):  # another drive
                path = bpy.path.relpath(path)
        setattr(self, attribute, path)
        setattr(self, f"found_{attribute}", path)

    def clip_path(self) -> Path | None:
        return _path(self.clip)

    def gvhmr_path(self) -> Path | None:
        return _path(self.gvhmr)

    def given_body(self) -> Path | None:
        """The body's motion that was there before the hands; the one that Estimate writes is not.

        Of GVHMR's results neither, as long as it can be asked whether they are still those of the clip and the options.
        """
        path = self.gvhmr_path()
        is_ours = (
            path is not None
            and self.gvhmr == self.found_gvhmr
            and (path.name == BODY_MOTION_NAME or (self.runs_gvhmr() and has_record(path.parent)))
        )
        return None if self.body_from == "MEDIAPIPE" or is_ours else path

    def worker_body(self) -> str:
        """What Estimate makes the body with: `--body-from`."""
        return "none" if self.given_body() is not None else self.body_from.lower()

    def runs_gvhmr(self) -> bool:
        """Whether Estimate is to run GVHMR where there is no result yet, and has one to run."""
        program = gvhmr_checkout(bpy.context), gvhmr_python(bpy.context)
        return self.body_from == "GVHMR" and None not in program

    def gvhmr_stage(self) -> GvhmrStage | None:
        """What Estimate runs GVHMR with; None where it does not."""
        if self.worker_body() != GVHMR:
            return None
        return GvhmrStage(gvhmr_checkout(bpy.context), gvhmr_python(bpy.context), self.steady_camera, self.focal_mm or None)

    def hand_poses_path(self) -> Path | None:
        return _path(self.hand_poses)

    def result_folder(self) -> Path | None:
        """Where new results go; None where it is not known, or no place can be written."""
        return self.result_place().folder

    def result_place(self) -> OutputPlace:
        """The scene's folder; else beside GVHMR's result; else that of the preferences; else beside the hands.

        Where such a place cannot be written, as with plates on a server, it is `mocap/<clip>/` beside the saved file.
        """
        if self.output_folder:
            try:
                chosen = chosen_folder(self.output_folder)
            except BadUsageError as error:
                return OutputPlace(None, error.sentence())
            if disk.can_write(chosen):
                return OutputPlace(chosen)
            return OutputPlace(None, f"{chosen} cannot be written: choose another folder for results in Source")
        gvhmr, clip, hands = self.gvhmr_path(), self.clip_path(), self.hand_poses_path()
        blend = Path(bpy.data.filepath) if bpy.data.filepath else None
        shot = clip or hands or gvhmr
        if shot is None:
            return OutputPlace(None)
        if gvhmr is not None or clip is None:
            usual = (gvhmr or shot).parent
        else:
            fields = {"clip_folder": str(clip.parent), "clip": clip.stem, "scene": self.id_data.name}
            if blend is not None:
                fields |= {"blend_folder": str(blend.parent), "blend": blend.stem}
            try:
                usual = filled_place(output_pattern(bpy.context), fields)
            except BadUsageError as error:
                return OutputPlace(None, error.sentence())
        return output_place(usual, blend.parent / "mocap" / shot.stem if blend is not None else None, disk.can_write)

    def other_people(self) -> tuple[Path, ...]:
        """GVHMR results of the others in the clip; none where the chosen one is not of its people, or is not taken."""
        chosen = self.given_body()
        people = [_path(person.gvhmr) for person in self.people]
        return tuple(path for path in people if path is not None and path != chosen) if chosen in people else ()

    def action_name(self) -> str:
        """Of the action that gets the finger keys where the armature has none."""
        path = self.clip_path() or self.hand_poses_path()
        return f"{path.stem if path is not None else 'fingers'} motion"

    def estimate_request(self, target: Path, estimator: str, weights: Path | None, device: str = "auto") -> EstimateRequest:
        """What Estimate asks the worker for; there must be a clip. `weights` and `device` are WiLoR's."""
        clip = self.clip_path()
        assert clip is not None
        request = EstimateRequest(
            clip,
            target,
            estimator,
            self.given_body(),
            self.other_people(),
            body_from=self.worker_body(),
            frames=(self.first_frame, self.last_frame) if self.frames == "RANGE" else None,
            side=None if self.sides == "BOTH" else self.sides.lower(),
            afresh=self.afresh,
            stage=self.gvhmr_stage(),
        )
        if estimator != "wilor":
            return request
        return replace(request, model=weights, device=device, detector_size=self.detector_size, batch=self.batch or None)

    def wrist_settings(self) -> WristSettings:
        return WristSettings(
            WristSource(self.wrist.lower()),
            self.forearm_twist,
            self.longest_gap,
            self.ease,
            lowest_score=self.lowest_score,
            arms_to_hands=self.arms_to_hands,
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
        """`stand-in`, or the path of the model file, "" where there is none."""
        return "stand-in" if self.body == "STAND_IN" else str(self.smplx_model_path() or "")

    def smplx_model_path(self) -> Path | None:
        """The scene's own SMPL-X file, else the chosen one of the preferences' folder."""
        found = (model.path for model in smplx_models(bpy.context) if model.kind == self.smplx_kind)
        return _path(self.smplx_model) or next(found, None)


def _path(text: str) -> Path | None:
    if not text:
        return None
    path = path_said(text)
    if ".." in path.parts:
        # As Blender made it relative: without a look at links.
        plain = Path(os.path.normpath(path))
        path = plain if plain.exists() else path
    if text.startswith("//") and not path.exists():
        # A file that was saved on Windows.
        return path_said(text.replace("\\", "/"))
    return path
