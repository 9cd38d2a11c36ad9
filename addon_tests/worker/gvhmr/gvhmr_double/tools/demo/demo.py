"""GVHMR's demo without its network. Standard library only."""

import argparse
import json
import multiprocessing
import re
import signal
import sys
import time
from pathlib import Path

DOUBLE = Path("double")
BEHAVIOUR = json.loads((DOUBLE / "behaviour.json").read_text())
STEPS = 8


class Log:
    @staticmethod
    def info(text):
        print(f"\x1b[36m[11/29 00:59:00]\x1b[0m[\x1b[32mINFO\x1b[0m] {text}", file=sys.stderr, flush=True)


def tqdm(items, desc):
    total = len(items)
    for done, item in enumerate(items, 1):
        time.sleep(BEHAVIOUR.get("step_seconds", 0.0))
        yield item
        bar = "█" * done + " " * (total - done)
        text = f"\r{desc}: {100 * done // total:3d}%|{bar}| {done}/{total} [00:01<00:01,  8.00it/s]"
        print(text, end="\n" if done == total else "", file=sys.stderr, flush=True)


def save(content, path):
    """As torch does: piece by piece into the place itself."""
    half = len(content) // 2
    with Path(path).open("wb") as file:
        file.write(content[:half])
        file.flush()
        hang("saving " + Path(path).name)
        file.write(content[half:])


def hang(stage):
    if BEHAVIOUR.get("hangs_at") != stage:
        return
    Log.info(f"hangs at {stage}")
    if BEHAVIOUR.get("is_stubborn"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        time.sleep(0.1)


def fails(stage):
    if BEHAVIOUR.get("fails_at") != stage:
        return
    if "exit" in BEHAVIOUR:
        signal.raise_signal(BEHAVIOUR["exit"])
    name, _, text = BEHAVIOUR["error"].partition(": ")
    kinds = {
        kind.__name__: kind for kind in (IndexError, FileNotFoundError, ModuleNotFoundError, RuntimeError, AssertionError)
    }
    if name not in kinds:
        module, _, name = name.rpartition(".")
        kinds[name] = type(name, (RuntimeError,), {"__module__": module})
    raise kinds[name](text)


def video_stream(queue):
    """The reader of the camera's stage, which goes on without its parent."""
    if BEHAVIOUR.get("is_stubborn"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    queue.put(0)
    while BEHAVIOUR.get("hangs_at") is not None:
        time.sleep(0.1)


def checked_override(text):
    """Hydra's grammar: a value without quotes has no brackets, quotes, commas or signs of equality."""
    key, _, value = text.partition("=")
    if re.fullmatch(r"'(?:[^']|\\')*'", value):
        return key, value[1:-1].replace("\\'", "'")
    if not re.fullmatch(r"[\w./\\:+\- ]*", value, re.ASCII):
        print(f"hydra.errors.OverrideParseException: mismatched input\nLexerNoViableAltException: {text}", file=sys.stderr)
        sys.exit(1)
    return key, value


def get_one_track(id_sorted):
    for _ in tqdm(range(STEPS), "YoloV8 Tracking"):
        hang("YoloV8 Tracking")
        fails("tracking")
    if BEHAVIOUR.get("nobody"):
        id_sorted = []
    return id_sorted[0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--video", type=str, default="inputs/demo/dance_3.mp4")
    parser.add_argument("--output_root", type=str, default=None, help="by default to outputs/demo")
    parser.add_argument("-s", "--static_cam", action="store_true", help="If true, skip DPVO")
    parser.add_argument("--use_dpvo", action="store_true", help="If true, use DPVO. By default not using DPVO.")
    parser.add_argument("--f_mm", type=int, default=None, help="Focal length of fullframe camera in mm.")
    parser.add_argument("--verbose", action="store_true", help="If true, draw intermediate results")
    args = parser.parse_args()
    with (DOUBLE / "runs.txt").open("a") as runs:
        runs.write(json.dumps(sys.argv[1:]) + "\n")
    fails("start")
    video = Path(args.video)
    assert video.exists(), f"Video not found at {video}"
    Log.info(f"[Input]: {video}")
    Log.info("(L, W, H) = (12, 320, 240)")
    _, name = checked_override(f"video_name={video.stem}")
    _, root = checked_override(f"output_root={args.output_root or 'outputs/demo'}")
    out = Path(root) / name
    Log.info(f"[Output Dir]: {out}")
    (out / "preprocess").mkdir(parents=True, exist_ok=True)
    copy = out / "0_input_video.mp4"
    Log.info(f"[Copy Video] {video} -> {copy}")
    if not copy.exists():
        for _ in tqdm(range(STEPS), "Copy"):
            hang("Copy")
        copy.write_bytes(video.read_bytes())
    Log.info("[GPU]: NVIDIA Double")
    Log.info("[Preprocess] Start!")
    if not (out / "preprocess" / "bbx.pt").exists():
        get_one_track([1])
        save(b"boxes", out / "preprocess" / "bbx.pt")
    else:
        Log.info(f"[Preprocess] bbx (xyxy, xys) from {out / 'preprocess' / 'bbx.pt'}")
    for desc, file in (("ViTPose", "vitpose.pt"), ("HMR2 Feature", "vit_features.pt")):
        if (out / "preprocess" / file).exists():
            continue
        for _ in tqdm(range(STEPS), desc):
            hang(desc)
            fails(desc)
        save(b"features", out / "preprocess" / file)
    if not args.static_cam:
        queue = multiprocessing.Queue(maxsize=8)
        reader = multiprocessing.Process(target=video_stream, args=(queue,))
        reader.start()
        queue.get()
        for _ in tqdm(range(STEPS), "DPVO"):
            hang("DPVO")
        reader.join()
    Log.info("[Preprocess] End. Time elapsed: 1.00s")
    if not (out / "hmr4d_results.pt").exists():
        Log.info("[HMR4D] Predicting")
        hang("predicting")
        fails("predicting")
        if BEHAVIOUR.get("writes_nothing"):
            return
        content = (DOUBLE / "result.pt").read_bytes()
        save(content[: len(content) // 2] if BEHAVIOUR.get("half_a_result") else content, out / "hmr4d_results.pt")
    for file, desc in (("1_incam.mp4", "Rendering Incam"), ("2_global.mp4", "Rendering Global")):
        if (out / file).exists():
            continue
        for _ in tqdm(range(STEPS), desc):
            fails("rendering")
        (out / file).write_bytes(b"pictures")
        (DOUBLE / "rendered.txt").write_text(desc)
    fails("merging")


if __name__ == "__main__":
    main()
