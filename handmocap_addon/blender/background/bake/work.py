"""Export to a temporary name, have the file read and compared with the scene, and only then put it in place."""

from __future__ import annotations

import contextlib
import platform
import shutil
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ....core.bake.expectation import FileExpectation
from ....core.bake.options import UNITS_PER_METRE, BakeFile
from ....core.bake.progress import ProgressSink, progress_of
from ....core.bake.sampling import sampled_frames, usd_density
from ....core.errors import BakeError, MissingSetupError, PointsDifferError, WorkerFailedError
from ....core.files.atomic_files import replacing, write_json
from ....core.files.extension_manifest import extension_version
from ....core.files.file_hashes import sha256_of
from ....core.files.json_dataclasses import to_json
from ...bake.request import BakeRequest
from ...jobs.scene_copy_order import SceneCopyOrder
from ...saving import cut_short, write_error
from ...scene_time import frame_rate_fraction
from ..object_mode import leave_modes
from .capture import Capture
from .exact_surface import POSE_NAME, bake_exact_surface
from .export import export, path_in_file, show
from .local import make_local
from .pieces import ExactPose, finished_piece, report_path, scene_fingerprint
from .prover import Prover
from .read_back import read_back
from .scene import BakeScene, prepare_scene

Array = NDArray[Any]

# What a file must reach against the evaluated scene, metres: float32 positions of a person some metres from the origin.
LARGEST_DISTANCE = 1e-4
_PROGRESS_SECONDS = 0.1
# To read a file takes about as long as to write it; a drive or a library that hangs takes for ever.
_LEAST_SECONDS_TO_PROVE = 300.0
_TIMES_THE_WRITING = 30.0


def bake_request(order: SceneCopyOrder, request: BakeRequest, report_progress: ProgressSink) -> list[dict[str, Any]]:
    """Open the order's file and bake each target; returns one report a file.

    Raises:
        HandmocapError: no target was changed by the one that failed.
    """
    bpy.ops.wm.open_mainfile(filepath=str(order.blend))
    leave_modes()
    armature = bpy.data.objects[request.armature]
    camera = bpy.data.objects[request.camera] if request.camera else None
    meshes = [bpy.data.objects[name] for name in request.meshes]
    make_local([armature, *meshes, *([camera] if camera is not None else [])])
    notes = {}
    if request.exact is not None:
        show(bpy.context.scene, [armature, *meshes])
        times = request.frames_of_exact_surface
        notes["exact_surface"] = bake_exact_surface(armature, request.exact, times, order.folder, report_progress)
    prepared = prepare_scene(request.options, armature, meshes, camera, request.first_frame)
    with ThreadPoolExecutor(1) as hashing, _Reader(request.readers_python, report_progress) as reader:
        sources = hashing.submit(_hashes, {"blend": order.blend, **request.sources})
        bake = _Bake(request, order.folder, prepared, reader, sources, report_progress, notes)
        return bake.run()


def _hashes(sources: dict[str, Path]) -> dict[str, dict[str, Any]]:
    there = {what: path for what, path in sources.items() if path.is_file()}
    return {
        what: {"name": path.name, "bytes": path.stat().st_size, "sha256": sha256_of(path)} for what, path in there.items()
    }


@dataclass(frozen=True)
class _Written:
    """A file under its temporary name, and what it must hold."""

    file: BakeFile
    place: contextlib.ExitStack
    folder: Path
    expected: FileExpectation
    seconds_writing: float
    fingerprint: str | None


