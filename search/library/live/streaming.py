"""Alerts as server-sent events for pages and programs: ``GET /`` on an address of this machine.

Each client has its own thread, and none blocks the analysis. The last alerts are kept: a client that reconnects with
``Last-Event-ID`` misses nothing, and one that sends 0 gets all of them.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

from search.errors import UsageError
from search.library.live.alerts import Alert
from search.library.live.delivering import alert_as_json

KEPT: Final = 1_000
"""The most alerts that are kept for clients that reconnect."""
MOST_CLIENTS: Final = 32
BEAT_S: Final = 15.0
"""How often something is written to an idle client: only writing detects that a client left."""
_STUCK_S: Final = 10.0
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})


class AlertStream:
    """Serves alerts at ``http://host:port/``. A context manager; when it exits, clients get the remaining alerts.

    Raises UsageError if the address cannot be used. Pages of other sites cannot read the alerts: there are no CORS
    headers, and on loopback only local host names are accepted.
    """

    def __init__(self, host: str, port: int) -> None:
        self._changed = threading.Condition()
        self._alerts: deque[tuple[int, dict[str, Any]]] = deque(maxlen=KEPT)
        self._last, self._closed = 0, False
        self._clients = threading.BoundedSemaphore(MOST_CLIENTS)
        try:
            self._server = _Server((host, port), self)
        except (OSError, OverflowError) as error:
            raise UsageError(f"cannot serve alerts at {host}:{port}: {error}") from error
        self._thread = threading.Thread(target=self._server.serve_forever, name="alerts", daemon=True)

    @property
    def url(self) -> str:
        """The address."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()  # waits for the clients' threads

    def report(self, alert: Alert) -> None:
        """Send an alert to all clients."""
        with self._changed:
            self._last += 1
            self._alerts.append((self._last, alert_as_json(alert)))
            self._changed.notify_all()

    def follow(self, client: _Client) -> None:
        """Serve a client until it leaves or the stream ends."""
        if not self._clients.acquire(blocking=False):
            client.refuse(503)
            return
        try:
            self._write_all(client)
        finally:
            self._clients.release()

    def _write_all(self, client: _Client) -> None:
        said = client.headers.get("Last-Event-ID", "")
        with self._changed:
            sent = min(int(said[:18]), self._last) if said.isascii() and said.isdigit() else self._last
        client.begin()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._last > sent or self._closed, BEAT_S)  # noqa: B023  called at once
                new = [(number, alert) for number, alert in self._alerts if number > sent]
                closed = self._closed
            for number, alert in new:
                client.write(f"event: alert\nid: {number}\ndata: {json.dumps(alert)}\n\n")
                sent = number
            if closed:
                return
            if not new:
                client.write(": still there\n\n")


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # wait until the clients have their last alerts

    def __init__(self, address: tuple[str, int], stream: AlertStream) -> None:
        self.stream = stream
        super().__init__(address, _Client)

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that left."""


class _Client(BaseHTTPRequestHandler):
    timeout = _STUCK_S
    server: _Server

    def do_GET(self) -> None:
        """Serve ``GET /``."""
        named = self.headers.get("Host", "").rsplit(":", 1)[0]
        is_local = self.server.server_address[0] in ("127.0.0.1", "::1")
        if is_local and named not in _LOOPBACK:
            self.refuse(421)
        elif self.path != "/":
            self.refuse(404)
        else:
            self.server.stream.follow(self)

    def refuse(self, status: int) -> None:
        """Answer with a status only."""
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def begin(self) -> None:
        """Send the headers of an endless response."""
        self.send_response(200)
        for name, value in (("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")):
            self.send_header(name, value)
        self.end_headers()
        self.write("retry: 1000\n\n")

    def write(self, text: str) -> None:
        """Send text. Raises OSError if the client left or does not read."""
        self.wfile.write(text.encode())
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
        """Log nothing."""
