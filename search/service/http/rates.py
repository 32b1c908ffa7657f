"""Rate limits of clients, limits on concurrent costly work, and fair turns.

The token bucket is our own: the package `limits` has none, keeps unlimited clients, and takes 5 to 18 us a request
instead of 1.4.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from werkzeug.exceptions import TooManyRequests

BURST_S = 2.0
"""A client that was quiet may send as many requests at once as it may in this time."""
MAX_CLIENTS = 10_000


class RateLimiter:
    """A token bucket for each client (key or address). Thread-safe; each process has its own."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        """``per_second`` 0: no limit."""
        self._rate = per_second
        self._size = max(1.0, per_second * BURST_S)
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # client -> tokens, when

    def wait_s(self, client: str) -> float:
        """Take a token of ``client``: returns 0.0, or the seconds until there is one."""
        if self._rate <= 0:
            return 0.0
        with self._lock:
            now = self._clock()
            tokens, then = self._buckets.pop(client, (self._size, now))
            tokens = min(self._size, tokens + (now - then) * self._rate)
            allowed = tokens >= 1.0
            self._buckets[client] = (tokens - 1.0 if allowed else tokens, now)
            if len(self._buckets) > MAX_CLIENTS:  # the client that was quiet longest has a full bucket anyway
                self._buckets.popitem(last=False)
            return 0.0 if allowed else (1.0 - tokens) / self._rate

    def require(self, client: str) -> None:
        """Take a token of ``client``. Raises TooManyRequests (429, with Retry-After) if there is none."""
        require_no_wait(self.wait_s(client))


def require_no_wait(wait_s: float) -> None:
    """Raises TooManyRequests (429, with Retry-After) if ``wait_s`` is positive."""
    if wait_s > 0:
        raise TooManyRequests("too many requests; slow down", retry_after=max(1, math.ceil(wait_s)))


class Slots:
    """Limits concurrent work, like decoding or open event streams. One more waits, then is refused.

    If more than ``max_backlog`` requests already wait for a thread, it is refused without waiting.
    """

    def __init__(
        self, count: int, wait_s: float, what: str, backlog: Callable[[], int] = lambda: 0, max_backlog: int = 1
    ) -> None:
        self._free = threading.BoundedSemaphore(count)
        self._wait_s = wait_s
        self._what = what
        self._backlog = backlog
        self._max_backlog = max_backlog

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold a slot. Raises TooManyRequests (429, with Retry-After) if none becomes free."""
        overrun = self._backlog() > self._max_backlog
        if overrun or not self._free.acquire(timeout=self._wait_s):
            raise TooManyRequests(f"too many {self._what} at once; try again", retry_after=max(1, round(self._wait_s)))
        try:
            yield
        finally:
            self._free.release()


class Turns:
    """A fair lock: threads get it in the order in which they asked.

    A plain lock often goes back to the thread that just released it. Then the slowest of a hundred answers takes twice
    as long as the median.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Lock] = deque()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for a turn, and hold it."""
        self._wait()
        try:
            yield
        finally:
            self._pass_on()

    def _wait(self) -> None:
        with self._lock:
            if not self._taken:
                self._taken = True
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        mine.acquire()  # until the thread before releases it

    def _pass_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
