"""Makes an environment as a job: `python set_up.py worker|blender FOLDER`, events on stdout. Standard library only.

The panel runs this with Blender's own Python, which can make environments although nothing is ever installed into it.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(what: str, folder: Path) -> int:
    """Make the environment and return the exit code."""
    from handmocap_addon.core import environments
    from handmocap_addon.core.errors import ExitCode, HandmocapError
    from handmocap_addon.core.job_protocol import JobEvent

    steps = {"worker": environments.ensure_worker, "blender": environments.ensure_blender_module}
    environments.end_installers_when_terminated()
    print(JobEvent("started", {"command": "set-up"}).line(), flush=True)
    try:
        environment = steps[what](folder, lambda text: print(JobEvent("log", {"message": text}).line(), flush=True))
    except HandmocapError as error:
        print(JobEvent("error", {"code": error.code, "message": error.message, "hint": error.hint}).line(), flush=True)
        return int(error.exit_code)
    print(JobEvent("result", {"folder": str(environment.folder)}).line(), flush=True)
    return int(ExitCode.DONE)


if __name__ == "__main__":
    package = Path(__file__).resolve().parent
    sys.path.insert(0, str(package))
    from load_package import load_package

    sys.path.pop(0)
    load_package(package)
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
