"""Runs GVHMR's own program on a clip, and keeps its result beside a record of what it was made from."""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from ...core.audience import way_out
from ...core.body.gvhmr_file import GVHMR_LICENCE, RESULT_NAME, read_gvhmr_result
from ...core.body.gvhmr_record import is_own_result, is_result_of, keep_result, made_from
from ...core.errors import BadUsageError, GvhmrFailedError, HandmocapError
from ...core.files.atomic_files import ensure_output_folder, output_error
from ...core.files.damaged_files import aside_of, put_aside
from ...core.files.temporary_folders import TemporaryFolder
from ...set_up.guarded import start_guarded
from ...set_up.gvhmr_checkout import GvhmrCheckout
from ..events import Cancellation, EventWriter
from ..gvhmr.words import failure, plain_line, progress_of
from ..video import probe_clip

_LOOK_SECONDS: Final = 0.05
_LAST_WORDS_SECONDS: Final = 1.0
_KEPT_LINES: Final = 200
# Hydra, by which GVHMR reads its options, takes some names of files for formulas: this one it takes as it is.
_NAME: Final = "clip"


@dataclass(frozen=True)
class Request:
    """One clip for GVHMR. `focal_mm` is that of a full-frame lens; None leaves it to GVHMR."""

    clip: Path
    folder: Path  # where the result goes, as hmr4d_results.pt
    program: GvhmrCheckout
    static_camera: bool = False
    focal_mm: int | None = None
    afresh: bool = False

    @property
    def options(self) -> dict[str, Any]:
        return {"static_camera": self.static_camera, "focal_mm": self.focal_mm}


def gvhmr_body(request: Request, events: EventWriter, cancellation: Cancellation) -> bool:
    """Have the clip's GVHMR result in a folder; whether the one that was there already is it.

    Raises:
        HandmocapError: there is none; what was in the folder is as it was.
    """
    if probe_clip(request.clip).is_image_folder:
        raise BadUsageError(
            f"GVHMR takes a video, and {request.clip.name} is pictures",
            way_out("make a video of them, or choose Built-in under Body From", "make a video of them, or leave gvhmr out"),
        )
    ensure_output_folder(request.folder)
    request.program.check(request.focal_mm)
    wanted = made_from(request.clip, request.options, request.program.identity())
    if not request.afresh and is_result_of(request.folder, wanted):
        return True
    cancellation.check()
    with TemporaryFolder() as place:
        made = _made_in(place.path, request, events, cancellation)
        cancellation.check()
        old = request.folder / RESULT_NAME
        if old.exists() and not is_own_result(request.folder):
            aside = aside_of(old, "own")
            put_aside(old, aside)
            events.log(f"{RESULT_NAME} was somebody's own and is now {aside.name}")
        notes = {"clip_name": request.clip.name, "licence": GVHMR_LICENCE}
        keep_result(made, request.folder, wanted, notes)
    return False


def _made_in(place: Path, request: Request, events: EventWriter, cancellation: Cancellation) -> Path:
    """Run it in a fresh folder, since it takes whatever files it finds for finished ones.

    Raises:
        HandmocapError: it made no whole result.
    """
    video = _placed(request.clip, place)
    folder = place / "out" / _NAME
    folder.mkdir(parents=True)
    request.program.prepare(folder)
    command = request.program.command(video, folder.parent, request.static_camera, request.focal_mm)
    lines, exit_code = _followed(command, request.program, events, cancellation)
    result = folder / RESULT_NAME
    why = failure(lines, exit_code, request.clip.name, str(request.program.python), str(place)) if exit_code != 0 else None
    if not result.is_file():
        raise why or GvhmrFailedError("GVHMR ended without a result", "its log has all that it said")
    try:
        read_gvhmr_result(result)
    except HandmocapError as error:
        raise why or error from error
    if why is not None:
        # What it does after its result is for looking at.
        events.log(f"GVHMR's result is whole, and after it: {why.sentence()}")
    return result


def _placed(clip: Path, place: Path) -> Path:
    """The clip under a name that GVHMR takes, without a second copy where the system can."""
    target = place / f"{_NAME}{clip.suffix}"
    try:
        target.symlink_to(clip.resolve())
    except OSError:  # Windows, as a rule
        try:
            os.link(clip, target)
        except OSError:
            try:
                shutil.copyfile(clip, target)
            except OSError as error:
                raise output_error(place, error) from error
    return target


def _followed(
    command: list[str], program: GvhmrCheckout, events: EventWriter, cancellation: Cancellation
) -> tuple[list[str], int]:
    """Run it to its end, tell how far it is, and say its words to stderr; its last lines and its exit code.

    Raises:
        CancelledError: that was asked for; it and all that it started are gone.
        GvhmrFailedError: it cannot be started.
    """
    # A terminal's width and kind, so that its bars come as they move, each with its numbers.
    environment = {**os.environ, **program.variables(), "COLUMNS": "200", "FORCE_COLOR": "1"}
    try:
        process = start_guarded(command, environment, cwd=program.start_folder)
    except OSError as error:
        raise GvhmrFailedError(f"GVHMR cannot be started ({error.strerror})", "look at its Python and its folder") from error
    assert process.stdin is not None
    assert process.stdout is not None
    said: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process.stdout, said), daemon=True)
    reader.start()
    kept: deque[str] = deque(maxlen=_KEPT_LINES)
    try:
        while process.poll() is None:
            cancellation.check()
            with contextlib.suppress(queue.Empty):
                _take(said.get(timeout=_LOOK_SECONDS), kept, events)
        until = time.monotonic() + _LAST_WORDS_SECONDS
        while (reader.is_alive() or not said.empty()) and time.monotonic() < until:
            with contextlib.suppress(queue.Empty):
                _take(said.get(timeout=_LOOK_SECONDS), kept, events)
    finally:
        with contextlib.suppress(OSError):
            process.stdin.close()
        process.wait()
    return list(kept), process.returncode


def _take(line: str, kept: deque[str], events: EventWriter) -> None:
    progress = progress_of(line)
    if progress is not None:
        events.progress(progress.stage, progress.done, progress.total)
    # Of a bar that moves the end is enough.
    if progress is None or progress.done == progress.total or progress.total == 1:
        kept.append(line)
        print(line, file=sys.stderr, flush=True)


def _read(pipe: IO[bytes], said: queue.Queue[str]) -> None:
    with contextlib.suppress(OSError, ValueError):
        for line in _lines(pipe):
            plain = plain_line(line.decode("utf-8", "replace"))
            if plain:
                said.put(plain)


def _lines(pipe: IO[bytes]) -> Iterator[bytes]:
    """A bar goes back to the beginning of its line instead of ending it."""
    rest = b""
    while block := os.read(pipe.fileno(), 65536):
        *whole, rest = (rest + block).replace(b"\r", b"\n").split(b"\n")
        yield from whole
        rest = rest[-65536:]
    yield rest
