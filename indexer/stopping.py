"""How a command is stopped: the first signal asks for a clean stop, the second ends the process."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType


class Stop:
    """Set by a signal."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.signal: int | None = None


@contextmanager
def until_signal() -> Iterator[Stop]:
    """Turn the first SIGINT or SIGTERM into a clean stop; the second has its usual effect."""
    stop = Stop()
    before: dict[int, Any] = {}

    def handle(number: int, _frame: FrameType | None) -> None:
        stop.signal = number
        stop.event.set()
        for other, handler in before.items():
            signal.signal(other, handler)

    for number in (signal.SIGINT, signal.SIGTERM):
        before[int(number)] = signal.signal(number, handle)
    try:
        yield stop
    finally:
        for other, handler in before.items():
            signal.signal(other, handler)
