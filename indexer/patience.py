"""Waiting for a database that is away for a moment: restarted, failing over, behind a line that was cut."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from search.errors import ChangeRefused, ClaimLost, LibraryError, LibraryUnwritable, SpaceMismatch

T = TypeVar("T")

WAIT_S = 120.0
"""A database that is away for longer ends a worker; whoever started it starts it again."""
PAUSE_S = 0.5
_FOR_GOOD = (ChangeRefused, ClaimLost, LibraryUnwritable, SpaceMismatch)
"""What another try does not change."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Asks a database again until it answers, for ``wait_s``."""

    wait_s: float = WAIT_S
    pause: Callable[[float], object] = field(default=time.sleep)
    now_s: Callable[[], float] = field(default=time.monotonic)

    def ask(self, question: Callable[[], T]) -> T:
        """What ``question`` gives. Raises what it raises, when that is for good or the time is over."""
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
