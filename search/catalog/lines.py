"""The line to a PostgreSQL server, watched: a server that nobody answers for is noticed while an answer is waited for.

The system notices a line on which nothing arrives (`search.catalog.postgresql`). It does not notice one that ends at
something that takes what is sent and answers nothing: a proxy whose server is gone, a server that hangs. So after some
seconds without an answer the server is asked on a line of its own whether it is there. While it says so, a long
statement may take as long as it takes.
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
"""How long nothing may be heard before the server is asked."""
ANSWER_S: Final = 5.0
"""How long it has to answer that."""
_ASK: Final = struct.pack("!ii", 8, 80877103)
"""An SSLRequest: a server answers it with one byte before it asks who one is."""

T = TypeVar("T")


class BinaryCursor(psycopg.Cursor[Any]):
    """A cursor that is given bytes as they are: as text they are twice as many, and are read letter by letter."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  as the driver has it
        super().__init__(*args, **kwargs)
        self.format = Format.BINARY


class WatchedConnection(psycopg.Connection[Any]):
    """A connection that raises OperationalError, and is closed, when its server is there no more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  as the driver has it
        super().__init__(*args, **kwargs)
        self.cursor_factory = BinaryCursor

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **kwargs: Any) -> T:  # noqa: ANN401  as the driver has it
        """Wait for what the driver waits for."""
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
        raise psycopg.OperationalError(f"nothing was heard for {SILENT_S:g} s, and nobody answers")


def _line_to(host: str, port: int) -> socket.socket:
    if not host.startswith("/"):
        return socket.create_connection((host, port), ANSWER_S)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(ANSWER_S)
    line.connect(str(Path(host) / f".s.PGSQL.{port}"))
    return line
