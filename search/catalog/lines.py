"""A watched connection to a PostgreSQL server, which notices while it waits that the server no longer answers.

The operating system notices a broken network connection (`search.catalog.postgresql`). It does not notice a peer that
accepts data but never answers, such as a proxy whose server is gone, or a server that hangs. So after some seconds
without an answer, this connection probes the server over a second connection. As long as the server answers the probe,
a statement may take any time.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final, TypeVar

import psycopg
from psycopg.pq import Format

SILENT_S: Final = 5.0
"""The time without an answer after which the server is probed."""
ANSWER_S: Final = 5.0
"""How long the server has to answer the probe."""
_ASK: Final = struct.pack("!ii", 8, 80877103)
"""An SSLRequest: a server answers it with one byte, without authentication."""

T = TypeVar("T")


class BinaryCursor(psycopg.Cursor[Any]):
    """A cursor that receives values in binary form: as text, bytes would be twice as long and slow to parse."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  as the driver has it
        super().__init__(*args, **kwargs)
        self.format = Format.BINARY


class WatchedConnection(psycopg.Connection[Any]):
    """A connection that raises OperationalError and closes when its server no longer answers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  as the driver has it
        super().__init__(*args, **kwargs)
        self.cursor_factory = BinaryCursor

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **kwargs: Any) -> T:  # noqa: ANN401  as the driver has it
        """As the driver's method, with the watch."""
        return super().wait(self._watched(gen), *args, **kwargs)

    def _watched(self, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        last_s = time.monotonic()
        try:
            state = next(gen)
            while True:
                ready = yield state
                now_s = time.monotonic()
                if ready:
                    last_s = now_s
                elif now_s - last_s > SILENT_S:
                    self._require_server()
                    last_s = time.monotonic()
                state = gen.send(ready)
        except StopIteration as end:
            answer: T = end.value
            return answer

    def _require_server(self) -> None:
        host, port = self.pgconn.hostaddr or self.pgconn.host, self.pgconn.port
        try:
            with _line_to(host.decode(), int(port)) as line:
                line.sendall(_ASK)
                if line.recv(1):
                    return
        except OSError:
            pass
        self.close()
        raise psycopg.OperationalError(f"the server was silent for {SILENT_S:g} s, and does not answer")


def _line_to(host: str, port: int) -> socket.socket:
    if not host.startswith("/"):
        return socket.create_connection((host, port), ANSWER_S)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(ANSWER_S)
    line.connect(str(Path(host) / f".s.PGSQL.{port}"))
    return line
