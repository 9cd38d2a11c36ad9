"""Takes the pages' pictures of Blender's window anew: a walk over the demo clip from a fresh profile.

    python3 addon_tests/window/pictures.py --zip dist/handmocap-0.1.0.zip --environments DIR [--out docs]

writes `first_steps.png` (nothing set up yet), `panel.png` (after the bake), `cleanup.png` (the list of what needs a look) and `keys.png` (all keys
of a bone, and reduced). Needs what `walk.py` needs.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from addon_tests.window.blender_window import Profile, install, open_window, save_start_file
from addon_tests.window.screen import Screen, new_screen
from addon_tests.window.walk import Walk, copy_shot, plain

REPOSITORY = Path(__file__).resolve().parents[2]
_EDITORS = Path(__file__).with_name("key_editors.py")
_BONE = "left_index2"
# A window has few colours; so its picture takes a third of the room.
_SMALL = ("+dither", "-colors", "256")
# Of the key editors' window: both editors without the rest.
_KEYS_HEIGHT = 352


def _first_steps(options: argparse.Namespace, screen: Screen, place: Path) -> None:
    clip, profile = copy_shot(options.clip, place / "shot"), Profile(place / "profile", place / "environments")
    install(options.blender, profile, options.zip, online=True)
    blend = clip.with_name("shot.blend")
    save_start_file(options.blender, profile, blend, with_cube=False)
    with open_window(options.blender, profile, screen, blend, place / "blender.log") as window:
        walk = Walk("first steps", place, window, clip)
        walk.open_tab()
        time.sleep(1.0)
        _take(screen, options.out / "first_steps.png")


def _work(options: argparse.Namespace, screen: Screen, place: Path) -> None:
    clip, profile = copy_shot(options.clip, place / "shot"), Profile(place / "profile", options.environments)
    install(options.blender, profile, options.zip, online=True)
    blend, log = clip.with_name("shot.blend"), place / "blender.log"
    save_start_file(options.blender, profile, blend, with_cube=False)
    with open_window(options.blender, profile, screen, blend, log) as window:
        walk = Walk("pictures", place, window, clip)
        walk.open_tab()
        plain(walk)
        screen.key("ctrl+s")
        time.sleep(2.0)
        _take(screen, options.out / "panel.png")
        _open_panel(walk, "Cleanup")
        time.sleep(2.0)
        _take(screen, options.out / "cleanup.png")
    taken = []
    for keys in ("all", "reduce"):
        ready = place / f"{keys}.ready"
        more = [str(_EDITORS), str(ready), _BONE, keys]
        with open_window(options.blender, profile, screen, blend, log, more) as window:
            window.wait_until("the key editors", lambda _state: ready.is_file(), 60)  # noqa: B023
            time.sleep(1.0)
            taken.append(screen.picture(place / f"{keys}.png"))
    crop = ["-crop", f"{screen.width * 82 // 100}x{_KEYS_HEIGHT}+0+44", "+repage"]
    subprocess.run(["convert", *map(str, taken), *crop, "-append", *_SMALL, str(options.out / "keys.png")], check=True)


def _take(screen: Screen, path: Path) -> None:
    screen.picture(path)
    subprocess.run(["convert", str(path), *_SMALL, str(path)], check=True)


def _open_panel(walk: Walk, name: str) -> None:
    """By a click on its header, which is the lowest place where its name stands."""
    boxes = [word.box for word in walk.screen.words(walk.sidebar()) if word.text == name]
    walk.screen.click(*max(boxes, key=lambda box: box.top).middle)
    walk.screen.point_at(walk.screen.width // 3, walk.screen.height // 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, default=REPOSITORY / "demo" / "clip.mp4")
    parser.add_argument("--zip", type=Path, required=True)
    parser.add_argument("--environments", type=Path, required=True, help="finished environments (HANDMOCAP_ENV)")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "docs")
    parser.add_argument("--blender", default="blender")
    parser.add_argument("--size", default="1600x900")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    for take in (_first_steps, _work):
        with tempfile.TemporaryDirectory(prefix="pictures-") as place, new_screen(width, height) as screen:
            take(options, screen, Path(place))


if __name__ == "__main__":
    main()
