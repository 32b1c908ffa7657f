"""Waiting for what another thread or process does, without a guess of how long it takes on a busy machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_S = 120.0
"""Only a product that is broken takes so long. Whatever a test waits for is given this bound, and none of its own."""
LOOK_EVERY_S = 0.02

T = TypeVar("T")


def wait_until(condition: Callable[[], T], state: Callable[[], object] = lambda: "") -> T:
    """Return the first value of ``condition`` that is true; fail with ``state()`` when there is none in time.

    For what no event tells of, such as the answer of a server. Within one process a `threading.Event` is better.
    """
    until_s = time.monotonic() + PATIENCE_S
    while not (value := condition()):
        assert time.monotonic() < until_s, f"this did not come about within {PATIENCE_S:g} s; {state()}"
        time.sleep(LOOK_EVERY_S)
    return value