class _Bake:
    def __init__(
        self, request: BakeRequest, folder: Path, prepared: BakeScene, reader: _Reader,
        sources: Future[dict[str, dict[str, Any]]], report_progress: ProgressSink, notes: dict[str, Any],
    ) -> None:  # fmt: skip
        self._request, self._options, self._folder = request, request.options, folder
        self._prepared, self._reader, self._sources = prepared, reader, sources
        self._report_progress, self._notes = report_progress, notes

    def run(self) -> list[dict[str, Any]]:
        """A file is proved while the next one is written; pieces that an earlier bake finished are kept."""
        reports: list[dict[str, Any]] = []
        waiting: _Written | None = None
        for number, file in enumerate(self._request.files):
            fingerprint = self._fingerprint(file)
            kept = finished_piece(file.path, fingerprint, self._versions()) if fingerprint is not None else None
            try:
                written = self._write(file, self._folder / f"file{number}", fingerprint) if kept is None else None
            finally:
                if waiting is not None:
                    reports.append(self._finish(waiting))
                    waiting = None
            if kept is not None:
                reports.append(kept)
            waiting = written
            if waiting is not None:
                self._reader.begin(waiting)
        if waiting is not None:
            reports.append(self._finish(waiting))
        return reports

    def _fingerprint(self, file: BakeFile) -> str | None:
        """Of a piece's frames; None where the whole range is one file, or something moves that cannot be told so."""
        if self._options.piece_frames is None:
            return None
        self._report_progress(progress_of(f"Looking at {file.path.name}", 0, 1, time.monotonic()))
        suffix = file.path.suffix.lower()
        self._prepared.turn_for(suffix, self._options)
        frames = sampled_frames(suffix, self._options, file.first_frame, file.last_frame)
        return scene_fingerprint(self._prepared, file.parts, frames, self._options, self._exact_pose())

    def _exact_pose(self) -> ExactPose | None:
        if self._request.exact is None:
            return None
        times = self._request.frames_of_exact_surface
        return ExactPose(self._folder / POSE_NAME, times, self._notes["exact_surface"]["model_sha256"])

    def _write(self, file: BakeFile, folder: Path, fingerprint: str | None) -> _Written:
        started, target = time.monotonic(), file.path
        place = contextlib.ExitStack()
        try:
            temporary = place.enter_context(replacing(target))
            folder.mkdir()
            expected = self._export(temporary, file, folder, f"Writing {target.name}")
            if not temporary.is_file() or temporary.stat().st_size == 0:
                raise write_error(target, RuntimeError("the exporter left no file"))
        except BaseException as error:
            place.__exit__(type(error), error, error.__traceback__)
            raise
        return _Written(file, place, folder, expected, time.monotonic() - started, fingerprint)

    def _export(self, path: Path, file: BakeFile, folder: Path, stage: str) -> FileExpectation:
        scene, options, suffix = self._prepared.scene, self._options, path.suffix.lower()
        self._prepared.turn_for(suffix, options)
        meshes, camera = self._prepared.of(file.parts)
        whole = file.first_frame, file.last_frame
        frames = sampled_frames(suffix, options, *whole)
        skeleton = [self._prepared.armature] if options.geometry == "skeleton" and meshes else []
        # Skinned by another program, points are never the same to the bit.
        kept_in = folder if skeleton or self._reader.wants_points else None
        capture = Capture(meshes, camera, frames, kept_in, self._progress(stage, len(frames)))
        things = [*skeleton, *meshes, *([camera] if camera is not None else [])]
        # While it writes a skeleton the exporter lets nothing deform, and for one frame it does not change the frame.
        by_itself = bool(skeleton) or len(frames) == 1
        scene.frame_set(file.first_frame)
        export(path, scene, things, options, whole, _ignore if by_itself else capture)
        if by_itself:
            self._step_through(capture, frames)
        capture.finish()
        rate = self._rate()
        return FileExpectation(
            path=path,
            up_axis=options.up_axis_of(suffix),
            units_per_metre=UNITS_PER_METRE[options.unit],
            frames_per_second=float(rate),
            time_codes_per_second=float(rate) * (usd_density(options) if suffix != ".abc" else 1),
            frames=frames,
            largest_distance_m=LARGEST_DISTANCE,
            meshes=capture.meshes(path_in_file, self._to_scene()),
            cameras=capture.cameras(path_in_file, self._to_scene()),
        )

    def _with_points(self, written: _Written) -> FileExpectation:
        """What a file must hold with the points themselves, by going through the scene again."""
        suffix = written.file.path.suffix.lower()
        self._prepared.turn_for(suffix, self._options)
        meshes, camera = self._prepared.of(written.file.parts)
        show(self._prepared.scene, [*meshes, *([camera] if camera is not None else [])])
        frames = written.expected.frames
        progress = self._progress(f"Looking at {written.file.path.name}", len(frames))
        capture = Capture(meshes, camera, frames, written.folder, progress)
        self._step_through(capture, frames)
        capture.finish()
        return replace(written.expected, meshes=capture.meshes(path_in_file, self._to_scene()))

    def _step_through(self, capture: Capture, frames: tuple[float, ...]) -> None:
        scene = self._prepared.scene
        for frame in frames:
            scene.frame_set(int(np.floor(frame)), subframe=frame - float(np.floor(frame)))
            capture(scene, bpy.context.evaluated_depsgraph_get())

    def _to_scene(self) -> Array:
        """(4, 4): the scene lies turned where Blender would not write the wanted axis."""
        return np.array(self._prepared.offset @ self._prepared.root.matrix_world.inverted())

    def _progress(self, stage: str, total: int) -> Callable[[int], None]:
        """Tells how many are done, not for every one of them: an exporter goes through thousands a second."""
        started, told = time.monotonic(), 0.0

        def tell(done: int) -> None:
            nonlocal told
            now = time.monotonic()
            if now - told >= _PROGRESS_SECONDS or done == total:
                told = now
                self._report_progress(progress_of(stage, done, total, started))

        return tell

    def _rate(self) -> Fraction:
        return self._options.frame_rate or frame_rate_fraction(self._prepared.scene)

    def _finish(self, written: _Written) -> dict[str, Any]:
        started = time.monotonic()
        with written.place:
            try:
                proof = self._reader.answer(written, self._prepared.scene, lambda: self._with_points(written))
            except (BakeError, WorkerFailedError) as error:
                # Exporters do not look whether all that they wrote found room.
                raise cut_short(written.expected.path, written.file.path) or error from error
            size = written.expected.path.stat().st_size
        shutil.rmtree(written.folder, ignore_errors=True)
        whole = [frame for frame in written.expected.frames if frame == round(frame)]
        file = written.file
        report = {
            "path": str(file.path),
            "parts": file.parts,
            "frames": file.last_frame - file.first_frame + 1,
            "first_frame": file.first_frame,
            "last_frame": file.last_frame,
            "samples_on_whole_frames": len(whole),
            "frames_per_second": str(self._rate()),
            **self._notes,
            **proof,
            "bytes": size,
            "seconds_writing": round(written.seconds_writing, 3),
            "seconds_checking": round(time.monotonic() - started, 3),
        }
        if written.fingerprint is not None:
            report["fingerprint"] = written.fingerprint
        write_json(report_path(file.path), report | self._provenance())
        return report

    def _provenance(self) -> dict[str, Any]:
        return {
            "options": to_json(self._options),
            "sources": self._sources.result(),
            "versions": self._versions(),
            "licences": self._request.licences,
        }

    def _versions(self) -> dict[str, str]:
        return {
            "handmocap": extension_version(),
            "blender": bpy.app.version_string,
            "python": platform.python_version(),
        }


