"""What keeps the jobs of a service from going on, shared by its processes, and when they are tried again.

A full disk or a library that turned read-only ends no process: what was asked of it is asked again, later and later,
until it works. Searches need no place on the disk and go on meanwhile.
"""

from __future__ import annotations

import ctypes
import logging
import multiprocessing
import threading
from collections.abc import Callable
from typing import Final, TypeVar

from search.errors import LibraryError

FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 30.0
_LONGEST_BYTES: Final = 500

T = TypeVar("T")

log = logging.getLogger("soundalike.jobs")


class Trouble:
    """Why jobs do not go on, as was said last; empty while they do.

    Made before the processes that share it are started, and handed to each as an argument. It lies in memory: it can
    be shared when nothing can be written.
    """

    def __init__(self) -> None:
        self._why = multiprocessing.get_context("spawn").RawArray(ctypes.c_char, _LONGEST_BYTES)

    @property
    def why(self) -> str:
        """A sentence, or nothing."""
        return self._why.value.decode("utf-8", "ignore")

    def report(self, why: str) -> None:
        """Say what is wrong; the log has it when it is something new."""
        if why != self.why:
            log.warning("jobs do not go on: %s", why)
        self._why.value = why.encode("utf-8", "replace")[: _LONGEST_BYTES - 1]

    def clear(self) -> None:
        """Say that jobs go on."""
        if self.why:
            log.info("jobs go on")
        self._why.value = b""


class Retries:
    """Asks a library again that could not be written: at first soon, then after twice as long each time."""

    def __init__(self, stop: threading.Event, trouble: Trouble, message: Callable[[LibraryError], str]) -> None:
        """``stop`` ends every wait; ``message`` is what people may read of an error."""
        self._stop = stop
        self._trouble = trouble
        self._message = message
        self._wait_s = FIRST_WAIT_S

    def insist(self, call: Callable[[], T]) -> T | None:
        """What ``call`` gives, at last; None when ``stop`` is set before it does."""
        while True:
            try:
                return call()
            except LibraryError as error:
                self.wait(self._message(error))
            if self._stop.is_set():
                return None

    def wait(self, why: str) -> None:
        """Tell what is wrong, and wait for longer than the last time."""
        self._trouble.report(why)
        self._stop.wait(self._wait_s)
        self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)

    def succeeded(self) -> None:
        """A job went through, or there is none to do: the next trouble is a new one."""
        self._trouble.clear()
        self._wait_s = FIRST_WAIT_S
