"""What a proxy of a clip shows: on each of its frames one of the clip's. Blender asks for it, the worker makes it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

from ..errors import BadInputError
from ..files.atomic_files import write_json
from ..files.json_dataclasses import from_json
from ..files.json_files import JsonError, read_json

# Another one with whatever changes the pictures of a proxy.
_FORMAT = 1
LONGER_SIDE = 1920  # pixels; what is shown behind a camera needs no more


@dataclass(frozen=True)
class ProxyRequest:
    """A clip and how it was read, and the M frames of the proxy."""

    clip: str  # the path of a video, of a folder of pictures, or of a picture in it
    clip_hash: str  # of its content, as the hands' file has it; "" where that is not known
    image_fps: tuple[int, int]  # numerator and denominator, for pictures
    view: str  # the view transform; auto where the hands' file does not say
    fps: tuple[int, int]  # of the proxy
    times: tuple[float, ...]  # (M,) seconds of the clip's frame that is shown
    lost: tuple[bool, ...]  # (M,) where that frame could not be read

    def digest(self) -> str:
        """The same for requests whose proxies are the same."""
        said = asdict(self) | {"clip": Path(self.clip).name, "format": _FORMAT}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode(errors="surrogateescape")).hexdigest()

    def frames_per_second(self) -> Fraction:
        return Fraction(*self.fps)

    def write(self, path: Path) -> None:
        """Write it for the worker.

        Raises:
            OutputError: the place cannot be written.
        """
        write_json(path, asdict(self))

    @staticmethod
    def read(path: Path) -> ProxyRequest:
        """Read what `write` wrote.

        Raises:
            BadInputError: it is something else.
        """
        try:
            request = from_json(ProxyRequest, read_json(path))
            rates = Fraction(*request.fps), Fraction(*request.image_fps)
            if not request.times or len(request.times) != len(request.lost) or not min(rates) > 0:
                raise ValueError("no frames, or no rate")
            return request
        except (JsonError, ValueError, ArithmeticError) as error:
            raise BadInputError(f"{path.name} asks for no proxy ({error})", "let Blender ask for it again") from error
