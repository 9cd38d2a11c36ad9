"""A small HTTP server on this machine that serves bytes, and can break off in the middle or answer nonsense."""

from __future__ import annotations

import contextlib
import re
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FileServer:
    """What it serves and how; `ranges` holds the Range header of every request, None where there was none."""

    files: dict[str, bytes] = field(default_factory=dict)
    breaks_after: int | None = None  # bytes of a body, then the connection is closed
    knows_ranges: bool = True
    status: int | None = None  # answered to everything
    ranges: list[str | None] = field(default_factory=list)
    logins: list[str | None] = field(default_factory=list)  # the Authorization header of every request
    moved: dict[str, str] = field(default_factory=dict)  # names, and the addresses that a request is sent on to
    port: int = 0

    def address(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}"


@contextlib.contextmanager
def serving(files: dict[str, bytes]) -> Iterator[FileServer]:
    """A server on the loopback interface for as long as the block lasts."""
    state = FileServer(dict(files))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            state.ranges.append(wanted)
            state.logins.append(self.headers.get("Authorization"))
            name = urllib.parse.unquote(self.path).lstrip("/")
            if name in state.moved:
                self.send_response(302)
                self.send_header("Location", state.moved[name])
                self.end_headers()
                return
            content = state.files.get(name)
            if state.status is not None or content is None:
                self.send_error(state.status or 404)
                return
            start = int(re.findall(r"\d+", wanted)[0]) if wanted and state.knows_ranges else 0
            if start >= len(content) > 0 and start:
                self.send_error(416)
                return
            body = content[start:]
            self.send_response(206 if start else 200)
            # An index of packages is read only under its type.
            self.send_header("Content-Type", "text/html" if self.path.endswith("/") else "application/octet-stream")
            self.send_header("Content-Length", str(len(body)))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.end_headers()
            self.wfile.write(body if state.breaks_after is None else body[: state.breaks_after])
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
