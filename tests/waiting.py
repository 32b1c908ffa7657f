"""Waiting for what another thread or process does, without a guess of how long it takes on a busy machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_S = 120.0
"""Only a product that is broken takes so long. Whatever a test waits for is given this bound, and none of its own."""
FIRST_LOOK_S = 0.01
LAST_LOOK_S = 0.2
"""Looks come further and further apart: whoever asks a server fifty times a second takes its time from what it does."""

T = TypeVar("T")


def wait_until(condition: Callable[[], T], state: Callable[[], object] = lambda: "") -> T:
    """Return the first value of ``condition`` that is true; fail with ``state()`` when there is none in time.

    For what no event tells of, such as the answer of a server. Within one process a `threading.Event` is better.
    """
    until_s = time.monotonic() + PATIENCE_S
    pause_s = FIRST_LOOK_S
    while not (value := condition()):
        assert time.monotonic() < until_s, f"this did not come about within {PATIENCE_S:g} s; {state()}"
        time.sleep(pause_s)
        pause_s = min(1.3 * pause_s, LAST_LOOK_S)
    return value
