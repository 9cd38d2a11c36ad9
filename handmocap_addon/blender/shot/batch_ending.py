"""What is said when a batch command is stopped."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ...core.errors import CancelledError, HandmocapError, OutOfMemoryError
from ...core.files.atomic_files import remove_temporaries_of
from ...core.files.replaced_files import FilesBefore, links_among
from ...core.process.ending import Ending
from ..saving import remove_session_folder


@contextlib.contextmanager
def telling_what_stays(
    ending: Ending, targets: Sequence[Path], tell: Callable[[HandmocapError], None] = lambda _error: None
) -> Iterator[None]:
    """A command that writes `targets`: however it is cancelled, what is said about them is true and nothing half lies there.

    `tell` gets each failure.
    """
    files = FilesBefore(targets)
    for sentence in links_among(targets):
        print(f"warning: {sentence}", file=sys.stderr)

    def last_words() -> None:
        for folder in {target.parent for target in targets}:
            remove_temporaries_of(os.getpid(), folder)
        remove_session_folder()
        error = files.cancelled()
        print(f"handmocap: {error.sentence()}", file=sys.stderr)
        tell(error)

    ending.last_words = last_words
    try:
        yield
    except (KeyboardInterrupt, CancelledError):
        error = files.cancelled()
        tell(error)
        raise error from None
    except HandmocapError as error:
        tell(error)
        raise
    except MemoryError:
        shortage = OutOfMemoryError()
        tell(shortage)
        raise shortage from None
