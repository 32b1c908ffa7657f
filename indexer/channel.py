"""A bounded queue between threads that can be closed (nothing more will come) and cancelled (drop everything).

`queue.Queue` can do neither before Python 3.13, and a job that must stop cleanly at any moment needs both.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Closed(Exception):
    """Nothing is left in the channel and nothing more will come."""


class Cancelled(Exception):
    """The channel was cancelled: threads that put or get must stop."""


class Channel(Generic[T]):
    """At most ``capacity`` items wait in it; `put` blocks while it is full, which keeps the memory of a job flat."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._items: deque[T] = deque()
        self._closed = False
        self._cancelled = False
        lock = threading.Lock()
        self._not_full = threading.Condition(lock)
        self._not_empty = threading.Condition(lock)

    def put(self, item: T) -> None:
        """Add an item, waiting for room. Raises Cancelled."""
        with self._not_full:
            self._not_full.wait_for(lambda: self._cancelled or len(self._items) < self._capacity)
            if self._cancelled:
                raise Cancelled
            self._items.append(item)
            self._not_empty.notify()

    def get(self, timeout_s: float | None = None) -> T | None:
        """The oldest item; None if none came within ``timeout_s``. Raises Closed, Cancelled."""
        with self._not_empty:
            self._not_empty.wait_for(lambda: self._cancelled or self._closed or bool(self._items), timeout_s)
            if self._cancelled:
                raise Cancelled
            if self._items:
                self._not_full.notify()
                return self._items.popleft()
            if self._closed:
                raise Closed
            return None

    def close(self) -> None:
        """Declare that nothing more will be put. Items that wait can still be taken."""
        with self._not_empty:
            self._closed = True
            self._not_empty.notify_all()

    def cancel(self) -> None:
        """Drop what waits and release every thread that puts or gets."""
        with self._not_empty:
            self._cancelled = True
            self._items.clear()
            self._not_empty.notify_all()
            self._not_full.notify_all()
