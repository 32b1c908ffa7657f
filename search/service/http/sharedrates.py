"""Rate limits that all services over one catalog share.

The tokens of `search.service.http.rates` are then in the catalog (`search.ports.Allowances`). A worker takes the tokens
of a quarter of a second at once. So a busy client costs the catalog a few short statements a second, not one for each
request. A refused client is not looked up again before it can have a token. While the catalog does not answer, each
worker allows its own share, as without a shared catalog.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from search.errors import LibraryError
from search.ports import Allowances
from search.service.http.rates import BURST_S, MAX_CLIENTS, RateLimiter, require_no_wait

TAKEN_S: Final = 0.25
"""A worker takes the tokens of this many seconds at once."""
KEPT_S: Final = BURST_S
"""How long tokens that were taken stay valid."""
AWAY_S: Final = 5.0
"""How long to wait before trying a catalog again that did not answer."""

log = logging.getLogger("soundalike.service")


class Limiter(Protocol):
    """Limits the rate of clients."""

    def require(self, client: str) -> None:
        """Take a token of ``client``. Raises TooManyRequests (429, with Retry-After) if there is none."""


def limiter(
    per_second: float, workers: int, allowances: Allowances | None, clock: Callable[[], float] = time.monotonic
) -> Limiter:
    """The limiter of one of ``workers``, which together allow ``per_second``; with ``allowances``, all services do."""
    alone = RateLimiter(per_second / workers, clock)
    return SharedLimiter(per_second, allowances, alone, clock) if allowances and per_second > 0 else alone


@dataclass(slots=True)
class _Held:
    """The tokens of a client that a worker holds."""

    tokens: float = 0.0
    until: float = 0.0
    refused_until: float = 0.0


class SharedLimiter:
    """A token bucket for each client, in the catalog. Thread-safe."""

    def __init__(
        self,
        per_second: float,
        allowances: Allowances,
        alone: RateLimiter,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``alone`` is used while the catalog does not answer."""
        self._rate = per_second
        self._size = max(1.0, per_second * BURST_S)
        self._at_once = max(1, math.floor(per_second * TAKEN_S))
        self._allowances = allowances
        self._alone = alone
        self._clock = clock
        self._lock = threading.Lock()
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._is_prepared = False
        self._away_until = -math.inf

    def require(self, client: str) -> None:
        """See `Limiter`."""
        require_no_wait(self.wait_s(client))

    def wait_s(self, client: str) -> float:
        """Take a token of ``client``: returns 0.0, or the seconds until there is one."""
        now = self._clock()
        with self._lock:
            known = self._known(client, now)
            is_away = now < self._away_until
        if known is not None:
            return known
        if is_away:
            return self._alone.wait_s(client)
        try:
            found = self._take(client)
        except LibraryError as error:
            return self._count_alone(client, error)
        with self._lock:
            return self._note(client, found, now)

    def _known(self, client: str, now: float) -> float | None:
        """The wait, if it is known without the catalog; else None."""
        held = self._held.get(client)
        if held is None:
            return None
        if now < held.refused_until:
            return held.refused_until - now
        if held.tokens < 1 or now >= held.until:
            return None
        held.tokens -= 1
        return 0.0

    def _take(self, client: str) -> float:
        if not self._is_prepared:
            self._allowances.prepare()
            self._is_prepared = True
        return self._allowances.take(client, self._at_once, self._rate, self._size)

    def _note(self, client: str, tokens_or_wait: float, now: float) -> float:
        held = self._held.pop(client, None) or _Held()
        self._held[client] = held
        if len(self._held) > MAX_CLIENTS:
            self._held.popitem(last=False)
        if tokens_or_wait <= 0:
            held.refused_until = now - tokens_or_wait
            return -tokens_or_wait
        # another thread may have taken some meanwhile
        held.tokens = (held.tokens if now < held.until else 0.0) + tokens_or_wait - 1
        held.until = now + KEPT_S
        return 0.0

    def _count_alone(self, client: str, error: LibraryError) -> float:
        with self._lock:
            self._is_prepared = False  # the table may be gone: a restored catalog has none
            self._away_until = self._clock() + AWAY_S
        log.warning("limits are each worker's own for %.0f s: %s", AWAY_S, error)
        return self._alone.wait_s(client)
