"""The border of a program: whatever happens inside becomes an exit code and one sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from handmocap_addon.core.errors import ExitCode, HandmocapError, OutOfMemoryError
from handmocap_addon.core.files.atomic_files import output_error
from handmocap_addon.core.process.memory_shortage import as_memory_error
from handmocap_addon.core.process.streams import ready_streams
from handmocap_addon.core.process.trace_log import write_trace


def bordered(program: str, work: Callable[[], int], say: Callable[[str], None]) -> int:
    """Do the work of a program and return its exit code; `say` gets the sentence where it failed."""
    ready_streams()
    try:
        with as_memory_error():
            return work()
    except HandmocapError as error:
        say(error.sentence())
        return int(error.exit_code)
    except MemoryError:
        say(OutOfMemoryError().sentence())
        return int(ExitCode.FAILED)
    except KeyboardInterrupt:
        say("cancelled")
        return int(ExitCode.CANCELLED)
    except OSError as error:
        say(output_error(Path(str(error.filename or "a folder")), error).sentence())
        return int(ExitCode.FAILED)
    except Exception as error:  # The border of the process.
        log = write_trace(program)
        say(f"failed ({type(error).__name__}: {error}): report this with {log or 'what you did'}")
        return int(ExitCode.FAILED)
