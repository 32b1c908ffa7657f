"""Wait for another thread or process, without guessing how long it takes on a busy machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_S = 120.0
"""The bound for every wait of a test: only a broken product takes this long. Tests set no bounds of their own."""
FIRST_LOOK_S = 0.01
LAST_LOOK_S = 0.2
"""The interval between checks grows up to this: asking a server fifty times a second would slow it down."""

T = TypeVar("T")


def wait_until(condition: Callable[[], T], state: Callable[[], object] = lambda: "") -> T:
    """Return the first true value of ``condition``; fail with ``state()`` if there is none in time.

    Use it if no event reports the change, as for the answer of a server. Within one process, prefer `threading.Event`.
    """
    until_s = time.monotonic() + PATIENCE_S
    pause_s = FIRST_LOOK_S
    while not (value := condition()):
        assert time.monotonic() < until_s, f"this did not come about within {PATIENCE_S:g} s; {state()}"
        time.sleep(pause_s)
        pause_s = min(1.3 * pause_s, LAST_LOOK_S)
    return value
