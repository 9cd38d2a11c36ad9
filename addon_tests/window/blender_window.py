"""Blender in its own window, from a fresh profile with the built zip, and what its extension says of itself."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .screen import Screen

_OBSERVER = Path(__file__).with_name("observer.py")
_WINDOW_SECONDS = 240  # on a busy machine


@dataclass(frozen=True)
class Profile:
    """A user's folders of Blender, apart from any real ones."""

    folder: Path
    environments: Path

    def variables(self) -> dict[str, str]:
        places = {
            name: self.folder / name.lower() for name in ("HOME", "XDG_RUNTIME_DIR", "BLENDER_USER_RESOURCES", "TMPDIR")
        }
        for place in places.values():
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
        return {
            **os.environ,
            **{name: str(place) for name, place in places.items()},
            "HANDMOCAP_ENV": str(self.environments),
        }


@dataclass(frozen=True)
class BlenderWindow:
    """A running Blender on a screen."""

    process: subprocess.Popen[bytes]
    screen: Screen
    state_file: Path

    def state(self) -> dict[str, Any]:
        return dict(json.loads(self.state_file.read_text(encoding="utf-8")))

    def wait_until(self, what: str, is_so: Callable[[dict[str, Any]], bool], seconds: float) -> dict[str, Any]:
        """The first state of which `is_so`.

        Raises:
            TimeoutError: it never came; tells the last state.
        """
        until = time.monotonic() + seconds
        state: dict[str, Any] = {}
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"Blender ended with {self.process.returncode} before {what}")
            if self.state_file.is_file():
                state = self.state()
                if "error" not in state and is_so(state):
                    return state
            time.sleep(0.1)
        raise TimeoutError(f"waited {seconds} s in vain for {what}; last: {state}")


def install(blender: str, profile: Profile, extension: Path, online: bool) -> None:
    """Install and enable the zip as `blender --command` does, and give or refuse the permission to go online."""
    variables = profile.variables()
    command = [blender, "--command", "extension", "install-file", "-r", "user_default", "--enable", str(extension)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if "STATUS Installed" not in done.stdout + done.stderr:
        raise RuntimeError(f"the extension was not installed:\n{done.stdout}\n{done.stderr}")
    chosen = (
        "import bpy; p = bpy.context.preferences; p.view.show_splash = False; "
        f"p.system.use_online_access = {online}; bpy.ops.wm.save_userpref()"
    )
    subprocess.run([blender, "--background", "--python-expr", chosen], env=variables, check=True, capture_output=True)


def save_start_file(blender: str, profile: Profile, path: Path, with_cube: bool = True) -> None:
    """The file that the artist has open: Blender's own start file, saved beside the clip."""
    remove = "" if with_cube else "bpy.data.objects.remove(bpy.data.objects['Cube']); "
    save = f"import bpy; {remove}bpy.ops.wm.save_as_mainfile(filepath={str(path)!r})"
    subprocess.run(
        [blender, "--background", "--python-expr", save], env=profile.variables(), check=True, capture_output=True
    )


@contextlib.contextmanager
def open_window(
    blender: str, profile: Profile, screen: Screen, blend: Path, log: Path, more: Sequence[str] = ()
) -> Iterator[BlenderWindow]:
    """Blender with this file, over the whole screen; ended with the block. `more`: a script for its inside and what that reads."""
    state_file = profile.folder / "state.json"
    state_file.unlink(missing_ok=True)
    quit_file = Path(f"{state_file}.quit")
    quit_file.unlink(missing_ok=True)
    command = [blender, str(blend), "--window-geometry", "0", "0", str(screen.width), str(screen.height)]
    script, *arguments = more or [""]
    command += ["--python", str(_OBSERVER), *(["--python", script] if script else []), "--", str(state_file), *arguments]
    variables = {**profile.variables(), "DISPLAY": screen.environment["DISPLAY"]}
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=variables, stdout=output, stderr=subprocess.STDOUT)
    window = BlenderWindow(process, screen, state_file)
    try:
        window.wait_until("its window", lambda state: state["windows"] > 0, _WINDOW_SECONDS)
        yield window
    finally:
        quit_file.touch()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
