"""Waiting for a database that is briefly unavailable: restarting, failing over, or cut off from the network."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from search.errors import ChangeRefused, ClaimLost, LibraryError, LibraryUnwritable, SpaceMismatch

T = TypeVar("T")

WAIT_S = 120.0
"""How long a worker waits for a database before it ends; whoever started the worker then restarts it."""
PAUSE_S = 0.5
_FOR_GOOD = (ChangeRefused, ClaimLost, LibraryUnwritable, SpaceMismatch)
"""Errors that another attempt cannot fix."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Retries a call to the database until it answers, for at most ``wait_s``."""

    wait_s: float = WAIT_S
    pause: Callable[[float], object] = field(default=time.sleep)
    now_s: Callable[[], float] = field(default=time.monotonic)

    def ask(self, question: Callable[[], T]) -> T:
        """Return what ``question`` returns. Raises its error if that is permanent or the time is over."""
        until_s = self.now_s() + self.wait_s
        while True:
            try:
                return question()
            except _FOR_GOOD:
                raise
            except LibraryError:
                if self.now_s() >= until_s:
                    raise
            self.pause(PAUSE_S)