def _ignore(*_: Any) -> None:
    pass


class _Reader:
    """The independent readers in a process of their own, or Blender itself where they are not set up."""

    def __init__(self, python: Path | None, report_progress: ProgressSink) -> None:
        self._prover = Prover(python) if python is not None else None
        self._report_progress = report_progress

    def __enter__(self) -> _Reader:
        return self

    def __exit__(self, *_: object) -> None:
        if self._prover is not None:
            self._prover.close()

    @property
    def wants_points(self) -> bool:
        """Whether digests of them are not enough: Blender's own importer need not give them back to the bit."""
        return self._prover is None

    def begin(self, written: _Written) -> None:
        """Start on a file."""
        if self._prover is not None:
            self._begin(written.expected, written.folder)

    def answer(self, written: _Written, scene: Any, with_points: Callable[[], FileExpectation]) -> dict[str, Any]:
        """The proof of the file that was begun; `with_points` is asked for where digests are not enough.

        Raises:
            HandmocapError: it does not hold what the scene had.
        """
        stage, expected = f"Checking {written.file.path.name}", written.expected
        if self._prover is not None:
            self._report_progress(progress_of(stage, 0, len(expected.frames), time.monotonic()))
            # Without an answer Blender itself looks.
            limit = max(_LEAST_SECONDS_TO_PROVE, _TIMES_THE_WRITING * written.seconds_writing)
            try:
                return self._prover.answer(limit)
            except PointsDifferError:
                expected = with_points()
                self._begin(expected, written.folder)
                return self._prover.answer(limit)
            except MissingSetupError:
                self._prover.close()
                self._prover = None
                expected = with_points()
        return read_back(scene, expected, self._report_progress, stage)

    def _begin(self, expected: FileExpectation, folder: Path) -> None:
        assert self._prover is not None
        expectation = folder / "expectation.npz"
        expected.save(expectation)
        self._prover.begin(expectation)
