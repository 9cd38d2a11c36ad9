"""Cameras with the clip behind them: which they are, and where the clip's pixels lie in a viewport that looks through."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...core.errors import ClipError
from ...core.overlay.picture_placement import CROP, FIT, PicturePlacement, chained, frame_to_region, pixels_to_frame
from ..curves.kept_text import kept_numbers
from ..version_differences import drop_older_copy
from .footage import refuse_beyond_reason
from .place import ClipPlace
from .shown_pictures import ClipPicture

Array = NDArray[Any]

# On a movie clip of Blender's: of which clip it shows the pictures, by its folder's and its own name, since projects move.
_SHOWS = "handmocap_shows"
# And for which place of the clip on the timeline: its first frame and the rate.
_PLACE = "handmocap_shown_place"


def clip_background(camera: Any, clip: Path) -> Any | None:
    """The background of a camera object that shows a clip (a video or a folder of images), or None. Looks at no file."""
    if camera is None or camera.type != "CAMERA":
        return None
    wanted, mark = os.path.normcase(os.path.normpath(clip)), _mark(clip)
    for background in camera.data.background_images:
        footage = background.clip if background.source == "MOVIE_CLIP" else background.image
        if footage is None or not footage.filepath:
            continue
        path = os.path.normcase(os.path.normpath(bpy.path.abspath(footage.filepath, library=footage.library)))
        # Of a folder of images the background knows the first. A proxy says of what it is one.
        if wanted in (path, os.path.dirname(path)) or footage.get(_SHOWS) == mark:  # noqa: PTH120
            return background
    return None


def _mark(clip: Path) -> str:
    return "/".join(Path(os.path.normpath(clip)).parts[-2:])


def show_picture(camera: Any, clip: Path, picture: ClipPicture) -> None:
    """Show a clip as a camera's background, in the place of what was shown of it before.

    Raises:
        ClipError: Blender cannot read the picture's file.
    """
    background = clip_background(camera, clip)
    footage = _footage(picture, None if background is None else background.clip)
    footage.frame_start = picture.first_frame
    footage.display_aspect = (float(picture.pixel_aspect), 1.0)
    footage[_SHOWS] = _mark(clip)
    drop_older_copy(footage, _SHOWS)
    if picture.place is not None:
        footage[_PLACE] = [picture.place.first_frame, picture.place.fps]
        drop_older_copy(footage, _PLACE)
    if background is None:
        background = camera.data.background_images.new()
        background.alpha = 1.0
        background.display_depth = "BACK"
        background.frame_method = _frame_method(camera, footage)
    background.source = "MOVIE_CLIP"
    background.clip = footage
    camera.data.show_background_images = True


def shown_place(scene: Any, clip: Path) -> ClipPlace | None:
    """For which place of the clip on the timeline its picture was chosen; None where none is shown, or that is not known."""
    background = clip_background(clip_camera(scene, clip), clip)
    kept = kept_numbers(background.clip.get(_PLACE), _PLACE) if background is not None and background.clip else []
    return ClipPlace(*kept) if len(kept) == 2 and kept[1] > 0.0 else None


def _footage(picture: ClipPicture, shown: Any | None) -> Any:
    """The movie clip of a file; one of its own where another camera shows the file from another frame on."""
    file = os.path.normcase(picture.file)
    for footage in (*([shown] if shown is not None else []), *bpy.data.movieclips):
        path = os.path.normcase(os.path.normpath(bpy.path.abspath(footage.filepath, library=footage.library)))
        is_free = footage.frame_start == picture.first_frame or footage.users <= (1 if footage == shown else 0)
        if path == file and footage.library is None and is_free:
            return footage
    refuse_beyond_reason(picture.file)
    try:
        return bpy.data.movieclips.load(str(picture.file), check_existing=False)
    except RuntimeError as error:
        raise ClipError(f"Blender cannot read {picture.file.name}", "choose another clip") from error


def _frame_method(camera: Any, footage: Any) -> str:
    """How the picture fills the frame's width, as the lens of a camera of ours counts, whatever the scene's own shape."""
    if camera.data.sensor_fit != "HORIZONTAL":
        return FIT
    render, size, pixel = bpy.context.scene.render, footage.size, footage.display_aspect
    frame = render.resolution_x * render.pixel_aspect_x / (render.resolution_y * render.pixel_aspect_y)
    shown = size[0] * pixel[0] / max(size[1] * pixel[1], 1.0)
    return FIT if shown > frame * 0.999 else CROP


def clip_camera(scene: Any, clip: Path) -> Any | None:
    """A camera with the clip behind it, the scene's own before others."""
    cameras = [scene.camera, *(thing for thing in scene.objects if thing.type == "CAMERA")]
    return next((camera for camera in cameras if clip_background(camera, clip) is not None), None)


def pixels_to_region(
    scene: Any, camera: Any, background: Any, source_size: tuple[int, int] | None, window_matrix: Any,
    region_size: tuple[int, int],
) -> Array | None:  # fmt: skip
    """The map (2, 3) from pixels of the clip to pixels of a region that looks through its camera; None without a size.

    Args:
        scene: whose picture size shapes the camera's frame.
        camera, background: from `clip_background`.
        source_size: width and height to which the pixels belong; those of the picture behind the camera where None.
        window_matrix: of the region, from the camera's space to clip space.
        region_size: width and height of the region in pixels.
    """
    shown = _shown_size(background)
    size = source_size or shown
    if size is None:
        return None
    width, height = shown or size
    footage = background.clip if background.source == "MOVIE_CLIP" else background.image
    pixel_width, pixel_height = footage.display_aspect
    frame = np.array([tuple(corner) for corner in camera.data.view_frame(scene=scene)])
    placement = PicturePlacement(
        frame_method=background.frame_method,
        offset=(background.offset[0], background.offset[1]),
        scale=background.scale,
        rotation=background.rotation,
        flip_x=background.use_flip_x,
        flip_y=background.use_flip_y,
    )
    orthographic_scale = camera.data.ortho_scale if camera.data.type == "ORTHO" else 1.0
    to_frame = pixels_to_frame(size, width * pixel_width / (height * pixel_height), frame, placement, orthographic_scale)
    return chained(to_frame, frame_to_region(window_matrix, frame[0, 2], region_size))


def _shown_size(background: Any) -> tuple[int, int] | None:
    """Of the picture behind the camera; None where its file is gone."""
    if background.source == "MOVIE_CLIP":
        # Without its file a movie clip calls itself 256 pixels wide and high.
        width, height = background.clip.size if background.clip.frame_duration > 0 else (0, 0)
    else:
        width, height = background.image.size
    return (width, height) if width > 0 and height > 0 else None
