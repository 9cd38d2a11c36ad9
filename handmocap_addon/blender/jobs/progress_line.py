"""What a terminal or a log sees of a job."""

from __future__ import annotations

import sys

from ...core.job_protocol import Progress


def show_progress(progress: Progress) -> None:
    """One line that is written over on a terminal, and a line a stage in a log."""
    if sys.stderr.isatty():
        print(f"\r{progress.text():<70}", end="\n" if progress.done == progress.total else "", file=sys.stderr, flush=True)
    elif progress.done == progress.total:
        print(progress.text(), file=sys.stderr, flush=True)
