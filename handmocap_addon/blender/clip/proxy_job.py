"""Has the worker make the proxy that is shown in a clip's place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ...core.errors import HandmocapError
from ...core.job_protocol import Progress
from ..jobs.child_job import ChildJob
from .backgrounds import show_picture
from .proxy_folder import remove_oldest_proxies
from .shown_pictures import ClipPicture


def start_proxy(picture: ClipPicture, worker: Sequence[str], log_folder: Path) -> ChildJob:
    """Start to make a picture's proxy; its log is in `log_folder`.

    Args:
        picture: with a request.
        worker: how the worker is started.
        log_folder: is made where it is not there.

    Raises:
        OutputError: the folder cannot be written.
    """
    assert picture.request is not None
    asked = log_folder / f"{picture.file.stem}.json"
    picture.request.write(asked)
    command = [*worker, "proxy", "--request", str(asked), "--out", str(picture.file)]
    return ChildJob(command, log_folder / "proxy.log", targets=[picture.file])


def show_when_made(
    camera: Any,
    clip: Path,
    picture: ClipPicture,
    worker: Callable[[], Sequence[str]],
    log_folder: Path,
    on_progress: Callable[[Progress], None],
) -> str | None:
    """Wait for a picture's proxy where it is not there yet, show it behind a camera, and return what to say about it.

    Keys do not need it, so a proxy that cannot be had is a sentence and no error.
    """
    if picture.request is None:
        return None
    try:
        if not picture.is_there:
            start_proxy(picture, worker(), log_folder).wait(on_progress)
        show_picture(camera, clip, picture)
        remove_oldest_proxies(picture)
    except HandmocapError as error:
        return not_shown(clip, picture, error)
    return shown_instead(clip, picture)


def shown_instead(clip: Path, picture: ClipPicture) -> str:
    """That a proxy is shown, and why."""
    return f"Behind the camera is a proxy of {clip.name}, since {picture.reason}: {picture.file.name}"


def not_shown(clip: Path, picture: ClipPicture, error: HandmocapError) -> str:
    """That nothing is shown, and why."""
    return f"{clip.name} is not behind the camera, since {picture.reason}, and no proxy could be made: {error.sentence()}"
