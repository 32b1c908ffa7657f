"""Jobs give way to queries: while a library is queried, a job uses only a small share of a core.

A service writes the time of the last query to a file in the library's folder. A job reads it between small units of
work, and rests so that all its threads together use no more than their share. With two processors there is not enough
CPU time for both, and somebody is waiting for the answer. Niceness alone is not enough (docs/figures/busy.md).
"""

from __future__ import annotations

import hashlib
import os
import platform
import struct
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

FILE: Final = "asked"
"""A file in the folder of snapshots: the time of the last query as a double, in seconds since the machine started, and
8 bytes that identify this boot of this machine. Anything after that is ignored."""
HOLD_S: Final = 1.0
"""A query counts as current for this long."""
NOTE_S: Final = 0.1
"""The least time between two writes to the file."""
LOOK_S: Final = 0.05
"""The least time between two reads of the file. A resting job continues within this time after the last query has
expired."""
LONGEST_S: Final = 1.0
"""The longest rest of a thread once it is its turn, whatever its last unit of work cost. Threads continue one at a
time, so each of N threads may wait N times as long; otherwise they would use N times the share."""
APART_S: Final = 0.005
"""The least time between two threads that continue after a rest. By then the CPU time of the first is visible, so the
second waits for it. The same thread may continue at once, because its CPU time is visible already: units much shorter
than this (checking a file) cost only what they use."""
_SHORTEST_S: Final = 0.001
"""A shorter rest is skipped and added to the next one."""
_RETRY_S: Final = 10.0
_NOTE: Final = struct.Struct("<d8s")
_MODE: Final = 0o666
"""The user's umask applies, as to every file of a library: members of a group that shares one all write this file."""
_WRITE: Final = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class GivingWay:
    """Slows the jobs of a library down while it is queried (`Library.giving_way`). Threads share it.

    Stale files do not slow jobs: the time in the file of a dead process expires at once, and a file from an earlier
    boot, or from another machine that shares the folder, does not have the bytes of this boot.
    """

    def __init__(
        self,
        folder: Path,
        share: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        spent: Callable[[], float] = time.process_time,
        sleep: Callable[[float], None] = time.sleep,
        machine: bytes = b"",
    ) -> None:
        """``share``: how much of one core this process may use while the library is queried (1: no limit).

        ``spent`` returns its CPU seconds so far, ``clock`` seconds that are the same in every process of the machine.
        ``machine``: 8 bytes that are unique to this boot of this machine (default: detected).
        """
        self._machine = machine or _this_start()
        self._path = folder / FILE
        self._share = share
        self._clock = clock
        self._spent = spent
        self._sleep = sleep
        self._note_at_s = float("-inf")
        self._look_at_s = float("-inf")
        self._is_recent = False
        self._turn = threading.Lock()
        self._resting = False
        self._debt_s = 0.0
        """CPU seconds beyond the share that were not yet compensated by resting."""
        self._seen_s, self._seen_spent_s, self._passed_s = 0.0, 0.0, float("-inf")
        self._passed_by = 0
        """The thread that continued last."""

    def note_question(self) -> None:
        """Record that the library is being queried. This is cheap. Does nothing if the folder cannot be written.

        Examples:
            >>> library.giving_way.note_question()
        """
        now_s = self._clock()
        if now_s < self._note_at_s:
            return
        self._note_at_s = now_s + NOTE_S
        try:
            file = os.open(self._path, _WRITE, _MODE)
            try:
                os.write(file, _NOTE.pack(now_s, self._machine))
            finally:
                os.close(file)
        except OSError:  # full or read-only: no job writes there either
            self._note_at_s = now_s + _RETRY_S

    def is_asked(self) -> bool:
        """Return whether the library was queried within the last second. The result is cached for `LOOK_S`.

        Examples:
            >>> library.giving_way.is_asked() in (True, False)
            True
        """
        now_s = self._clock()
        if now_s >= self._look_at_s:
            self._look_at_s = now_s + LOOK_S
            self._is_recent = abs(now_s - self._last_s()) <= HOLD_S
        return self._is_recent

    def rest(self) -> None:
        """Wait until this process has used no more than its share since the queries began.

        It waits at most a second once it is the thread's turn; threads continue one at a time. Call it before each
        small unit of work, without holding locks that others need. It returns at once if nobody queries the library.

        Examples:
            >>> library.giving_way.rest()
        """
        if self._share >= 1 or not self.is_asked():
            self._resting = False
            return
        with self._turn:  # one thread goes on at a time
            self._count()
            until_s = self._clock() + LONGEST_S
            while (wait_s := self._wait_s()) > _SHORTEST_S and self._clock() < until_s:
                self._sleep(min(wait_s, LOOK_S))
                if not self.is_asked():
                    self._resting = False
                    return
                self._count()
            self._passed_s, self._passed_by = self._clock(), threading.get_ident()

    def _wait_s(self) -> float:
        paid_s = self._debt_s / self._share
        if threading.get_ident() == self._passed_by:
            return paid_s
        return max(paid_s, self._passed_s + APART_S - self._clock())

    def _count(self) -> None:
        """Add the CPU time used since the last call, and subtract the share of that time. An unused share expires."""
        now_s, spent_s = self._clock(), self._spent()
        if self._resting:
            debt_s = self._debt_s + (spent_s - self._seen_spent_s) - self._share * (now_s - self._seen_s)
            self._debt_s = min(max(debt_s, 0.0), self._share * LONGEST_S)
        else:
            self._resting, self._debt_s = True, 0.0
        self._seen_s, self._seen_spent_s = now_s, spent_s

    def _last_s(self) -> float:
        try:
            with self._path.open("rb") as file:
                at_s, machine = _NOTE.unpack(file.read(_NOTE.size))
        except (OSError, struct.error):
            return float("-inf")
        return float(at_s) if machine == self._machine else float("-inf")


@cache
def _this_start() -> bytes:
    """Return bytes that identify this boot of this machine, from which its monotonic clock counts.

    They are the same in every container of the machine.
    """
    try:
        name = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")
    except (OSError, UnicodeDecodeError):  # not Linux
        name = platform.node()
    return hashlib.blake2b(name.encode(errors="replace"), digest_size=8).digest()
