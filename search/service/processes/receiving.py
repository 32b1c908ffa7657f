"""How requests are received, and connections closed.

Errors of waitress itself are problem documents, a full disk gets its own error, and while the process ends, each
connection is closed after its answer.
"""

from __future__ import annotations

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import Error, RequestEntityTooLarge

from search.errors import FULL
from search.service.refusals import MEDIA_TYPE, NO_ROOM, document, too_large

FORM_OVERHEAD_BYTES = 1 << 20
"""How many bytes a form may add to a file of the largest size."""


class LastTask(WSGITask):  # type: ignore[misc]  # waitress ships no types
    """An answer that closes its connection while the process ends, so that the client connects to another process."""

    def build_response_header(self) -> bytes:
        """The head of the answer."""
        if getattr(self.channel.server, "is_ending", False):
            self.set_close_on_finish()
        return bytes(super().build_response_header())


class ProblemTask(ErrorTask):  # type: ignore[misc]  # waitress ships no types
    """An error of waitress itself (no HTTP, too large, too slow), as a problem document."""

    def execute(self) -> None:
        """Write it, and close the connection."""
        error = self.request.error
        most_bytes = self.channel.adj.max_request_body_size - FORM_OVERHEAD_BYTES
        detail = too_large(most_bytes, self.request.content_length)
        if not isinstance(error, RequestEntityTooLarge):
            detail = str(error.body)
        content = document(error.reason, error.code, detail)
        self.status = f"{error.code} {error.reason}"
        self.response_headers.extend([("Content-Type", MEDIA_TYPE), ("X-Content-Type-Options", "nosniff")])
        self.set_close_on_finish()
        self.content_length = len(content)
        self.write(content)


class NoRoom(Error):  # type: ignore[misc]  # waitress ships no types
    """The disk has no room for the file in which a long request is collected."""

    code = 503
    reason = "Service Unavailable"


class Nowhere:
    """Replaces that file: discards the rest of the request, so that the client gets to read the error."""

    def append(self, data: bytes) -> None:
        """Drop it."""

    def close(self) -> None:
        """Nothing is open."""

    def __len__(self) -> int:
        return 0


class Request(HTTPRequestParser):  # type: ignore[misc]  # waitress ships no types
    """A request while it is being received."""

    def received(self, data: bytes) -> int:
        """Take a piece of data; returns how many bytes of it belong to this request.

        A client that expects `100 Continue`, but has sent everything already, is answered; waitress would wait for
        more.
        """
        taken = self._received(data)
        if self.completed:
            self.expect_continue = False
        return taken

    def _received(self, data: bytes) -> int:
        try:
            return int(super().received(data))
        except OSError as error:
            if error.errno not in FULL or self.body_rcv is None:
                raise
            self.error = NoRoom(NO_ROOM)
            self.body_rcv.buf = Nowhere()
            return int(super().received(data))


class ProblemChannel(HTTPChannel):  # type: ignore[misc]  # waitress ships no types
    """A connection whose errors are problem documents, and which counts received bytes."""

    received_bytes = 0

    task_class = LastTask
    error_task_class = ProblemTask
    parser_class = Request

    def received(self, data: bytes) -> bool:
        """Take received data."""
        self.received_bytes += len(data)
        return bool(super().received(data))
