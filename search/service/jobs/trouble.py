"""Why the jobs of a service cannot run, shared by its processes, and when they are tried again.

A full disk or a read-only library ends no process: the operation is tried again, with growing pauses, until it works.
Searches need no disk space and continue meanwhile.
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
    """Why jobs cannot run; empty while they can.

    It is made before the processes that share it are started, and passed to each as an argument. It is in memory, so
    that it works when nothing can be written to disk.
    """

    def __init__(self) -> None:
        self._why = multiprocessing.get_context("spawn").RawArray(ctypes.c_char, _LONGEST_BYTES)

    @property
    def why(self) -> str:
        """A sentence, or empty."""
        return self._why.value.decode("utf-8", "ignore")

    def report(self, why: str) -> None:
        """Set the cause; it is logged if it is new."""
        if why != self.why:
            log.warning("jobs are held up: %s", why)
        self._why.value = why.encode("utf-8", "replace")[: _LONGEST_BYTES - 1]

    def clear(self) -> None:
        """Note that jobs run again."""
        if self.why:
            log.info("jobs run again")
        self._why.value = b""


class Retries:
    """Tries again while a library cannot be written, with pauses that double each time."""

    def __init__(self, stop: threading.Event, trouble: Trouble, message: Callable[[LibraryError], str]) -> None:
        """``stop`` ends every wait; ``message`` gives the public text of an error."""
        self._stop = stop
        self._trouble = trouble
        self._message = message
        self._wait_s = FIRST_WAIT_S

    def insist(self, call: Callable[[], T]) -> T | None:
        """The result of ``call`` once it succeeds; None if ``stop`` is set first."""
        while True:
            try:
                return call()
            except LibraryError as error:
                self.wait(self._message(error))
            if self._stop.is_set():
                return None

    def wait(self, why: str) -> None:
        """Report the cause, and wait for twice as long as the last time."""
        self._trouble.report(why)
        self._stop.wait(self._wait_s)
        self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)

    def succeeded(self) -> None:
        """Note that a job succeeded, or that none waits: clear the cause, and start with short pauses again."""
        self._trouble.clear()
        self._wait_s = FIRST_WAIT_S
